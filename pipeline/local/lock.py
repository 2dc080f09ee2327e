"""One run at a time per output folder; the system frees the lock when a run dies, however it dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from components.shared.file_lock import is_locked, locked
from components.shared.file_names import LOCK
from pipeline.errors import InputError, RunInProgress

_PATIENCE = 0.5  # seconds; `is_running` of another process holds the lock for a moment


@contextlib.contextmanager
def only_run(output: Path) -> Iterator[None]:
    """Makes the output folder and holds it for this process.

    Raises:
        RunInProgress: another process holds it.
        InputError: the folder cannot be made or written.
    """
    with contextlib.ExitStack() as stack:
        try:
            output.mkdir(parents=True, exist_ok=True)
            descriptor = stack.enter_context(locked(output / LOCK, _PATIENCE))
        except BlockingIOError:
            holder = (output / LOCK).read_text() or "unknown"
            raise RunInProgress(
                f"runtime.output must be free, got {output}, in use by process {holder}. "
                "Wait for that run, or choose another folder with --set runtime.output=FOLDER."
            ) from None
        except OSError as error:
            raise InputError(
                f"runtime.output must be a folder that can be written, got {output} ({error.strerror}). "
                "Choose another with --set runtime.output=FOLDER."
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield


def is_running(output: Path) -> bool:
    """Returns whether a living process holds the output folder."""
    return is_locked(output / LOCK)
