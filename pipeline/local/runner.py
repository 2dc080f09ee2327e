"""Runs the pipeline on this machine under TFX's LocalDagRunner and tells what happens."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from components.example_gen.plan import at_hand
from components.pusher import smoke_test
from components.shared.heavy_imports import heavy_imports
from pipeline.config.resolve import Resolved
from pipeline.config.run import Config
from pipeline.errors import MtlError, Rejected
from pipeline.graph.inputs import Source, gather
from pipeline.graph.steps import STEPS
from pipeline.local import step_summaries
from pipeline.local.captured_output import output_to
from pipeline.local.lineage import DATABASE, cache_place, claim_artifacts, require_database
from pipeline.local.lock import only_run
from pipeline.local.memory import peak, reset_peak
from pipeline.local.progress import Progress
from pipeline.runs.record import START, Run, StepRecord, new_run, read_runs, warn_of_unreadable
from pipeline.runs.report import is_reported, log_path, try_to_write_report

LAST = "Report"
TUNER = "Tuner"
_FITTED = "Trainer"  # a new model is evaluated, and then checked in a fresh process
_ROWS = "pushed_rows"
_MEANING = {
    "fingerprint": "data",
    "code": "code",
    "reviewed_schema": "schema",
    "version": "production model",
    "content": "production model",
    _ROWS: "production model",
}


def run(resolved: Resolved, *, cache: bool = True, until: str = LAST, source: Source | None = None) -> Run:
    """Runs the pipeline and returns its record.

    The terminal shows one table; everything libraries print goes to `logs/<run id>.log` in the output folder, and the
    report to `reports/<run id>/`, however the run ends, if one of its steps reports.

    Args:
        resolved: the configuration and its origins.
        cache: False runs every step, whatever ran before.
        until: the last step to run; the Tuner runs in no other case.
        source: the data, as the check before the run found it; None has it looked up now.

    Returns:
        The record of the run: `pushed`, `rejected` or `stopped`; `validated` when it ended before the Pusher,
        `tuned` when it ended with the Tuner.

    Raises:
        MtlError: the input cannot be used, or another run holds the output folder.
        Exception: a bug; the record and the log have it too.
    """
    config = resolved.config
    began = time.monotonic()
    with only_run(config.output):
        earlier = read_runs(config.output)
        warn_of_unreadable([config.output])
        _require_lineage(config)
        record = new_run(config.output, config.name, config.as_json(), resolved.origins)
        record.write(config.output)
        log = log_path(config.output, record.id)
        log.parent.mkdir(exist_ok=True)
        try:
            with output_to(log) as terminal:
                _run(record, resolved, earlier, cache, until, source, terminal)
        except MtlError as error:
            record.state = "stopped" if isinstance(error, Rejected) else "failed"
            record.problems = list(error.problems) if isinstance(error, Rejected) else [str(error)]
            if not isinstance(error, Rejected):
                raise
        except BaseException as error:
            record.state = "interrupted" if isinstance(error, (KeyboardInterrupt, SystemExit)) else "failed"
            record.problems = [f"{type(error).__name__}: {error}"]
            raise
        finally:
            smoke_test.discard()
            record.seconds = time.monotonic() - began
            record.write(config.output)
            if is_reported(record):
                try_to_write_report(record, config.output)
    return record


def _require_lineage(config: Config) -> None:
    """Checks that the database can be used, and that the artifacts are those that it knows."""
    new = not (config.output / DATABASE).exists()
    if config.runtime.metadata is None:
        require_database(config.output / DATABASE)
    else:
        from pipeline.local.metadata_server import require_server

        new = require_server(config.runtime.metadata)
    claim_artifacts(config, new)


def _run(
    record: Run,
    resolved: Resolved,
    earlier: list[Run],
    cache: bool,
    until: str,
    source: Source | None,
    terminal: TextIO,
) -> None:
    config = resolved.config
    inputs = gather(config, source)
    record.digest = inputs.production.digest
    start = StepRecord(START, reason="import of TensorFlow and TFX")
    record.steps = [start]
    watcher = _Watcher(record, earlier, config.output, cache)
    with Progress(Console(file=terminal), record.steps) as progress:
        watcher.progress = progress
        watcher.started(start.name)
        # GPU memory is taken as needed, not all at once; must stand before TensorFlow is imported.
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        with heavy_imports():
            from tfx.orchestration.local.local_dag_runner import LocalDagRunner

            from pipeline.graph.build import build, up_to
            from pipeline.local.cache_keys import cache_keys
            from pipeline.local.hooks import observed
            from pipeline.local.metadata_server import connected
            from pipeline.workers.failures import jobs_explained

        pipeline = up_to(build(config, inputs, search=until == TUNER), until)
        pipeline.enable_cache = cache
        record.steps += [
            StepRecord(node.id, reason=STEPS[node.id].reason, keys=_keys(node.exec_properties))
            for node in pipeline.components
        ]
        watcher.finished(start.name, False, {})
        data_at_hand = at_hand(None if source is None else source.plan)
        jobs = jobs_explained(config.runtime)
        with observed(watcher), cache_keys(cache_place(config)), jobs, data_at_hand:
            try:
                with connected(config.runtime.metadata):
                    LocalDagRunner().run(pipeline)
            except BaseException as error:
                watcher.stopped(error)
                if isinstance(error, Exception):
                    traceback.print_exc()  # into the log
                raise
    if until == LAST:
        _conclude(record)
    else:
        record.state = "tuned" if until == TUNER else "validated"


def _conclude(record: Run) -> None:
    evaluation, pushed = step_summaries.evaluation(record), step_summaries.push(record)
    assert evaluation is not None, "LocalDagRunner returned, so the Evaluator has run"
    assert pushed is not None, "LocalDagRunner returned, so the Pusher has run"
    record.metrics = evaluation.values
    record.state = "pushed" if pushed.pushed else "rejected"
    record.version = pushed.version
    if not pushed.pushed:
        record.problems = evaluation.verdict.reasons


def _keys(properties: dict[str, Any]) -> dict[str, str]:
    """Returns a short hash of every argument of a node, `custom_config` taken apart."""
    flat = {name: value for name, value in properties.items() if name != "provenance"}
    custom = flat.pop("custom_config", None)
    if custom:
        flat |= json.loads(custom)
    return {name: hashlib.sha256(str(value).encode()).hexdigest()[:12] for name, value in flat.items()}


def _cpu_seconds() -> float:
    """Returns the CPU time of this process and of those it started that have ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


class _Watcher:
    """Keeps the record and the table up to date while nodes run."""

    progress: Progress

    def __init__(self, record: Run, earlier: list[Run], output: Path, cache: bool):
        self._record = record
        self._earlier = earlier
        self._output = output
        self._cache = cache
        self._began = self._worked = 0.0
        self._measures = False

    def started(self, node: str) -> None:
        step = self._step(node)
        if step.state != "running":
            self._begin(step)

    def finished(self, node: str, cached: bool, artifacts: dict[str, str]) -> None:
        step = self._step(node)
        self._measure(step)
        step.artifacts = artifacts
        step.detail = step_summaries.detail(step)
        step.reason = step.reason or ("unchanged" if cached else self._why(step))
        self._show(step, "cached" if cached else "done")
        if node == _FITTED and not cached:
            smoke_test.prepare()
        following = self._record.steps.index(step) + 1
        if following < len(self._record.steps):
            # From here on, because the imports of a step come before TFX tells that it starts.
            self._begin(self._record.steps[following])

    def failed(self, node: str, error: BaseException) -> None:
        step = self._step(node)
        self._measure(step)
        step.detail = "stopped the run" if isinstance(error, MtlError) else type(error).__name__
        self._show(step, "failed")

    def stopped(self, error: BaseException) -> None:
        """Marks the step that was about to run; the launcher tells only of one that it has started."""
        for step in self._record.steps:
            if step.state == "running":
                self.failed(step.name, error)

    def _begin(self, step: StepRecord) -> None:
        self._began, self._worked = time.monotonic(), _cpu_seconds()
        self._measures = reset_peak()
        self._show(step, "running")

    def _measure(self, step: StepRecord) -> None:
        step.seconds, step.cpu_seconds = time.monotonic() - self._began, _cpu_seconds() - self._worked
        step.peak_memory = peak() if self._measures else None

    def _step(self, node: str) -> StepRecord:
        return next(step for step in self._record.steps if step.name == node)

    def _show(self, step: StepRecord, state: str) -> None:
        step.state = state
        self._record.write(self._output)
        self.progress.update(step)

    def _why(self, step: StepRecord) -> str:
        """Says why a step ran: what differs from the last run in which it completed."""
        if not self._cache:
            return "cache off"
        for run in reversed(self._earlier):
            for before in run.steps:
                if before.name == step.name and before.state in ("done", "cached"):
                    changed = [name for name, key in step.keys.items() if before.keys.get(name) != key]
                    if len(changed) > 1 and _ROWS in changed:
                        changed.remove(_ROWS)  # it only comes along with new data
                    words = dict.fromkeys(_MEANING.get(name, "config") for name in changed)
                    return f"{' and '.join(words)} changed" if words else "an earlier step changed"
        return ""
