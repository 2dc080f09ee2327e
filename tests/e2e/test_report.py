"""The report of whole runs: its numbers on the same rows by pandas and scikit-learn, and runs that were stopped."""

import json

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn import metrics
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from tests.e2e.conftest import ROOT, command, mtl

LIMIT = 2_000_000


def written(done):
    """The newest report of an output folder."""
    page = done.output / "reports" / done.record["id"] / "report.html"
    assert done.out.splitlines()[-1] == f"Report: {page}"
    assert page.stat().st_size < LIMIT
    return json.loads((page.parent / "report.json").read_text())


@pytest.fixture(scope="module")
def report(wine):
    return written(wine)


def rows(wine, split):
    """One split as a table, read from the examples."""
    files = list((wine.artifact("ExampleGen", "examples") / f"Split-{split}").glob("*.gz"))
    examples = list(tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator())
    batch = ExamplesToRecordBatchDecoder().DecodeBatch(examples)
    columns = {
        name: [value[0] if value else None for value in column.to_pylist()]
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    table = pd.DataFrame(columns)
    return table.assign(cultivar=table["cultivar"].str.decode("utf-8"))


@pytest.fixture(scope="module")
def answers(wine):
    """Labels of the eval rows and what the production model says of them, by the `predict` signature."""
    table = rows(wine, "eval")
    model = tf.saved_model.load(str(wine.model))
    manifest = json.loads((wine.model / "assets.extra" / "model.json").read_text())
    tensors = {
        column["input"]: tf.constant(table[column["name"]].to_numpy(np.float64)) for column in manifest["columns"]
    }
    found = model.signatures["predict"](**tensors)
    return {
        "y": table["alcohol"].to_numpy(np.float64),
        "p": found["regression_output"].numpy()[:, 0].astype(np.float64),
        "k": table["cultivar"],
        "classes": manifest["classes"],
        "probabilities": found["classification_output"].numpy().astype(np.float64),
    }


@pytest.mark.parametrize("split", ["train", "eval"])
def test_columns_are_those_of_pandas(wine, report, split):
    table = rows(wine, split)
    columns = {column["name"]: column for column in report["data"]["columns"]}
    assert set(columns) == set(pd.read_csv(ROOT / "data/wine/wine.csv").columns) == set(table)
    for name, column in columns.items():
        series, found = table[name], column["splits"][split]
        assert (found["n"], found["missing"], found["unique"]) == (len(series), series.isna().sum(), series.nunique())
        if column["kind"] == "text":
            assert {row["value"]: row["count"] for row in found["top"]} == series.value_counts().to_dict()
            continue
        for figure in ("mean", "std", "min", "median", "max"):
            assert found[figure] == pytest.approx(getattr(series, figure)(), rel=1e-6), (name, figure)
        counts, _ = np.histogram(series, found["histogram"]["edges"])
        assert found["histogram"]["counts"] == counts.tolist(), name
    roles = {name: column["role"] for name, column in columns.items() if column["role"] != "feature"}
    assert roles == {"alcohol": "regression label", "cultivar": "class label"}


def test_the_regression_head_is_that_of_scikit_learn(report, answers):
    head = report["model"]["evaluation"]["heads"]["regression"]
    y, p = answers["y"], answers["p"]
    values = {name: metric["value"] for name, metric in head["metrics"].items()}
    assert values["mae"] == pytest.approx(metrics.mean_absolute_error(y, p), rel=1e-5)
    assert values["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, p), rel=1e-5)
    assert values["r2"] == pytest.approx(metrics.r2_score(y, p), rel=1e-4)
    residuals = report["model"]["figures"]["regression"]
    assert residuals["n"] == len(y)
    np.testing.assert_allclose(residuals["actual"], y, rtol=1e-6)
    np.testing.assert_allclose(residuals["predicted"], p, rtol=1e-5)
    histogram = residuals["histogram"]
    assert sum(histogram["counts"]) + (histogram["below"] or 0) + (histogram["above"] or 0) == len(y)
    np.testing.assert_allclose([residuals["least"], residuals["greatest"]], [(y - p).min(), (y - p).max()], rtol=1e-4)
    assert sum(part["n"] for part in residuals["ranges"]) == len(y)
    for part in residuals["ranges"]:
        inside = (y >= part["low"]) & (y <= part["high"])
        assert part["n"] == inside.sum()
        assert part["mae"]["value"] == pytest.approx(np.abs(p - y)[inside].mean(), rel=1e-4)
        assert part["bias"] == pytest.approx((p - y)[inside].mean(), rel=1e-3, abs=1e-5)
    trivial = np.median(answers["y"])
    assert head["trivial"]["mae"]["theirs"] >= np.abs(y - trivial).mean()


def test_the_classification_head_is_that_of_scikit_learn(report, answers):
    confusion = report["model"]["evaluation"]["confusion"]
    k, classes, probabilities = answers["k"], answers["classes"], answers["probabilities"]
    predicted = np.array(classes)[probabilities.argmax(axis=1)]
    assert confusion["labels"] == confusion["predictions"] == classes
    assert confusion["counts"] == metrics.confusion_matrix(k, predicted, labels=classes).tolist()
    theirs = metrics.precision_recall_fscore_support(k, predicted, labels=classes)
    for row, name, *expected in zip(confusion["classes"], classes, *theirs, strict=True):
        assert row["name"] == name
        assert [row[figure] for figure in ("precision", "recall", "f1", "support")] == pytest.approx(expected)
    for curve in report["model"]["figures"]["classification"]:
        positive, score = k == curve["name"], probabilities[:, classes.index(curve["name"])]
        assert curve["n_positive"] == positive.sum()
        assert curve["auc"] == pytest.approx(metrics.roc_auc_score(positive, score))
        assert curve["average_precision"] == pytest.approx(metrics.average_precision_score(positive, score))
    assert sum(part["n"] for part in confusion["reliability"]) == len(k)


def test_importance_names_every_feature_and_the_curves_every_epoch(wine, report):
    features = {column["name"] for column in report["data"]["columns"] if column["role"] == "feature"}
    for rows in report["model"]["importance"]["heads"].values():
        assert {row["column"] for row in rows} == features
        values = [row["value"] for row in rows]
        assert values == sorted(values, reverse=True)
        assert values[0] > 0
    history = json.loads((wine.artifact("Trainer", "model_run") / "history.json").read_text())["series"]
    curves = report["model"]["curves"]
    assert curves["epochs"] == list(range(1, report["model"]["evaluation"]["training"]["epochs"] + 1))
    assert curves["series"]["classification"]["validation"] == history["val_classification_output_loss"]
    assert curves["series"]["regression"]["train"] == history["regression_output_loss"]
    assert curves["best_epoch"] == 1 + int(np.argmin(history["val_headline"]))


def test_the_verdict_and_the_run_are_those_of_the_record(wine, report):
    assert [entry["state"] for entry in report["verdict"]] == ["passed"] * 4
    assert [step["name"] for step in report["run"]["steps"]] == [step["name"] for step in wine.record["steps"]]
    for step in report["run"]["steps"]:
        assert step["peak_memory"] > 100, step
    assert all(step["cpu_seconds"] > 0 for step in wine.record["steps"])
    assert report["run"]["state"] == "pushed"
    config = {row["key"]: (row["value"], row["origin"]) for row in report["config"]}
    assert config["labels.regression"] == ("alcohol", "config.yaml")
    assert config["evaluation.slices"] == ('["cultivar"]', "--set")
    assert {"step": "Pusher", "output": "pushed_model", "path": str(wine.artifact("Pusher", "pushed_model"))} in (
        report["lineage"]
    )


def test_the_step_of_the_graph_reports_too(wine, report):
    """What a runner without records has: the same, but for the run's own record."""
    folder = wine.artifact("Report", "report")
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.json", "card.md", "card.json"}
    step = json.loads((folder / "report.json").read_text())
    assert step["run"] is None
    for part in ("data", "model", "verdict", "versions"):
        assert step[part] == report[part], part
    assert wine.artifact("Report", "html").read_text() == (folder / "report.html").read_text()
    on_data = json.loads((wine.artifact("DataReport", "report") / "report.json").read_text())
    assert on_data["data"]["columns"] == report["data"]["columns"]
    assert on_data["model"] is None


def test_mtl_report_makes_it_again(wine, report):
    page = wine.output / "reports" / wine.record["id"] / "report.html"
    page.unlink()
    done = command("report", "-o", wine.output)
    assert (done.returncode, done.stdout) == (0, f"{page}\n"), done.stderr
    assert page.exists()
    assert json.loads(page.with_name("report.json").read_text()) == report


def test_a_run_stopped_by_the_data_gate_has_a_report(wine, copied, tmp_path):
    schema = (wine.model / "assets.extra" / "schema.pbtxt").read_text()
    (tmp_path / "schema.pbtxt").write_text(schema.replace('"class_2"', '"class_9"'))
    done = mtl(copied, "-c", "data/wine/config.yaml", "-s", f"data.schema_file={tmp_path / 'schema.pbtxt'}")
    assert done.code == 3
    report = written(done)
    states = {entry["subject"]: entry["state"] for entry in report["verdict"]}
    assert states == {"data": "failed", **dict.fromkeys(("regression", "classification", "push"), "not reached")}
    assert '"cultivar" must be one of class_0, class_1, class_9' in report["verdict"][0]["reason"]
    assert "data.schema_file" in report["verdict"][0]["next"]
    assert report["run"]["state"] == "stopped"
    assert len(report["data"]["columns"]) == 14
    assert report["model"] is None
