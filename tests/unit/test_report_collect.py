"""The report brought together from files that the steps would leave; no step is run."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from judged_rows import trivial_of
from run_artifacts import CLEAN, COLUMNS, FAILED, RNG, RUN, SUMMARY, evaluation_of, good, good_files, history, report

from components.evaluator.analysis.evaluation import evaluate
from components.evaluator.analysis.figures import figures
from components.evaluator.analysis.gate import Gate, HeadGate
from components.evaluator.analysis.rows import Predictions, Rows
from components.formats.columns import Column, Columns
from components.formats.evaluation import Training
from components.formats.findings import Comparison
from components.formats.importance import ColumnImportance, Importance
from components.formats.report import Output, Report, RowCounts, Setting, StepPart
from components.report.columns.numeric import describe
from components.report.files import write
from components.report.page import render
from components.report.parts.card import card, markdown
from components.report.parts.model import MAX_CLASSES


def states(found):
    return {part.subject: part.state for part in found.verdict}


def test_a_good_run(tmp_path):
    found = good(tmp_path)
    assert states(found) == dict.fromkeys(("data", "regression", "classification", "push"), "passed")
    assert found.verdict[1].reason.startswith("MAE 0.2")
    assert "is better than predicting the train median" in found.verdict[1].reason
    assert found.verdict[3].reason == "Version 3 is now current, in /serving/3."
    assert found.config == (Setting("name", "t", "inferred"), Setting("training.epochs", "9", ""))
    assert found.lineage == (Output("Trainer", "model", "/m"),)
    data, model = found.data, found.model
    assert data.rows == RowCounts(
        read=700,
        splits={"train": 400, "validation": 90, "eval": 200},
        left_out={"no label": 10},
        unlabelled={"price": 0, "kind": 0},
    )
    assert data.notes == ("x: 3 infinite values were written as missing.",)
    evaluation = model.evaluation
    training = evaluation.training
    assert (evaluation.n, training.parameters, training.best_epoch, evaluation.level) == (200, 1234, 4, 0.95)
    assert list(evaluation.heads["regression"].trivial) == ["mae", "rmse"]
    assert "MAE of others on the same rows" in (page := render(found))
    assert "against the train median: " in page
    assert len(model.figures.regression.actual) == 200
    assert model.importance.heads["regression"][0].column == "x"
    assert evaluation.uncertainty.regression.coverage.n == 200
    assert evaluation.uncertainty.regression.coverage.value > 0.9
    assert evaluation.uncertainty.classification.value == 1.25
    assert {part.name for part in evaluation.slices} == {"city=x", "city=y"}
    assert model.curves.series["regression"]["train"][-2:] == (1 / 8, None)


def test_the_report_is_read_as_it_was_written(tmp_path):
    found = good(tmp_path)
    found.write(tmp_path)
    assert Report.read(tmp_path) == found
    assert json.loads((tmp_path / "report.json").read_text())["format"] == 2


def test_the_data_stopped_the_run(tmp_path):
    run = replace(RUN, state="stopped", steps=(StepPart("DataGate", "failed"),))
    found = report(tmp_path, run, summary=SUMMARY, gate=FAILED, columns=COLUMNS)
    assert states(found) == {"data": "failed", **dict.fromkeys(("regression", "classification", "push"), "not reached")}
    assert found.verdict[0].reason == "x must be 1, got 2. (1 more below)"
    assert "reviewed schema" in found.verdict[0].next
    assert found.verdict[1].reason == "The data did not pass, so the run stopped before."
    assert found.model is None
    assert found.data.checks[0].examples == ()
    assert found.data.checks[0].remedy is None


def test_the_remedy_of_the_check_is_what_to_do_next(tmp_path):
    anomaly = FAILED["anomalies"][1] | {"remedy": "gates.data.levels: {K: warn}"}
    found = report(tmp_path, summary=SUMMARY, gate={**CLEAN, "anomalies": [anomaly], "passed": False})
    assert found.verdict[0].next == (
        "Correct the data, or, if it is right as it is, change this: `gates.data.levels: {K: warn}`."
    )


def test_a_gate_that_left_no_artifact_speaks_through_the_run(tmp_path):
    run = replace(RUN, problems=("x must be 1, got 2.",), steps=(StepPart("DataGate", "failed"),))
    found = report(tmp_path, run, summary=SUMMARY)
    assert states(found)["data"] == "failed"
    assert found.verdict[0].reason == "x must be 1, got 2."
    assert found.data.columns == ()


def test_warnings_of_the_data(tmp_path):
    found = report(tmp_path, summary=SUMMARY, gate={**CLEAN, "notes": ["First.", "Second."]})
    assert (states(found)["data"], found.verdict[0].reason) == ("warned", "First. (1 more below)")


def test_a_rejected_model(tmp_path):
    gate = Gate(regression=HeadGate(thresholds={"mae": 0.001}))
    found = good(tmp_path, push=False, gate=gate)
    assert states(found) == {"data": "passed", "regression": "failed", "classification": "passed", "push": "failed"}
    assert found.verdict[1].reason.startswith("MAE must be at most 0.001, got 0.2")
    assert "gates.regression.thresholds" in found.verdict[1].next
    assert found.verdict[3].reason.startswith("Nothing was pushed. Not blessed: 1 of")


def test_a_head_that_does_not_decide_only_warns(tmp_path):
    gate = Gate(regression=HeadGate(thresholds={"mae": 0.001}), rule="classification")
    assert states(good(tmp_path, gate=gate)) == {
        "data": "passed",
        "regression": "warned",
        "classification": "passed",
        "push": "passed",
    }


def test_a_run_that_failed_says_where(tmp_path):
    run = replace(RUN, state="failed", steps=(StepPart("Trainer", "failed"),))
    found = report(tmp_path, run, summary=SUMMARY, gate=CLEAN)
    assert states(found)["data"] == "passed"
    assert found.verdict[1].reason == "The run ended in Trainer, before this."
    nothing = report(tmp_path / "..", replace(RUN, state="interrupted"))
    assert {part.reason for part in nothing.verdict} == {"The run was interrupted before this."}
    assert nothing.data is nothing.model is None


def test_drift_is_the_comparison_furthest_beyond_its_threshold(tmp_path):
    def comparison(kind, value, threshold):
        measured = {"kind": kind, "column": "price", "split": "train", "value": value, "threshold": threshold}
        return measured | {"against": "pushed version 3", "method": "ks", "level": "ok"}

    comparisons = [comparison("drift", 0.2, 0.1), comparison("drift", 0.5, 1.0), comparison("skew", 9.0, 0.1)]
    found = report(tmp_path, summary=SUMMARY, gate={**CLEAN, "comparisons": comparisons}, columns=COLUMNS)
    assert [column.drift for column in found.data.columns] == [None, Comparison(**comparisons[0])]


@pytest.mark.parametrize(("epochs", "best"), [(100, 37), (101, 50), (1_000, 999), (5_000, 1), (377, 377)])
def test_of_a_long_training_at_most_a_hundred_epochs_are_kept(tmp_path, epochs, best):
    losses = np.random.default_rng(epochs).random((4, epochs))
    long = dict(zip(history(), losses.tolist(), strict=True))
    files = good_files()
    files["evaluation"] = replace(files["evaluation"], training=Training(1, epochs=epochs, best_epoch=best))
    curves = report(tmp_path, **files | {"history": long}).model.curves
    kept = np.array(curves.epochs)
    assert len(kept) <= 100
    assert {1, best, epochs} <= set(curves.epochs)
    assert np.diff(kept).min() >= 1
    assert np.diff(kept).max() <= np.ceil(epochs / 98)
    for head, (split, prefix) in itertools.product(curves.series, (("train", ""), ("validation", "val_"))):
        expected = np.array(long[f"{prefix}{head}_output_loss"])[kept - 1]
        assert curves.series[head][split] == tuple(expected)


def test_many_classes_become_one_row_and_column(tmp_path):
    classes = tuple(f"c{index:02}" for index in range(MAX_CLASSES + 20))
    found = good(tmp_path, n=2000, classes=classes)
    confusion = found.model.evaluation.confusion
    assert len(confusion.labels) == len(confusion.counts) == len(confusion.counts[-1]) == MAX_CLASSES
    assert confusion.labels == confusion.predictions
    assert confusion.labels[-1] == "other (21 classes)"
    assert sum(map(sum, confusion.counts)) == 2000
    assert len(confusion.classes) == len(classes)


def test_a_large_run_stays_small(tmp_path):
    """50 columns, 20 slices, 30 classes and 20,000 eval rows: less than half of what a page may weigh."""
    n = 20_000
    number, label = RNG.normal(size=n), RNG.choice([f"class {index}" for index in range(30)], n)
    rows = Rows(number, label, {"city": np.array([f"city {row % 20}" for row in range(n)])})
    answers = Predictions(number * 0.9, RNG.dirichlet(np.ones(30), n), tuple(sorted(set(label))))
    found = evaluate(rows, answers, trivial_of(number, label), slices=["city"], resamples=20, slice_resamples=5)
    splits = describe({"train": number, "eval": number})
    importance = tuple(ColumnImportance(f"c{index}", 0.1, 0.01, 0.2) for index in range(50))
    large = report(
        tmp_path,
        RUN,
        summary=SUMMARY,
        gate=CLEAN,
        columns=Columns(tuple(Column(f"c{index}", "feature", "number", splits) for index in range(50))),
        history=history(200),
        evaluation=evaluation_of(found, training=Training(1, epochs=200, best_epoch=1)),
        figures=figures(rows, answers),
        importance=Importance({"regression": importance, "classification": importance}),
    )
    assert len(large.model.evaluation.slices) == 20
    write(large, tmp_path / "report")
    assert (tmp_path / "report" / "report.json").stat().st_size < 1_000_000


def test_the_card_has_the_sections_of_the_paper_and_no_markup_of_the_data(tmp_path):
    content = card(good(tmp_path))
    assert list(content) == [
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Evaluation data",
        "Training data",
        "Quantitative analyses",
        "Ethical considerations",
        "Caveats and recommendations",
    ]
    text = markdown("t", content)
    assert "<script" not in text.replace("\\<script", "")
    assert "\\<img src=x onerror=alert(1)\\>" in text
    assert "price: MAE 0.2" in text
    results = content["Quantitative analyses"]["Overall results"]
    assert any(line.startswith("price: 90 % intervals hold ") and "of 200 labels" in line for line in results)
    assert any(line.startswith("kind: probabilities at temperature 1.25 from 90 calibration rows") for line in results)
    assert [line.split(":")[0] for line in content["Quantitative analyses"]["Unitary results"][:2]] in (
        ["price, city=x", "price, city=y"],
        ["price, city=y", "price, city=x"],
    )
    assert content["Quantitative analyses"]["Intersectional results"].startswith("None")
    assert "200 rows of the eval split" in text
    assert "700 read: train 400, validation 90, eval 200; 10 left out." in text


@pytest.mark.parametrize("files", [{}, {"summary": SUMMARY}, {"summary": SUMMARY, "gate": FAILED}])
def test_every_part_may_be_missing(tmp_path, files):
    found = report(tmp_path, **files)
    write(found, tmp_path / "report")
    assert Report.read(tmp_path / "report") == found
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        *("report.html", "report.json", "card.md", "card.json")
    }
