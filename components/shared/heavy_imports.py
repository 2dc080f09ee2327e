"""Importing TensorFlow and TFX without looking for garbage among what they make."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Keeps Python's cyclic garbage collector off within, and what is alive at the end out of its later rounds.

    TFX's import makes objects by the million that live as long as the process. Looking through them again and again
    takes about a fifth of the import.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
