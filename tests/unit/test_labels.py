"""Label sanity and leakage on columns with known answers."""

import numpy as np
import pytest

from components.data_validator.analysis.labels import (
    class_anomalies,
    missing_anomalies,
    outlier_bounds,
    target_anomalies,
)
from components.data_validator.analysis.leakage import LabelledColumns, leaks


def classes(train: dict[str, int], **eval_rows: int) -> dict[str, dict[str, int]]:
    return {"train": train, "validation": train, "eval": {name: eval_rows.get(name, 20) for name in train}}


def test_balanced_classes_are_fine():
    assert class_anomalies("k", classes({"a": 100, "b": 100}), "warn") == []


def test_missing_labels_are_reported_with_their_share():
    assert missing_anomalies(2_000, {"y": 0, "k": 0}, "warn") == []
    assert missing_anomalies(2_000, {"y": 600, "k": 0}, "ignore") == []
    number, kind = missing_anomalies(2_000, {"y": 600, "k": 800}, "fail")
    assert (number.kind, number.column, number.level, number.value) == ("LABEL_MISSING", "y", "fail", 0.3)
    assert number.sentence == (
        'Every row must have the label "y", got none in 600 of 2,000 rows. They count for "k" only.'
    )
    assert (kind.column, kind.value) == ("k", 0.4)
    assert kind.remedy.startswith("labels.partial: false to leave such rows out")


def test_absent_rare_and_dominant_classes():
    found = class_anomalies("k", classes({"a": 3_000, "b": 4, "c": 0, "d": 30}, d=0), "fail")
    assert [(one.kind, one.split, one.level) for one in found] == [
        ("CLASS_ABSENT", "train", "fail"),
        ("CLASS_ABSENT", "eval", "fail"),
        ("CLASS_RARE", "train", "fail"),
        ("CLASS_IMBALANCE", "train", "fail"),
    ]
    assert found[0].sentence == 'k: the class "c" can never be predicted, because the train split has no row of it.'
    assert found[1].sentence == 'k: the class "d" is not evaluated, because the eval split has no row of it.'
    assert found[2].sentence == 'Every class of "k" must have at least 10 train rows to be learnt, got "b" 4.'
    assert found[3].sentence == 'No class of "k" must have more than 95% of the train rows, got "a" 98.9%.'
    assert class_anomalies("k", classes({"a": 3_000, "b": 0}), "ignore") == []


def test_constant_target():
    [found] = target_anomalies("y", np.full(50, 2.5), "warn")
    assert (found.kind, found.sentence) == (
        "TARGET_CONSTANT",
        '"y" must vary to be learnt, got 2.5 in every train row.',
    )


@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential"])
def test_ordinary_targets_have_no_outliers(draw: str):
    assert target_anomalies("y", getattr(np.random.default_rng(0), draw)(size=3_000), "warn") == []


def test_outliers_are_counted_and_the_farthest_is_named():
    target = np.random.default_rng(0).normal(size=3_000)
    target[:2] = [1e6, -500]
    [found] = target_anomalies("y", target, "warn")
    assert found.sentence.startswith('"y" must lie between -')
    assert "got 2 train rows outside, the farthest 1e+06." in found.sentence
    first, third = np.percentile(target, [25, 75])
    gappy = np.append(target, [np.nan] * 500)
    assert target_anomalies("y", gappy, "warn")[0].sentence == found.sentence
    assert outlier_bounds(gappy) == outlier_bounds(target)
    assert target_anomalies("y", np.full(3, np.nan), "warn") == []
    assert outlier_bounds(target) == pytest.approx((first - 10 * (third - first), third + 10 * (third - first)))


def test_a_heap_of_equal_numbers_is_told_where_the_loss_answers_the_median():
    """As insurance claims are (koaning/scikit-lego, issue 480)."""
    rng = np.random.default_rng(31)
    claims = np.where(rng.random(5_000) < 0.85, 0.0, rng.lognormal(6, 0.5, 5_000))
    [found] = target_anomalies("claim", claims, "warn", "mae")
    share = (claims == 0).mean()
    assert np.median(claims) == 0
    assert (found.kind, found.value, found.threshold, found.level) == ("TARGET_HEAP", share, 0.5, "warn")
    assert found.sentence == (
        f'"claim" must differ from row to row to be learnt by its absolute error, got 0 in {share:.1%} of the train '
        "rows: their median is 0, and so will be most predictions. Set training.regression_loss to mse to predict the "
        "mean."
    )
    assert found.remedy == "training.regression_loss: mse"
    assert target_anomalies("claim", claims, "warn", "mse") == []
    assert target_anomalies("claim", np.where(np.arange(5_000) < 2_400, 0.0, rng.normal(9, 1, 5_000)), "warn") == []


def test_outliers_are_found_beside_a_heap_of_equal_numbers():
    rng = np.random.default_rng(0)
    others = rng.normal(50, 5, 600)
    target = np.append(np.zeros(3_400), others)
    first, third = np.percentile(others, [25, 75])
    assert outlier_bounds(target) == pytest.approx((min(0, first - 10 * (third - first)), third + 10 * (third - first)))
    assert target_anomalies("y", target, "warn", "mse") == []
    target[-1] = 1e6
    [found] = target_anomalies("y", target, "warn", "mse")
    assert (found.kind, found.value) == ("TARGET_OUTLIERS", 1 / 4_000)
    assert outlier_bounds(np.full(9, 2.0)) == (2.0, 2.0)


def columns(rows: int, seed: int, features: dict[str, object]) -> LabelledColumns:
    rng = np.random.default_rng(seed)
    number = np.exp(rng.normal(size=rows))
    label = np.where(rng.random(rows) < 0.3, "yes", "no").astype(object)
    return LabelledColumns({name: make(number, label, rng) for name, make in features.items()}, number, label)


FEATURES = {
    "copy": lambda number, label, rng: number * 1.19,
    "coarse": lambda number, label, rng: np.round(np.log(number), 1),
    "gaps": lambda number, label, rng: np.where(rng.random(len(number)) < 0.01, np.nan, number),
    "code": lambda number, label, rng: np.where(label == "yes", "1", "0").astype(object),
    "flag": lambda number, label, rng: (label == "yes").astype(float),
    "strong": lambda number, label, rng: np.log(number) + rng.normal(0, 0.3, len(number)),
    "id": lambda number, label, rng: np.array([f"row-{i}-{rng.integers(10**9)}" for i in range(len(number))], object),
    "noise": lambda number, label, rng: rng.normal(size=len(number)),
    "empty": lambda number, label, rng: np.full(len(number), np.nan),
}


@pytest.mark.parametrize("rows", [3_200, 400])
def test_features_that_give_a_label_away_are_named(rows: int):
    found = leaks(columns(rows, 0, FEATURES), columns(rows // 4, 1, FEATURES), ("y", "k"), 0.98, "warn")
    expected = {"copy", "code", "flag"} | ({"coarse", "gaps"} if rows > 1_000 else set())
    assert {one.column for one in found} - {"coarse", "gaps"} == expected - {"coarse", "gaps"}
    assert {one.column for one in found} >= expected - {"gaps"}
    [copy] = [one for one in found if one.column == "copy"]
    assert copy.sentence.startswith('"copy" alone must not give "y" away, got ')
    assert copy.remedy == "data.ignore: [copy] if it leaks, gates.labels.leakage: 1 if it does not"
    [code] = [one for one in found if one.column == "code"]
    assert (code.value, code.threshold) == (1.0, 0.98)


def test_leaks_are_found_on_the_rows_that_have_the_label():
    """What stands in rows without a label gives nothing away and hides nothing."""

    def gappy(rows: int, seed: int) -> LabelledColumns:
        whole = columns(rows, seed, FEATURES)
        kept = np.random.default_rng(seed + 9).random((2, rows)) < [[0.7], [0.6]]
        return LabelledColumns(
            whole.features, np.where(kept[0], whole.number, np.nan), np.where(kept[1], whole.label, None)
        )

    found = leaks(gappy(3_200, 0), gappy(800, 1), ("y", "k"), 0.98, "warn")
    assert {one.column for one in found} >= {"copy", "code", "flag"}
    few = columns(800, 1, FEATURES)
    few.number[19:] = np.nan
    whole = leaks(columns(3_200, 0, FEATURES), columns(800, 1, FEATURES), ("y", "k"), 0.98, "warn")
    without = leaks(columns(3_200, 0, FEATURES), few, ("y", "k"), 0.98, "warn")
    assert without == [one for one in whole if 'give "k" away' in one.sentence]


def test_few_rows_and_ignored_leaks_say_nothing():
    assert leaks(columns(10, 0, FEATURES), columns(10, 1, FEATURES), ("y", "k"), 0.98, "warn") == []
    assert leaks(columns(400, 0, FEATURES), columns(100, 1, FEATURES), ("y", "k"), 0.98, "ignore") == []
