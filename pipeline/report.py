"""The report of a local run: written after it, however it ended, and found again."""

from __future__ import annotations

import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.report.collect import Origin, Sources, collect, leaves
from components.report.files import PAGE, write
from pipeline.errors import InputError
from pipeline.runs import Run, Step, read_runs, report_folder
from pipeline.sentences import origin_of

_SHOWN = ("name", "state", "seconds", "peak_memory", "detail", "reason")


def report_path(output: Path, run_id: str) -> Path:
    """Returns where the page of a run lies."""
    return report_folder(output, run_id) / PAGE


def log_path(output: Path, run_id: str) -> Path:
    """Returns where the log of a run lies."""
    return output / "logs" / f"{run_id}.log"


def is_reported(run: Run) -> bool:
    """Returns whether a report was wanted of a run, however far it came; `mtl schema` wants none."""
    return any(step.name == "DataReport" for step in run.steps)


def write_report(run: Run, output: Path) -> Path:
    """Makes the report from the artifacts that a run left, and returns the page."""
    log = log_path(output, run.id)
    origin = Origin(
        pipeline=run.pipeline,
        config=run.config,
        origins={key: origin_of(run.origins, key) for key, _ in leaves(run.config)},
        lineage=[(step.name, name, path) for step in run.steps for name, path in step.artifacts.items()],
        run={
            "id": run.id,
            "started": run.started,
            "state": run.state,
            "seconds": run.seconds,
            "problems": run.problems,
            "log": str(log) if log.exists() else None,
            "steps": [_shown(step) for step in run.steps],
        },
    )
    page = report_path(output, run.id)
    write(collect(_sources(run), origin), page.parent)
    return page


def try_to_write_report(run: Run, output: Path) -> None:
    """Writes the report; if that fails, the log has why, and the run keeps its own outcome."""
    try:
        write_report(run, output)
    except Exception:
        with open(log_path(output, run.id), "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)


def find_report(outputs: list[Path], run_id: str | None) -> Path:
    """Returns the page of a run, made again from its artifacts where it is missing.

    Args:
        outputs: output folders to look in.
        run_id: the run; None for the newest of those that report.

    Raises:
        InputError: there is no such run, or it is still running.
    """
    found = [(run, output) for output in outputs for run in read_runs(output) if run_id or is_reported(run)]
    matching = [pair for pair in found if run_id in (None, pair[0].id)]
    if not matching:
        known = ", ".join(run.id for run, _ in sorted(found, key=lambda pair: pair[0].started)[-5:]) or "none"
        what = "any run" if run_id is None else f'the run "{run_id}"'
        places = ", ".join(map(str, outputs)) or "runs"
        raise InputError(
            f"There must be {what} under {places} to report on, got {known}. "
            "Take an id from `mtl runs`, or give --output FOLDER."
        )
    run, output = max(matching, key=lambda pair: pair[0].started)
    page = report_path(output, run.id)
    if page.exists():
        return page
    if run.state == "running":
        raise InputError(f'The run "{run.id}" must have ended, got one in progress. Wait for it.')
    return write_report(run, output)


def _shown(step: Step) -> dict[str, Any]:
    values = asdict(step)
    return {name: values[name] for name in _SHOWN}


def _sources(run: Run) -> Sources:
    artifacts = {(step.name, name): path for step in run.steps for name, path in step.artifacts.items()}
    return Sources(
        examples=artifacts.get(("ExampleGen", "examples")),
        anomalies=artifacts.get(("DataValidator", "anomalies")),
        columns=artifacts.get(("DataReport", "report")),
        model_run=artifacts.get(("Trainer", "model_run")),
        evaluation=artifacts.get(("Evaluator", "evaluation")),
        pushed_model=artifacts.get(("Pusher", "pushed_model")),
        relatedness=artifacts.get(("Relatedness", "relatedness")),
    )
