import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from run_artifacts import CLEAN, PLACES, good_files, write_artifacts

from components.evaluator.analysis.gate import Gate, HeadGate
from pipeline.runs.outcome import print_verdict
from pipeline.runs.record import Run, StepRecord
from pipeline.runs.report import write_report


def printed(run: Run, width: int = 100) -> str:
    terminal = io.StringIO()
    print_verdict(Console(file=terminal, width=width), run, Path("runs/t"))
    return terminal.getvalue()


def stopped(step: str, problems: list[str]) -> Run:
    names = ["ExampleGen", "DataValidator", "DataGate", "Pusher"]
    steps = [StepRecord(name, "failed" if name == step else "done") for name in names]
    return Run("1", "t", "stopped", "2026-01-01", {}, {}, steps=steps, problems=problems)


@pytest.mark.parametrize(
    ("step", "first", "last"),
    [
        (
            "DataGate",
            "The data gate stopped the run:",
            "Correct the data. If it is right as it is, `mtl validate` says what to change. Nothing was pushed.",
        ),
        ("Pusher", "Pusher stopped the run:", "Nothing was pushed."),
    ],
)
def test_a_stopped_run_says_who_stopped_it_and_why(step: str, first: str, last: str):
    lines = printed(stopped(step, ['"x" must be FLOAT, got BYTES.'])).strip().splitlines()
    assert lines == [first, '  • "x" must be FLOAT, got BYTES.', last]


def test_many_problems_are_counted_not_listed():
    lines = printed(stopped("DataGate", [f"problem {i}." for i in range(14)])).strip().splitlines()
    assert lines[10] == "  • problem 9."
    assert lines[11] == "  … and 4 more, in the log."


def whole(folder: Path, files: dict[str, Any]) -> Run:
    """A run that came to its end, with the artifacts it left."""
    places = write_artifacts(folder, files)
    steps = [
        StepRecord(step, "done", artifacts={output: places[source]}) for source, (step, output, _) in PLACES.items()
    ]
    return Run("1", "t", "pushed", "2026-01-01", {"name": "t"}, {}, steps=steps, seconds=2.0)


WARNED_DATA = {
    **CLEAN,
    "anomalies": [{"split": "eval", "column": "x", "kind": "K", "level": "warn", "sentence": "x is odd."}],
}
STRICT = {"regression": HeadGate(thresholds={"mae": 0.001})}


@pytest.mark.parametrize(
    ("gate", "findings", "push", "states"),
    [
        (Gate(), CLEAN, True, ["passed", "passed", "passed", "passed"]),
        (Gate(), WARNED_DATA, True, ["warned", "passed", "passed", "passed"]),
        (Gate(**STRICT), CLEAN, False, ["passed", "failed", "passed", "failed"]),
        (Gate(**STRICT, rule="classification"), CLEAN, True, ["passed", "warned", "passed", "passed"]),
    ],
)
def test_the_terminal_and_the_page_call_a_state_by_the_same_name(
    tmp_path: Path, gate: Gate, findings: dict[str, Any], push: bool, states: list[str]
):
    run = whole(tmp_path, good_files(push, gate=gate) | {"gate": findings})
    lines = [line.split() for line in printed(run).splitlines()]
    subjects = ["data", "regression", "classification", "push"]
    assert [line[:2] for line in lines if line and line[0] in subjects] == [
        list(pair) for pair in zip(subjects, states, strict=True)
    ]
    report = json.loads(write_report(run, tmp_path).with_name("report.json").read_text())
    assert [(entry["subject"], entry["state"]) for entry in report["verdict"]] == list(
        zip(subjects, states, strict=True)
    )


def test_each_reason_stands_under_its_head_without_the_heads_name(tmp_path: Path):
    text = printed(whole(tmp_path, good_files(False, gate=Gate(**STRICT))))
    assert "regression: " not in text
    assert "classification: " not in text
    assert "MAE must be at most 0.001, got 0.2" in text
    assert "There is no production model yet to compare with." in text


def test_a_terminal_of_eighty_columns_has_the_reasons_below_their_head(tmp_path: Path):
    run = whole(tmp_path, good_files(False, gate=Gate(**STRICT)))
    lines = printed(run, 80).splitlines()
    assert max(map(len, lines)) <= 80
    first, last = lines.index("regression      failed"), lines.index("classification  passed")
    assert lines[first + 1].startswith(" • price: MAE 0.")
    assert lines[first + 2].startswith(" • MAE must be at most 0.001, got ")
    assert sum(line.startswith(" • ") for line in lines[first:last]) == 5
    assert all(line.startswith((" • ", "   ")) for line in lines[first + 1 : last])
    assert "push            failed  nothing pushed: the model was rejected" in lines
    assert "data            passed  1 note above" in lines
    assert printed(run, 80).replace("•", "").split() == printed(run).split()


def test_a_narrow_terminal_breaks_no_path(tmp_path: Path):
    files = good_files()
    files["push"]["path"] = "/" + "long/" * 30 + "3"
    text = printed(whole(tmp_path, files), 80)
    assert f"push            passed  version 3 in {files['push']['path']}\n" in text
