"""What the command says of runs: the list, two side by side, and their reports."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Said, refused

from pipeline.runs.record import Run, StepRecord


def test_no_runs(mtl: Callable[..., Said]):
    assert refused(mtl("runs")) == (
        "There must be a run to list, got none under runs. Use `mtl run`, or give --output FOLDER."
    )
    assert mtl("runs", "--json").out == "[]\n"
    assert refused(mtl("runs", "--output", "out")).startswith("There must be a run to list, got none under out.")


def test_runs_are_listed_oldest_first(mtl: Callable[..., Said]):
    for name, second, state, metrics, problems in [
        ("b", 1, "pushed", {"regression": {"mae": 0.123456}, "classification": {"log_loss": 1}}, []),
        ("a", 2, "stopped", {}, ['"x" must be [FLOAT], got text.']),
    ]:
        Run(
            f"20260101-00000{second}", name, state, f"2026-01-01T00:00:0{second}+00:00", {}, {},
            seconds=2.4, metrics=metrics, problems=problems, version=3 if state == "pushed" else None,
        ).write(Path("runs") / name)  # fmt: skip
    said = mtl("runs")
    assert (said.code, said.error) == (0, "")
    heading, first, second, *pages = (line.split() for line in said.out.splitlines())
    assert pages == [["Page:", f"runs/{name}/reports/index.html"] for name in "ab"]
    assert heading[:3] == ["run", "pipeline", "result"]
    assert first[:4] == ["20260101-000001", "b", "pushed", "0.1235"]
    assert first[-2:] == ["3", "2"]
    assert second[:3] == ["20260101-000002", "a", "stopped"]
    assert said.out.splitlines()[2].endswith('"x" must be [FLOAT], got text.')
    assert [run["id"] for run in json.loads(mtl("runs", "--json").out)] == [
        "20260101-000001",
        "20260101-000002",
    ]
    lines = mtl("runs", "--output", "runs/a").out.splitlines()
    assert len(lines) == 3
    assert lines[-1] == "Page: runs/a/reports/index.html"
    assert Path("runs/a/reports/index.html").exists()


def test_a_terminal_of_eighty_columns_cuts_no_figure(mtl: Callable[..., Said], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    metrics = {"regression": {"mae": 0.123456}, "classification": {"log_loss": 0.0345678}}
    why = "MAE must be no higher than that of version 1 by more than noise, got 0.04 more [0.02, 0.06]."
    for second, state, problems in ((1, "rejected", [why]), (2, "pushed", [])):
        name = f"20260101-00000{second}"
        Run(name, "wine", state, f"2026-01-01T00:00:0{second}+00:00", {}, {}, seconds=86, metrics=metrics, version=1,
            problems=problems).write(Path("runs/wine"))  # fmt: skip
    heading, first, reason, second, page = mtl("runs").out.splitlines()
    assert heading.split() == ["run", "pipeline", "result", "mae", "log_loss", "version", "seconds"]
    assert first.split() == ["20260101-000001", "wine", "rejected", "0.1235", "0.03457", "1", "86"]
    assert second.split() == ["20260101-000002", "wine", "pushed", "0.1235", "0.03457", "1", "86"]
    assert reason == f"  {why}"
    assert page == "Page: runs/wine/reports/index.html"


def test_runs_that_ended_before_their_first_step_are_named(mtl: Callable[..., Said]):
    for second, steps in enumerate(([StepRecord("Start"), StepRecord("ExampleGen")], [StepRecord("Start")], [])):
        started = f"2026-01-01T00:00:0{second}+00:00"
        Run(f"20260101-00000{second}", "t", "failed", started, {}, {}, steps=steps).write(Path("runs/t"))
    said = mtl("runs")
    assert (said.code, said.error) == (0, "")
    assert said.out.splitlines()[-2] == (
        "Without a report, as they ended before their first step: 20260101-000001, 20260101-000002."
    )


def test_two_runs_are_compared(mtl: Callable[..., Said]):
    for second, epochs, mae in ((1, 5, 0.5), (2, 7, 0.25)):
        Run(
            f"20260101-00000{second}", "a", "pushed", f"2026-01-01T00:00:0{second}+00:00",
            {"training": {"epochs": epochs}}, {}, metrics={"regression": {"mae": mae}}, version=second,
        ).write(Path("runs/a"))  # fmt: skip
    said = mtl("compare", "20260101-000001", "20260101-000002", "--html", "c.html")
    assert (said.code, said.error) == (0, "")
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[:2] == [
        ["A", "20260101-000001", "a", "pushed,", "version", "1"],
        ["B", "20260101-000002", "a", "pushed,", "version", "2"],
    ]
    assert ["training.epochs", "5", "7"] in lines
    assert ["data", "nothing", "is", "known", "of", "it"] in lines
    assert ["MAE", "0.500", "0.250", "−0.250", "not", "clear"] in lines
    assert lines[-1] == ["Page:", "c.html"]
    assert "<code>training.epochs</code>" in Path("c.html").read_text(encoding="utf-8")
    assert refused(mtl("compare", "20260101-000001", "20260101-000003")) == (
        'The run must be one of those under runs/a, got "20260101-000003". Did you mean "20260101-000002"? '
        "Use `mtl runs` to list them."
    )


def test_report_prints_and_opens_the_page_of_a_run(mtl: Callable[..., Said], monkeypatch: pytest.MonkeyPatch):
    assert refused(mtl("report")) == (
        "There must be a run under runs to report on, got none. Use `mtl run`, or give --output FOLDER."
    )
    for second in (1, 2):
        started = f"2026-01-01T00:00:0{second}+00:00"
        steps = [StepRecord("DataReport")]
        Run(f"20260101-00000{second}", "t", "failed", started, {"name": "t"}, {}, steps=steps).write(Path("runs/t"))
    said = mtl("report")
    page = Path.cwd() / "runs/t/reports/20260101-000002/report.html"
    assert (said.code, said.out, said.error) == (0, f"{page}\n", "")
    assert json.loads(page.with_name("report.json").read_text())["run"]["id"] == "20260101-000002"
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: not opened.append(address))
    said = mtl("report", "20260101-000001", "--open", "--output", "runs/t")
    assert opened == [page.as_uri().replace("000002", "000001")]
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert refused(mtl("report", "--open")).endswith("got none. Open the file by hand.")
    assert (
        refused(mtl("report", "1"))
        == 'The run must be one of those under runs/t, got "1". Use `mtl runs` to list them.'
    )


def test_a_damaged_record_ends_no_verb(mtl: Callable[..., Said]):
    for second in (1, 2):
        started = f"2026-01-01T00:00:0{second}+00:00"
        Run(
            f"20260101-00000{second}", "t", "failed", started, {"name": "t"}, {}, steps=[StepRecord("DataReport")]
        ).write(Path("runs/t"))
    damaged = Path("runs/t/runs/20260101-000003.json")
    damaged.touch()
    warning = (
        f"warning: {damaged} must hold what mtl wrote, got an empty file. "
        "That run is left out of everything; remove the file to hear no more of it.\n"
    )
    listed, as_json = mtl("runs"), mtl("runs", "--json")
    assert [run["id"] for run in json.loads(as_json.out)] == ["20260101-000001", "20260101-000002"]
    assert Path("runs/t/reports/index.html").exists()
    compared = mtl("compare", "20260101-000001", "20260101-000002")
    reported, named = mtl("report"), mtl("report", "20260101-000001")
    assert reported.out.endswith("20260101-000002/report.html\n")
    for said in (listed, as_json, compared, reported, named):
        assert (said.code, said.error) == (0, warning)
    asked = mtl("report", "20260101-000003")
    assert (asked.code, asked.error) == (
        2,
        f"{warning}error: {damaged} must hold what mtl wrote, got an empty file. "
        "Name another of `mtl runs`, or run again.\n",
    )


def test_damaged_numbers_of_a_report_are_named_and_made_again(mtl: Callable[..., Said]):
    for second in (1, 2):
        started = f"2026-01-01T00:00:0{second}+00:00"
        Run(
            f"20260101-00000{second}", "t", "failed", started, {"name": "t"}, {}, steps=[StepRecord("DataReport")]
        ).write(Path("runs/t"))
        assert mtl("report", f"20260101-00000{second}").code == 0
    folder = Path("runs/t/reports/20260101-000002")
    (folder / "report.json").write_bytes(b"")
    assert refused(mtl("compare", "20260101-000001", "20260101-000002")) == (
        f"{folder}/report.json must hold what mtl wrote, got an empty file. "
        f"Remove {folder}; `mtl report 20260101-000002` writes it again."
    )
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert mtl("report", "20260101-000002").code == 0
    assert mtl("compare", "20260101-000001", "20260101-000002").code == 0


def test_report_needs_no_tensorflow(tmp_path: Path):
    steps = [StepRecord("DataReport")]
    Run("1", "t", "failed", "2026-01-01T00:00:00+00:00", {"name": "t"}, {}, steps=steps).write(tmp_path)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pipeline.runs.report import find_report\n"
        f"assert find_report([Path({str(tmp_path)!r})], None).exists()\n"
        "assert not {'tensorflow', 'tfx', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
