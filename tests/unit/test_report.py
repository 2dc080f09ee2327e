"""Where a local run's report lies, and what becomes of a run whose report cannot be written."""

import json
import os
from pathlib import Path

import pytest

from components.example_gen.tables.dialect import Dialect
from components.formats.summary import Summary
from pipeline.config.resolve import resolve
from pipeline.errors import InputError
from pipeline.local.runner import run
from pipeline.runs import report
from pipeline.runs.record import Run, StepRecord, read_runs
from pipeline.runs.report import find_report, report_path, try_to_write_report, write_report

SPLITS = {"train": 2, "validation": 0, "eval": 1}
SUMMARY = Summary(
    ["t.csv"], Dialect("csv", ","), "f" * 64, 3, 3, {}, SPLITS, "y", "k", {}, {}, {}, {}, {}, {}, "row", []
)


def ended(
    output: Path, run_id: str, state: str = "failed", started: str = "2026-01-01", middle: str = "DataReport"
) -> Run:
    (output / "examples").mkdir(parents=True, exist_ok=True)
    SUMMARY.write(output / "examples")
    steps = [
        StepRecord(
            "ExampleGen", "done", seconds=1.5, artifacts={"examples": str(output / "examples")}, peak_memory=99.5
        ),
        StepRecord(middle, "done"),
        StepRecord("DataGate", "failed"),
    ]
    origins = {"name": "inferred"}
    run = Run(run_id, "t", state, started, {"name": "t", "data": {"path": "t.csv"}}, origins, steps=steps)
    run.problems = ["x must be 1, got 2."]
    run.write(output)
    return run


def test_the_report_has_what_the_run_knows_of_itself(tmp_path: Path):
    run = ended(tmp_path, "1", "stopped")
    page = write_report(run, tmp_path)
    assert page == report_path(tmp_path, "1") == tmp_path / "reports" / "1" / "report.html"
    found = json.loads((page.parent / "report.json").read_text())
    assert found["run"] == {
        "id": "1",
        "started": "2026-01-01",
        "state": "stopped",
        "seconds": 0.0,
        "problems": ["x must be 1, got 2."],
        "log": None,
        "steps": [
            {"name": name, "state": state, "seconds": seconds, "peak_memory": memory, "detail": "", "reason": ""}
            for name, state, seconds, memory in (
                ("ExampleGen", "done", 1.5, 99.5),
                ("DataReport", "done", 0.0, None),
                ("DataGate", "failed", 0.0, None),
            )
        ],
    }
    assert found["config"][1] == {"key": "data.path", "value": "t.csv", "origin": "default"}
    assert found["lineage"] == [{"step": "ExampleGen", "output": "examples", "path": str(tmp_path / "examples")}]
    assert found["verdict"][0]["reason"] == "x must be 1, got 2."
    assert found["data"]["rows"]["read"] == 3


def test_the_newest_report_is_found_and_an_absent_one_made_again(tmp_path: Path):
    a, b = tmp_path / "a", tmp_path / "b"
    ended(a, "1", started="2026-01-02")
    ended(b, "2", started="2026-01-03")
    page = find_report([a, b], None)
    assert page == report_path(b, "2")
    assert page.exists()
    page.write_text("kept")
    assert find_report([a, b], "2").read_text() == "kept"
    assert find_report([a, b], "1") == report_path(a, "1")


def test_a_run_that_was_not_to_report_is_reported_on_when_named_only(tmp_path: Path):
    ended(tmp_path, "schema", "validated", "2026-01-03", middle="SchemaGen")
    with pytest.raises(InputError, match=r"There must be a run under .* to report on, got none\."):
        find_report([tmp_path], None)
    ended(tmp_path, "1", started="2026-01-02")
    assert find_report([tmp_path], None) == report_path(tmp_path, "1")
    assert find_report([tmp_path], "schema") == report_path(tmp_path, "schema")


@pytest.mark.parametrize(
    ("run_id", "message"),
    [
        ("9", r'The run must be one of those under .*, got "9"\. Use `mtl runs` to list them\.'),
        ("0", r'The run "0" must have ended, got one in progress\. Wait for it\.'),
    ],
)
def test_a_run_without_a_report_is_a_sentence(tmp_path: Path, run_id: str, message: str, monkeypatch):
    ended(tmp_path, "1")
    if run_id == "0":
        ended(tmp_path, "0", "running")
        monkeypatch.setattr("pipeline.runs.record.is_running", lambda output: True)
    with pytest.raises(InputError, match=message):
        find_report([tmp_path], run_id)


def test_no_run_at_all(tmp_path: Path):
    with pytest.raises(InputError, match=r"There must be a run under runs to report on, got none\."):
        find_report([], None)


def test_a_run_that_ended_before_its_steps_were_known_leaves_no_report(tmp_path: Path):
    flags = {"data.path": str(tmp_path / "t.csv"), "labels.regression": "y", "labels.classification": "k", "name": "t"}
    resolved = resolve(None, flags, [f"runtime.output={tmp_path / 'out'}"])
    with pytest.raises(InputError, match="The data file must exist"):
        run(resolved)
    [record] = read_runs(tmp_path / "out")
    assert record.state == "failed"
    for run_id in (record.id, None):
        with pytest.raises(InputError) as raised:
            find_report([tmp_path / "out"], run_id)
        assert str(raised.value) == (
            f'The run "{record.id}" must have come to its first step to have a report, got one that failed before it: '
            f"{record.problems[0]} Name another of `mtl runs`, or run again."
        )
    assert not (tmp_path / "out" / "reports").exists()


def test_an_older_report_does_not_stand_for_a_newer_run_without_one(tmp_path: Path):
    ended(tmp_path, "1", started="2026-01-02")
    Run("2", "t", "interrupted", "2026-01-03", {}, {}, steps=[StepRecord("Start")]).write(tmp_path)
    with pytest.raises(InputError, match=r'The run "2" must .* got one that was interrupted before it\. Name another'):
        find_report([tmp_path], None)
    assert find_report([tmp_path], "1") == report_path(tmp_path, "1")


def test_a_report_that_cannot_be_written_is_left_to_the_log(tmp_path: Path):
    run = ended(tmp_path, "1")
    (tmp_path / "logs").mkdir()
    (tmp_path / "reports").write_text("a file where the folder should be")
    try_to_write_report(run, tmp_path)
    assert "NotADirectoryError" in report.log_path(tmp_path, "1").read_text()
    assert os.listdir(tmp_path / "runs") == ["1.json"]
