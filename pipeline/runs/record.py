"""Run records: one JSON file per run, written as it goes, so that even a killed run leaves its trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.formats.json_file import JsonDocument
from components.report.parts.runs import ListedRun
from components.shared.kept_files import replace_text
from pipeline.errors import InputError, did_you_mean, warn
from pipeline.local.lock import is_running

START = "Start"
"""The first step of a run: what is imported and built before the pipeline's own steps are known."""
FOLDER = "runs"
REPORTS = "reports"
_LEFT_OUT = "That run is left out of everything; remove the file to hear no more of it."


@dataclass
class StepRecord:
    """One step of a run.

    Args:
        name: the node's id.
        state: `waiting`, `running`, `done`, `cached` or `failed`.
        reason: why it ran or did not.
        detail: what it did, in a few words.
        seconds: how long it took.
        peak_memory: most memory the process held meanwhile, in MiB; None where that is not known.
        keys: argument -> short hash, to tell the next run what changed.
        artifacts: output -> folder.
        cpu_seconds: CPU time of the process, and of those it has started that ended meanwhile; None where that is not
            known.
    """

    name: str
    state: str = "waiting"
    reason: str = ""
    detail: str = ""
    seconds: float = 0.0
    keys: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)
    peak_memory: float | None = None
    cpu_seconds: float | None = None

    @property
    def busy_seconds(self) -> float:
        """Seconds on a machine that does nothing else: CPU time where that is less, as other work held the cores."""
        return self.seconds if self.cpu_seconds is None else min(self.seconds, self.cpu_seconds)


@dataclass
class Run(JsonDocument):
    """One run of a pipeline; its record is written again as it goes.

    Args:
        id: time of its start, unique in its output folder.
        pipeline: the pipeline's name.
        state: `running`, `pushed`, `rejected`, `stopped` (by the data gate), `validated` (no further step was wanted),
            `tuned`, `failed`, or, when read back, `interrupted`.
        started: UTC, ISO 8601.
        config: the resolved configuration.
        origins: dotted key -> where its value comes from.
        digest: digest of data, configuration and code.
        steps: the steps in their order.
        seconds: how long the run took.
        problems: sentences that say why it was stopped, rejected or failed.
        metrics: head -> metric -> value on the eval split.
        version: the pushed version.
    """

    id: str
    pipeline: str
    state: str
    started: str
    config: dict[str, Any]
    origins: dict[str, str]
    digest: str = ""
    steps: list[StepRecord] = field(default_factory=list)
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    metrics: dict[str, dict[str, float | None]] = field(default_factory=dict)
    version: int | None = None

    @property
    def ended_early(self) -> bool:
        """Whether the run ended before its steps were known; such a run has nothing to report."""
        return self.state in ("failed", "interrupted") and all(step.name == START for step in self.steps)

    def artifact(self, step: str, output: str) -> str | None:
        """Returns the folder of an output of a step, None where the run did not come that far."""
        return next((found.artifacts.get(output) for found in self.steps if found.name == step), None)

    def listed(self, report: str | None = None) -> ListedRun:
        """Returns what a list shows of the run.

        Args:
            report: address of its page, relative to the list.
        """
        return ListedRun(
            self.id,
            self.pipeline,
            self.state,
            self.started,
            self.seconds,
            self.version,
            self.problems,
            self.metrics,
            self.config.get("labels", {}),
            report,
        )

    def write(self, output: Path) -> None:
        """Writes the record; readers see the old or the new one, never a part."""
        path = record_path(output, self.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, self.text())


@dataclass(frozen=True)
class Finished:
    """A run with the folder it wrote to."""

    output: Path
    run: Run


def record_path(output: Path, run_id: str) -> Path:
    """Returns where the record of a run lies."""
    return output / FOLDER / f"{run_id}.json"


def report_folder(output: Path, run_id: str) -> Path:
    """Returns where the report of a run lies, if it left one."""
    return output / REPORTS / run_id


def new_run(output: Path, pipeline: str, config: dict[str, Any], origins: dict[str, str]) -> Run:
    """Returns a running run with an id that no other run of this output folder has."""
    now = datetime.now(UTC)
    stem = now.strftime("%Y%m%d-%H%M%S")
    run_id, attempt = stem, 1
    while record_path(output, run_id).exists():
        attempt += 1
        run_id = f"{stem}-{attempt}"
    return Run(run_id, pipeline, "running", now.isoformat(timespec="seconds"), config, origins)


def read_runs(output: Path) -> list[Run]:
    """Returns the runs of an output folder, oldest first; a run whose process died is `interrupted`.

    A record that cannot be read is left out, see `unreadable`.
    """
    runs = [record for record in _records(output) if isinstance(record, Run)]
    unfinished = [run for run in runs if run.state == "running"]
    if unfinished and not is_running(output):
        for run in unfinished:
            run.state = "interrupted"
    return runs


def unreadable(outputs: Iterable[Path]) -> list[str]:
    """Returns a sentence for each record of a run that cannot be read, as a power cut or a newer mtl may leave it."""
    return [str(record) for output in outputs for record in _records(output) if isinstance(record, InputError)]


def warn_of_unreadable(outputs: Iterable[Path]) -> None:
    """Says on the standard error which records of runs are left out."""
    for sentence in unreadable(outputs):
        warn(sentence)


def _records(output: Path) -> Iterator[Run | InputError]:
    # By time, then by number: "…-2" comes before "…-10" and after the run without a number.
    for path in sorted((output / FOLDER).glob("*.json"), key=lambda path: (path.stem[:15], len(path.stem), path.stem)):
        try:
            yield Run.read_from(path, _LEFT_OUT)
        except InputError as refused:
            yield refused


def find_run(run_id: str, outputs: Sequence[Path]) -> Finished:
    """Returns the run with this id.

    Raises:
        InputError: no output folder has it, more than one has, or its record cannot be read.
    """
    known = [Finished(output, run) for output in outputs for run in read_runs(output)]
    found = [candidate for candidate in known if candidate.run.id == run_id]
    places = ", ".join(str(output) for output in outputs) or "runs"
    if damaged := [output for output in outputs if not found and record_path(output, run_id).exists()]:
        Run.read_from(record_path(damaged[0], run_id), "Name another of `mtl runs`, or run again.")
    if not found:
        guess = did_you_mean(run_id, [candidate.run.id for candidate in known])
        raise InputError(
            f'The run must be one of those under {places}, got "{run_id}".{guess} Use `mtl runs` to list them.'
        )
    if len(found) > 1:
        raise InputError(f'The run must be in one output folder, got "{run_id}" in {places}. Give --output FOLDER.')
    return found[0]
