"""One run at a time per output folder; the system frees the lock when a run dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import InputError, RunInProgress


@contextlib.contextmanager
def only_run(output: Path) -> Iterator[None]:
    """Makes the output folder and holds it for this process.

    Raises:
        RunInProgress: another process holds it.
        InputError: the folder cannot be made or written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(output / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(
            f"runtime.output must be a folder that can be written, got {output} ({error.strerror}). "
            "Choose another with --set runtime.output=FOLDER."
        ) from None
    try:
        try:
            _take(descriptor)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode() or "unknown"
            raise RunInProgress(
                f"runtime.output must be free, got {output}, in use by process {holder}. "
                "Wait for that run, or choose another folder with --set runtime.output=FOLDER."
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, patience: float = 0.5) -> None:
    """Takes the lock, or raises BlockingIOError; `is_running` of another process holds it for a moment."""
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def is_running(output: Path) -> bool:
    """Returns whether a living process holds the output folder."""
    try:
        descriptor = os.open(output / ".lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
