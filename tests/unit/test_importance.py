"""Permutation importance against scikit-learn's, on models that are plain functions."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance

from components.evaluator.analysis.importance import importance, repeats_for, rows_for
from components.evaluator.analysis.rows import Predictions, Rows
from components.formats.importance import Importance

RNG = np.random.default_rng(11)
N = 800
COLUMNS = {
    "strong": RNG.normal(size=N),
    "weak": RNG.normal(size=N),
    "unused": RNG.normal(size=N),
    "text": RNG.choice(["x", "y"], N).astype(object),
    "vector": RNG.normal(size=(N, 3)).astype(np.float32),
}
ROWS = Rows(
    number=3 * COLUMNS["strong"] + 0.5 * COLUMNS["weak"] + RNG.normal(0, 0.3, N),
    label=np.where((COLUMNS["text"] == "x") * 2 - COLUMNS["vector"][:, 0] > 1, "yes", "no"),
    columns={},
)


def predict(columns):
    """A number from two columns; a class from the text and the vector."""
    yes = 1 / (1 + np.exp(np.where(columns["text"] == "x", -2, 2) + columns["vector"][:, 0].astype(float)))
    return Predictions(3 * columns["strong"] + 0.5 * columns["weak"], np.column_stack([1 - yes, yes]), ("no", "yes"))


def by_column(found):
    return {column.column: column for column in found}


def test_the_rise_is_that_of_scikit_learn():
    found = by_column(importance(COLUMNS, ROWS, predict, repeats=50).heads["regression"])

    class Model:
        def fit(self, features, label):
            return self

        def predict(self, features):
            return 3 * features["strong"] + 0.5 * features["weak"]

    table = pd.DataFrame({name: COLUMNS[name] for name in ("strong", "weak", "unused")})
    theirs = permutation_importance(
        Model(), table, ROWS.number, scoring="neg_mean_absolute_error", n_repeats=50, random_state=0
    )
    for name, expected in zip(table, theirs.importances_mean, strict=True):
        assert found[name].value == pytest.approx(expected, rel=0.03), name


def test_columns_are_sorted_and_those_without_use_cost_nothing():
    found = importance(COLUMNS, ROWS, predict)
    assert [column.column for column in found.heads["regression"][:2]] == ["strong", "weak"]
    assert [column.column for column in found.heads["classification"][:2]] == ["text", "vector"]
    assert by_column(found.heads["regression"])["unused"].value == 0
    assert by_column(found.heads["classification"])["strong"].value == 0


def test_a_call_of_the_model_has_as_many_rows_as_it_takes_at_a_time():
    few = {name: values[:100] for name, values in COLUMNS.items()}
    rows, asked = Rows(ROWS.number[:100], ROWS.label[:100], {}), []

    def counted(columns):
        asked.append(len(columns["text"]))
        return predict(columns)

    found = by_column(importance(few, rows, counted, seed=3).heads["regression"])
    assert asked == [100, 900, 600]  # the rows as they are, then three columns and two
    rng, before = np.random.default_rng(3), np.abs(predict(few).number - rows.number)
    for name, values in few.items():
        rises = []
        for _ in range(3):
            shuffled = few | {name: values[rng.permutation(100)]}
            rises.append((np.abs(predict(shuffled).number - rows.number) - before).mean())
        assert found[name].value == pytest.approx(np.mean(rises), abs=1e-12), name


def test_many_columns_are_judged_on_fewer_rows_and_shuffles():
    assert [rows_for(columns) for columns in (1, 100, 200, 1_000, 9_000)] == [1_000, 1_000, 500, 100, 100]
    assert [repeats_for(columns, rows_for(columns)) for columns in (1, 33, 50, 100, 9_000)] == [3, 3, 2, 1, 1]


def test_the_interval_holds_the_rise_of_a_much_larger_sample():
    """95 % intervals of 100 samples of 400 rows hold the rise in the population about 95 times."""

    def triple(columns):
        return Predictions(3 * columns["x"], np.ones((len(columns["x"]), 1)), ("a",))

    population = 3 * np.sqrt(2) * np.sqrt(2 / np.pi)  # E|3(x' - x)| of independent standard normals, no other error
    held = 0
    for seed in range(100):
        x = np.random.default_rng(seed).normal(size=400)
        rows = Rows(3 * x, np.full(400, "a"), {})
        [column] = importance({"x": x}, rows, triple, seed=seed).heads["regression"]
        held += column.low <= population <= column.high
    assert 88 <= held <= 100


def test_rows_without_a_label_are_not_scored_and_the_interval_still_holds():
    """The number is known where `x` is small in most rows: its errors are unlike those of the other rows."""

    def triple(columns):
        return Predictions(3 * columns["x"], np.ones((len(columns["x"]), 1)), ("a",))

    def known(x, rng):
        return rng.random(len(x)) < np.where(np.abs(x) < 1, 0.7, 0.2)

    rng = np.random.default_rng(1)
    receivers = rng.normal(size=2_000_000)
    receivers = receivers[known(receivers, rng)]
    population = np.abs(3 * (rng.normal(size=len(receivers)) - receivers)).mean()
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=600)
        rows = Rows(np.where(known(x, rng), 3 * x, np.nan), np.full(600, None), {})
        found = importance({"x": x}, rows, triple, seed=seed)
        [column] = found.heads["regression"]
        held += column.low <= population <= column.high
        assert found.heads["classification"] == ()
    assert 88 <= held <= 100


def test_a_head_without_finite_predictions_has_none(tmp_path):
    def broken(columns):
        answer = predict(columns)
        return Predictions(np.full(len(answer.number), np.nan), answer.probabilities, answer.classes)

    found = importance(COLUMNS, ROWS, broken)
    assert found.heads["regression"] == ()
    assert len(found.heads["classification"]) == len(COLUMNS)
    found.write(tmp_path)
    assert Importance.read(tmp_path) == found


def test_a_label_the_model_does_not_know_counts_as_wrong():
    rows = Rows(ROWS.number, np.where(np.arange(N) < 10, "maybe", ROWS.label), {})
    found = by_column(importance(COLUMNS, rows, predict).heads["classification"])
    assert np.isfinite(found["text"].value)
