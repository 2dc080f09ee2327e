"""The bundled data from the CSV to the pushed model: what is printed, what is left, and that it is right."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from tests.e2e.conftest import MTL, ROOT, command, mtl
from tests.leftovers import leftovers

STEPS = [
    "ExampleGen",
    "StatisticsGen",
    "SchemaGen",
    "Baseline",
    "DataValidator",
    "DataReport",
    "DataGate",
    "Transform",
    "Trainer",
    "Evaluator",
    "Pusher",
    "Report",
]

# Loads the model as a server does, with nothing of this project, and scores the table in both ways.
FRESH = """
import json, sys
import numpy as np, pandas as pd, tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
table = pd.read_csv(sys.argv[2])
columns = json.load(open(sys.argv[1] + "/assets.extra/model.json"))["columns"]

def feature(kind, value):
    if kind == "FLOAT":
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(value)]))

def example(row):
    features = {c["name"]: feature(c["kind"], row[c["name"]]) for c in columns}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()

def plain(tensor):
    value = tensor.numpy()
    return [text.decode() for text in value] if tensor.dtype == tf.string else value.tolist()

rows = tf.constant([example(row) for _, row in table.iterrows()])
tensors = {c["input"]: tf.constant(table[c["name"]].to_numpy(np.float64)) for c in columns}
for answer in (model.signatures["serving_default"](examples=rows), model.signatures["predict"](**tensors)):
    print(json.dumps({name: plain(tensor) for name, tensor in answer.items()}))
assert not any(name.startswith(("tfx", "components", "pipeline")) for name in sys.modules)
"""


def test_a_run_asks_for_no_other_runner_and_leaves_nothing_behind(wine, traces):
    """Beam 2.73.0 makes `.apache_beam` for Prism, the runner that it would fetch, and `beam-temp*` when that fails."""
    assert leftovers(*traces) == []


@pytest.fixture(scope="module")
def predictions(wine, tmp_path_factory):
    """`mtl predict` on the training data itself."""
    target = tmp_path_factory.mktemp("predict") / "predictions.csv"
    done = subprocess.run(
        [
            MTL,
            "predict",
            "--input",
            ROOT / "data/wine/wine.csv",
            "--output",
            target,
            "--model",
            wine.output / "serving",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("178 rows → ")
    assert done.stderr == ""
    return pd.read_csv(target)


def test_the_terminal_shows_every_step_and_the_verdict(wine):
    lines = wine.out.splitlines()
    shown = [line.split()[1] for line in lines if line.startswith("✓")]
    assert shown == ["Start", *STEPS]
    assert any("178 rows: train" in line for line in lines)
    assert any(line.startswith("push") and "passed" in line and "version 1" in wine.out for line in lines)
    assert wine.err == ""
    assert "WARNING" not in wine.out


def test_rows_in_equal_rows_out(wine):
    summary = json.loads((wine.artifact("ExampleGen", "examples") / "summary.json").read_text())
    assert summary["rows_in"] == summary["rows_out"] == sum(summary["splits"].values()) == 178


def test_labels_are_not_needed_for_serving(wine):
    manifest = json.loads((wine.model / "assets.extra" / "model.json").read_text())
    names = {column["name"] for column in manifest["columns"]}
    assert names == set(pd.read_csv(ROOT / "data/wine/wine.csv").columns) - {"alcohol", "cultivar"}
    schema = (wine.model / "assets.extra" / "schema.pbtxt").read_text()
    assert schema.count('not_in_environment: "SERVING"') == 2


@pytest.fixture(scope="module")
def fresh(wine):
    """What the model answers in a process that knows nothing of this project: by examples, and by columns."""
    done = subprocess.run(
        [sys.executable, "-c", FRESH, wine.model, ROOT / "data/wine/wine.csv"],
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_all_signatures_agree_in_a_fresh_process(fresh, predictions):
    by_example, by_column = fresh
    np.testing.assert_allclose(by_example["regression_output"], by_column["regression_output"], rtol=1e-6)
    np.testing.assert_allclose(by_example["classification_output"], by_column["classification_output"], atol=1e-6)
    np.testing.assert_allclose(np.ravel(by_column["regression_output"]), predictions["predicted_alcohol"], rtol=1e-5)
    assert by_column["predicted_class"] == by_example["predicted_class"] == predictions["predicted_cultivar"].tolist()
    np.testing.assert_allclose(by_column["class_probability"], predictions["probability"], rtol=1e-5)
    for bound in ("lower", "upper"):
        np.testing.assert_allclose(by_example[f"regression_{bound}"], by_column[f"regression_{bound}"], rtol=1e-6)
        written = predictions[f"predicted_alcohol_{bound}"]
        np.testing.assert_allclose(np.ravel(by_column[f"regression_{bound}"]), written, rtol=1e-5)


def split_rows(wine, split, predictions):
    """The rows of a split with their predictions: found by their content, scored by `mtl predict`."""
    import tensorflow as tf
    from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

    files = list((wine.artifact("ExampleGen", "examples") / f"Split-{split}").glob("*.gz"))
    examples = list(tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator())
    batch = ExamplesToRecordBatchDecoder().DecodeBatch(examples)
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    keys = ("proline", "alcohol", "flavanoids")
    rows = pd.DataFrame({key: [np.float32(value[0]) for value in columns[key].to_pylist()] for key in keys})
    found = rows.merge(predictions.astype(dict.fromkeys(keys, np.float32)), on=list(keys), how="left")
    assert len(found) == len(examples)
    return found


def test_the_intervals_are_the_conformal_ones_of_the_calibration_rows(wine, predictions):
    manifest = json.loads((wine.model / "assets.extra" / "model.json").read_text())["calibration"]
    rows = split_rows(wine, "calibration", predictions)
    n = len(rows)
    errors = np.sort(np.abs(rows["alcohol"] - rows["predicted_alcohol"]))
    margin = errors[int(np.ceil((n + 1) * 0.9)) - 1]
    assert (manifest["numbers"], manifest["coverage"], manifest["problem"]) == (n, 0.9, None)
    assert manifest["margin"] == pytest.approx(margin, rel=1e-4)
    for bound, sign in (("lower", -1), ("upper", 1)):
        expected = predictions["predicted_alcohol"] + sign * margin
        np.testing.assert_allclose(predictions[f"predicted_alcohol_{bound}"], expected, rtol=1e-5)


def test_the_coverage_told_is_that_of_the_eval_rows(wine, predictions):
    rows = split_rows(wine, "eval", predictions)
    inside = rows["alcohol"].between(rows["predicted_alcohol_lower"], rows["predicted_alcohol_upper"])
    told = wine.evaluation["uncertainty"]["regression"]
    assert (told["coverage"]["covered"], told["coverage"]["n"], told["target"]) == (inside.sum(), len(rows), 0.9)
    assert f"90 % intervals hold {100 * inside.mean():.1f} % [" in wine.out


def test_the_temperature_is_undone_and_found_again(wine, fresh, predictions):
    """The network's own probabilities, from the served ones, are best at the temperature of the manifest."""
    answer, _ = fresh
    manifest = json.loads((wine.model / "assets.extra" / "model.json").read_text())
    temperature, classes = manifest["calibration"]["temperature"], manifest["classes"]
    served = np.log(np.array(answer["classification_output"]))
    codes = [f"code_{i}" for i in range(len(classes))]
    rows = split_rows(wine, "calibration", predictions.assign(**dict(zip(codes, served.T, strict=True))))
    truth = [classes.index(name) for name in rows["cultivar"]]

    def loss(value):
        log = rows[codes].to_numpy() * temperature / value
        log -= np.log(np.exp(log).sum(axis=1, keepdims=True))
        return -log[np.arange(len(rows)), truth].sum() + (np.log(value) / 0.2) ** 2 / 2

    assert loss(temperature) <= min(loss(value) for value in np.geomspace(0.05, 20, 400)) + 1e-4
    assert wine.evaluation["uncertainty"]["classification"]["value"] == temperature
    found = wine.evaluation["heads"]["classification"]["metrics"]
    for name, value in wine.evaluation["uncertainty"]["classification"]["after"].items():
        assert value == pytest.approx(found[name]["value"])


def test_metrics_equal_scikit_learn_on_the_same_rows(wine, predictions):
    evaluated = split_rows(wine, "eval", predictions)
    assert len(evaluated) == wine.evaluation["n"]
    found = {
        name: interval["value"]
        for head in wine.evaluation["heads"].values()
        for name, interval in head["metrics"].items()
    }
    y, p = evaluated["alcohol"], evaluated["predicted_alcohol"]
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(y, p), rel=1e-5)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, p), rel=1e-5)
    assert found["r2"] == pytest.approx(metrics.r2_score(y, p), rel=1e-4)
    assert found["median_absolute_error"] == pytest.approx(metrics.median_absolute_error(y, p), rel=1e-4)
    y, p = evaluated["cultivar"], evaluated["predicted_cultivar"]
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, p))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(y, p, average="macro"))


def test_every_slice_has_its_figures_and_the_slices_cover_all_rows(wine):
    slices = wine.evaluation["slices"]
    assert {part["name"] for part in slices} == {"cultivar=class_0", "cultivar=class_1", "cultivar=class_2"}
    assert sum(part["n"] for part in slices) == wine.evaluation["n"]


def test_tensorboard_logs_and_the_log_file_are_there(wine):
    assert list(wine.artifact("Trainer", "model_run").rglob("events.out.tfevents.*"))
    assert (wine.output / "logs" / f"{wine.record['id']}.log").stat().st_size > 1000


def test_bad_cells_are_flagged_not_lost(wine, tmp_path):
    table = pd.read_csv(ROOT / "data/wine/wine.csv", dtype=str).drop(columns=["alcohol", "cultivar"]).head(4)
    table.loc[1, "ash"] = "plenty"
    table.loc[2, "hue"] = ""
    table.to_csv(tmp_path / "rows.csv", index=False)
    models = wine.output / "serving"
    done = command("predict", "-i", tmp_path / "rows.csv", "-o", tmp_path / "out.csv", "-m", models)
    assert done.returncode == 0, done.stderr
    assert "4 rows → " in done.stdout
    assert "2 flagged" in done.stdout
    answer = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert answer["problems"].tolist() == [
        "",
        'ash must be a finite number, got "plenty"',
        "hue must have a value, got none",
        "",
    ]
    assert answer["ash"].tolist() == table["ash"].tolist()
    assert (answer["predicted_alcohol"].astype(float) > 0).all()


def test_model_analysis_agrees_with_the_evaluator(wine, copied):
    """TFMA scores the exported model by `serving_default` and `transform_features`, from its own code."""
    pushed = f"push.destination={wine.output / 'serving'}"  # where it was, so that there is nothing to push again
    done = mtl(
        copied,
        *("--config", "data/wine/config.yaml", "--set", "evaluation.slices=[cultivar]"),
        *("--set", "evaluation.tfma=true", "--set", pushed),
    )
    assert done.code == 0, done.out + done.err
    states = {step: done.states[step] for step in STEPS}
    assert states == dict.fromkeys(STEPS, "cached") | {"Report": "done"}  # it tells the changed configuration
    assert done.states["ModelAnalysis"] == "done"
    import tensorflow_model_analysis as tfma
    import tfx.components  # noqa: F401  - TFMA's TFDV needs it first

    by_slice = dict(tfma.load_eval_result(str(done.artifact("ModelAnalysis", "evaluation"))).slicing_metrics)
    assert set(by_slice) == {(), *(((("cultivar", f"class_{i}"),)) for i in range(3))}
    heads = done.evaluation["heads"]
    for head, theirs, ours in (
        ("regression", "mean_absolute_error", "mae"),
        ("classification", "sparse_categorical_accuracy", "accuracy"),
        ("classification", "sparse_categorical_crossentropy", "log_loss"),
    ):
        value = by_slice[()][f"{head}_output"][""][theirs]["doubleValue"]
        assert value == pytest.approx(heads[head]["metrics"][ours]["value"], rel=1e-4), ours
