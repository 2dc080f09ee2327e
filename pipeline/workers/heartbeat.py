"""Whether the workers of a Beam job live: each touches a file where all artifacts are, and who waits for the job looks.

A job server is to end a job whose workers are gone. Prism 2.73.0 did so at once when a worker was killed in
StatisticsGen, and still called a job of Transform running two minutes later. Workers import this module as a plugin of
Beam before all work.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SILENCE = 300.0
"""Seconds without a sign of any worker that had given one before, after which a job is given up."""
_BEAT = 5.0
_POLL = 1.0
_EXPERIMENT = "mtl_heartbeat="
_GRACE = 10.0


class WorkersLost(RuntimeError):
    """No worker of a job lives."""


def heartbeat_arguments(folder: Path) -> list[str]:
    """Returns the arguments of a Beam job whose workers are to give signs of life.

    Args:
        folder: an empty folder that all workers see, or none; where they cannot write, they give no sign.
    """
    return [f"--experiments={_EXPERIMENT}{folder}", f"--beam_plugin={__name__}"]


def start(environment: Mapping[str, str] = os.environ) -> threading.Thread | None:
    """Starts the signs of life of this process, if it is a worker that is asked for them.

    Args:
        environment: the variables that Beam gives a worker.
    """
    folder = _folder(environment)
    if folder is None:
        return None
    file = folder / f"{socket.gethostname()}-{os.getpid()}"
    thread = threading.Thread(target=_beat, args=(file,), name="heartbeat", daemon=True)
    thread.start()
    return thread


def _folder(environment: Mapping[str, str]) -> Path | None:
    text = environment.get("PIPELINE_OPTIONS", "")
    if file := environment.get("PIPELINE_OPTIONS_FILE"):
        text = Path(file).read_text(encoding="utf-8")
    options = json.loads(text) if text else {}
    for name, values in options.items():
        if "experiments" in name and isinstance(values, list):  # beam:option:experiments:v1
            for value in values:
                if str(value).startswith(_EXPERIMENT):
                    return Path(str(value).removeprefix(_EXPERIMENT))
    return None


def _beat(file: Path) -> None:
    with contextlib.suppress(OSError):  # the job is over, or this machine does not see the folder
        while True:
            file.write_text(str(time.time()), encoding="ascii")
            time.sleep(_BEAT)


class _Watch:
    """When a worker last gave a sign, by the clock of this process alone."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._seen: dict[str, str] = {}
        self._changed = time.monotonic()

    def silent(self) -> float:
        """Returns the seconds since the last sign; 0 where there never was one."""
        seen = {}
        with contextlib.suppress(OSError):  # a file is being replaced
            seen = {path.name: path.read_text(encoding="ascii") for path in self._folder.iterdir()}
        if seen and seen != self._seen:
            self._seen, self._changed = seen, time.monotonic()
        return time.monotonic() - self._changed if self._seen else 0.0


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[None]:
    """Has a job on a job server given up where all its workers are silent, while the block lasts.

    Args:
        folder: that of `heartbeat_arguments`.

    Raises:
        WorkersLost: they are.
    """
    from apache_beam.runners.portability.portable_runner import PipelineResult

    wait = PipelineResult.wait_until_finish

    def wait_until_finish(self: Any, duration: int | None = None) -> Any:
        if duration:
            return wait(self, duration)
        watch, outcome = _Watch(folder), _Outcome()
        waiting = threading.Thread(target=outcome.of, args=(wait, self), name="wait for the job", daemon=True)
        waiting.start()
        while waiting.is_alive():
            waiting.join(_POLL)
            if waiting.is_alive() and watch.silent() > SILENCE:
                cancelling = threading.Thread(target=_cancel, args=(self,), daemon=True)
                cancelling.start()
                cancelling.join(_GRACE)
                raise WorkersLost(f"no sign of a worker for {SILENCE:.0f} s")
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    folder.mkdir(parents=True, exist_ok=True)
    PipelineResult.wait_until_finish = wait_until_finish
    try:
        yield
    finally:
        PipelineResult.wait_until_finish = wait


class _Outcome:
    """What a call in another thread returned or raised."""

    value: Any = None
    error: BaseException | None = None

    def of(self, call: Any, *arguments: Any) -> None:
        try:
            self.value = call(*arguments)
        except BaseException as error:
            self.error = error


def _cancel(result: Any) -> None:
    with contextlib.suppress(Exception):  # a job server that hangs, or is gone
        result.cancel()


start()
