"""A table in which many rows lack one label, with row weights, through the whole pipeline and back."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from components.example_gen.examples.reader import read_examples
from data.synthetic import Synthetic
from tests.e2e.conftest import arguments, command, mtl

pytestmark = pytest.mark.slow

ROWS = 2_000
LABELS = ("y", "label")


@pytest.fixture(scope="module")
def table():
    """40 % of the classes and 30 % of the numbers are missing; `w` is 0, 1 or 2, `place` tells rows apart."""
    [block] = Synthetic().blocks(ROWS)
    random = np.random.default_rng(3)
    whole = block.table.to_pandas()
    whole.loc[random.random(ROWS) < 0.4, "label"] = None
    whole.loc[random.random(ROWS) < 0.3, "y"] = None
    return whole.assign(w=random.choice([0, 1, 2], ROWS), group=random.choice(["p", "q"], ROWS), place=range(ROWS))


@pytest.fixture(scope="module")
def done(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("partial")
    table.to_csv(folder / "table.csv", index=False)
    settings = ("labels.weight=w", "evaluation.slices=[group]", "evaluation.tfma=true")
    settings += ("model.members=1", "training.epochs=30")
    return mtl(folder / "output", "-d", folder / "table.csv", "-r", "y", "-k", "label", *arguments(*settings))


@pytest.fixture(scope="module")
def judged(done, table, tmp_path_factory):
    """The eval rows with what the production model predicts for them from the features alone."""
    folder = tmp_path_factory.mktemp("predicted")
    table.drop(columns=[*LABELS, "w"]).to_csv(folder / "features.csv", index=False)
    models = done.output / "serving"
    said = command("predict", "-i", folder / "features.csv", "-o", folder / "out.csv", "-m", models)
    assert said.returncode == 0, said.stderr
    predicted = pd.read_csv(folder / "out.csv")[["predicted_y", "predicted_label", "problems"]]
    places = _places(done.artifact("ExampleGen", "examples") / "Split-eval")
    return table.join(predicted).iloc[places]


def _places(folder):
    """The value of `place` in every row of a split."""
    import tensorflow as tf

    rows = [tf.train.Example.FromString(row) for batch in read_examples(folder) for row in batch]
    return [row.features.feature["place"].int64_list.value[0] for row in rows]


def test_it_is_pushed_and_every_row_is_accounted_for(done, table):
    assert done.code == 0, done.out + done.err
    summary = json.loads((done.artifact("ExampleGen", "examples") / "summary.json").read_text())
    without = {label: table[label].isna() for label in LABELS}
    neither = int((without["y"] & without["label"]).sum())
    assert (summary["rows_in"], summary["left_out"]) == (ROWS, {"both labels missing": neither})
    assert sum(summary["splits"].values()) == ROWS - neither
    lost = {label: int(without[label].sum()) - neither for label in LABELS}
    assert {label: sum(split[label] for split in summary["unlabelled"].values()) for label in LABELS} == lost
    assert f"{lost['y']} without y, {lost['label']} without label, left out {neither}" in done.out
    for label, other in (LABELS, LABELS[::-1]):
        assert f'Every row must have the label "{label}", got none in {lost[label]} of' in done.out
        assert f'They count for "{other}" only.' in done.out


def test_each_head_is_judged_as_scikit_learn_judges_its_labelled_rows(done, judged):
    heads = done.evaluation["heads"]
    numbered, classed = judged.dropna(subset="y"), judged.dropna(subset="label")
    assert done.evaluation["n"] == len(judged)
    assert [heads[head]["n"] for head in ("regression", "classification")] == [len(numbered), len(classed)]
    mae = metrics.mean_absolute_error(numbered["y"], numbered["predicted_y"])
    assert heads["regression"]["metrics"]["mae"]["value"] == pytest.approx(mae, rel=1e-5)
    accuracy = metrics.accuracy_score(classed["label"], classed["predicted_label"])
    assert heads["classification"]["metrics"]["accuracy"]["value"] == pytest.approx(accuracy)
    assert heads["regression"]["metrics"]["r2"]["value"] > 0.75
    [p] = [part for part in done.evaluation["slices"] if part["name"] == "group=p"]
    inside = numbered[numbered["group"] == "p"]
    assert p["labelled"] == {"regression": len(inside), "classification": int((classed["group"] == "p").sum())}
    mae = metrics.mean_absolute_error(inside["y"], inside["predicted_y"])
    assert p["metrics"]["regression"]["mae"]["value"] == pytest.approx(mae, rel=1e-5)


def test_model_analysis_masks_what_is_missing(done):
    import tensorflow_model_analysis as tfma
    import tfx.components  # noqa: F401  - TFMA's TFDV needs it first

    whole = dict(tfma.load_eval_result(str(done.artifact("ModelAnalysis", "evaluation"))).slicing_metrics)[()]
    heads = done.evaluation["heads"]
    theirs = whole["regression_output"][""]
    assert theirs["example_count"]["doubleValue"] == heads["regression"]["n"]
    assert theirs["mean_absolute_error"]["doubleValue"] == pytest.approx(
        heads["regression"]["metrics"]["mae"]["value"], rel=1e-4
    )
    theirs = whole["classification_output"][""]
    assert theirs["sparse_categorical_crossentropy"]["doubleValue"] == pytest.approx(
        heads["classification"]["metrics"]["log_loss"]["value"], rel=1e-4
    )


def test_the_weight_is_no_input_of_the_served_model(done, judged):
    manifest = json.loads((done.model / "assets.extra" / "model.json").read_text())
    assert {"w", *LABELS}.isdisjoint(column["name"] for column in manifest["columns"])
    assert judged["problems"].isna().all()
    roles = {column["name"]: column["role"] for column in _report(done)["data"]["columns"]}
    assert (roles["w"], roles["y"], roles["label"]) == ("row weight", "regression label", "class label")


def _report(done):
    return json.loads((done.artifact("Report", "report") / "report.json").read_text())
