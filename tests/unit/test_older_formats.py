"""Files of format 1, as mtl wrote them before files had numbers: read, reported on and compared."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from run_artifacts import CLEAN, SUMMARY, history

from components.formats.columns import Columns
from components.formats.evaluation import Evaluation
from components.formats.figures import Figures
from components.formats.importance import Importance
from components.formats.report import Report
from components.shared.errors import InputError
from pipeline.runs.compare import compare
from pipeline.runs.record import Finished, Run, StepRecord
from pipeline.runs.report import write_report

OLD = Path(__file__).parents[1] / "data" / "format_1"


def old(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((OLD / name).read_text(encoding="utf-8"))
    return values


def test_an_evaluation_says_the_same_with_the_headline_called_primary_metric():
    expected = old("evaluation.json")
    for result in expected["heads"].values():
        result["primary_metric"] = result.pop("headline")
    for approximate in (*expected["heads"].values(), *expected["slices"]):
        approximate["within"] = {}  # all was exact
    found = Evaluation.read(OLD)
    assert json.loads(json.dumps(found.to_dict())) == {"format": 2} | expected
    assert {head: result.primary_metric for head, result in found.heads.items()} == {
        "regression": "mae",
        "classification": "log_loss",
    }


def test_figures_say_the_same_with_the_curves_one_level_higher():
    expected = old("figures.json")
    curves = [{"name": curve.pop("class")} | curve for curve in expected["classification"]["curves"]]
    assert json.loads(json.dumps(Figures.read(OLD).to_dict())) == {
        "format": 2,
        "regression": expected["regression"] | {"sampled_from": None},
        "classification": curves,
    }


def test_figures_of_a_head_that_could_not_be_scored_stay_absent(tmp_path: Path):
    (tmp_path / "figures.json").write_text('{"regression": null, "classification": null}')
    assert Figures.read(tmp_path) == Figures(None, None)


def test_importance_says_the_same_below_its_heads():
    expected = {"format": 2, "heads": old("importance.json")}
    assert json.loads(json.dumps(Importance.read(OLD).to_dict())) == expected


def test_columns_are_of_format_1_still():
    assert json.loads(json.dumps(Columns.read(OLD).to_dict())) == {"format": 1} | old("columns.json")


def test_a_report_says_the_same_of_all_but_the_model():
    expected = old("report.json")
    assert expected["model"]["heads"]["regression"]["headline"] == "mae"
    assert json.loads(json.dumps(Report.read(OLD).to_dict())) == expected | {"format": 2, "model": None}


def test_an_evaluation_of_before_labels_could_be_partial_knew_both_of_every_row(tmp_path: Path):
    older = old("evaluation.json")
    del older["train"], older["uncertainty"], older["training"]["trunk"], older["training"]["notes"]
    for part in older["slices"]:
        del part["labelled"]
    (tmp_path / "evaluation.json").write_text(json.dumps(older))
    found = Evaluation.read(tmp_path)
    assert [part.labelled for part in found.slices] == [
        dict.fromkeys(("regression", "classification"), part["n"]) for part in older["slices"]
    ]
    assert (found.train, found.uncertainty, found.training.trunk, found.training.notes) == (None, None, None, ())


@pytest.mark.parametrize("kind", [Evaluation, Figures, Importance, Report])
def test_a_newer_file_is_refused_in_one_sentence(tmp_path: Path, kind: type[Evaluation]):
    (tmp_path / kind.FILE).write_text('{"format": 3}')
    with pytest.raises(InputError) as raised:
        kind.read(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / kind.FILE} must be of format 2, got format 3. Run again")


def ended(output: Path, run_id: str) -> Run:
    """A run of the time before, whose artifacts and report are still there."""
    places = {
        "ExampleGen": ("examples", {"summary.json": SUMMARY}),
        "DataValidator": ("anomalies", {"gate.json": CLEAN}),
        "Trainer": ("model_run", {"history.json": history()}),
    }
    steps = []
    for step, (name, files) in places.items():
        folder = output / step
        folder.mkdir(exist_ok=True)
        for file, values in files.items():
            (folder / file).write_text(json.dumps(values))
        steps.append(StepRecord(step, "done", artifacts={name: str(folder)}))
    steps += [
        StepRecord("DataReport", "done", artifacts={"report": str(OLD)}),
        StepRecord("Evaluator", "done", artifacts={"evaluation": str(OLD)}),
    ]
    (output / "reports" / run_id).mkdir(parents=True)
    shutil.copy(OLD / "report.json", output / "reports" / run_id)
    run = Run(run_id, "t", "pushed", "2026-01-01T00:00:00+00:00", {"data": {}, "labels": {}}, {}, steps=steps)
    run.write(output)
    return run


def test_old_runs_are_compared_and_reported_on(tmp_path: Path):
    runs = [ended(tmp_path, run_id) for run_id in ("20260101-000001", "20260101-000002")]
    found = compare(*(Finished(tmp_path, run) for run in runs))
    assert found.data.compared, "the columns of both reports are known"
    assert {row.metric: row.a.value for row in found.metrics if row.head == "regression"} == {
        name: interval["value"] for name, interval in old("evaluation.json")["heads"]["regression"]["metrics"].items()
    }
    page = write_report(runs[0], tmp_path)
    written = Report.read(page.parent)
    assert written.model is not None
    assert written.model.evaluation == Evaluation.read(OLD)
    assert written.model.figures == Figures.read(OLD)
    assert written.model.importance == Importance.read(OLD)
    mae = old("evaluation.json")["heads"]["regression"]["metrics"]["mae"]
    assert f'data-low="{mae["low"]}" data-high="{mae["high"]}"' in page.read_text()
