"""The report of a local run: written after it, however it ended, and found again."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from components.formats.report import RunPart, StepPart
from components.report.collect import Origin, Sources, collect, settings
from components.report.files import PAGE, write
from pipeline.config.messages import origin_of
from pipeline.errors import InputError
from pipeline.graph.steps import STEPS
from pipeline.runs.record import Finished, Run, find_run, read_runs, report_folder

_ENDED = {"failed": "failed", "interrupted": "was interrupted"}


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
    origin = Origin(
        pipeline=run.pipeline,
        config=run.config,
        origins={key: origin_of(run.origins, key) for key in settings(run.config)},
        lineage=[(step.name, name, path) for step in run.steps for name, path in step.artifacts.items()],
        run=run_part(run, output),
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


def find_report(outputs: Sequence[Path], run_id: str | None) -> Path:
    """Returns the page of a run, made again from its artifacts where it is missing.

    Args:
        outputs: output folders to look in.
        run_id: the run; None for the newest of those that were to report.

    Raises:
        InputError: there is no such run, it is still running, or it ended before its steps were known.
    """
    found = _newest(outputs) if run_id is None else find_run(run_id, outputs)
    run = found.run
    page = report_path(found.output, run.id)
    if page.exists():
        return page
    if run.state == "running":
        raise InputError(f'The run "{run.id}" must have ended, got one in progress. Wait for it.')
    if run.ended_early:
        why = f": {run.problems[0]}" if run.problems else "."
        raise InputError(
            f'The run "{run.id}" must have come to its first step to have a report, got one that {_ENDED[run.state]} '
            f"before it{why} Name another of `mtl runs`, or run again."
        )
    return write_report(run, found.output)


def _newest(outputs: Sequence[Path]) -> Finished:
    known = [Finished(output, run) for output in outputs for run in read_runs(output)]
    # An older report in place of one that there is not would be taken for that of the newest run.
    reporting = [each for each in known if is_reported(each.run) or each.run.ended_early]
    if not reporting:
        places = ", ".join(map(str, outputs)) or "runs"
        raise InputError(
            f"There must be a run under {places} to report on, got none. Use `mtl run`, or give --output FOLDER."
        )
    return max(reporting, key=lambda each: each.run.started)


def run_part(run: Run, output: Path) -> RunPart:
    """Returns what a report says of a run itself."""
    log = log_path(output, run.id)
    return RunPart(
        id=run.id,
        started=run.started,
        state=run.state,
        seconds=run.seconds,
        problems=tuple(run.problems),
        log=str(log) if log.exists() else None,
        steps=tuple(
            StepPart(step.name, step.state, step.seconds, step.peak_memory, step.detail, step.reason)
            for step in run.steps
        ),
    )


def _sources(run: Run) -> Sources:
    return Sources(
        **{
            source: run.artifact(step.name, output)
            for step in STEPS.values()
            for source, output in step.report_source.items()
        }
    )
