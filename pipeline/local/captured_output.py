"""A quiet terminal: whatever a library prints goes to the run's log, from Python or from C++."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO


@contextlib.contextmanager
def output_to(log: Path) -> Iterator[TextIO]:
    """Sends file descriptors 1 and 2 to a log file and yields a stream to the real terminal.

    absl and Python's logging write to stderr, TensorFlow's C++ to descriptor 2 below Python, so only the
    descriptors themselves catch everything.

    Args:
        log: the file to append to.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with (
        open(log, "ab", buffering=0) as file,
        os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1) as terminal,
    ):
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in enumerate(saved, start=1):
                os.dup2(original, descriptor)
                os.close(original)
