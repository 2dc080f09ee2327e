"""Columns that may be larger than memory: beyond a budget they go to files, which are mapped back."""

from __future__ import annotations

import math
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from typing import IO

import numpy as np


class ColumnBuffer:
    """Collects tensors batch by batch, in memory up to a budget and in temporary files beyond it.

    The files have no name, so nobody has to remove them: they go with the arrays, or with the process however it ends.

    Args:
        budget: bytes kept in memory; all when left out.
    """

    def __init__(self, budget: float = math.inf) -> None:
        self._budget = budget
        self._held = 0
        self._parts: dict[str, list[np.ndarray]] = {}
        self._files: dict[str, IO[bytes]] = defaultdict(tempfile.TemporaryFile)

    def add(self, batch: Mapping[str, np.ndarray]) -> None:
        """Appends the rows of a batch, [b, ...] each."""
        for name, values in batch.items():
            self._parts.setdefault(name, []).append(values)
            self._held += values.nbytes
        if self._held > self._budget:
            self._flush()

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns every tensor whole, [n, ...]: in memory, or read-only memory-mapped if the budget was exceeded.

        To be called once, at the end.
        """
        if not self._files:
            return {name: np.concatenate(parts) for name, parts in self._parts.items()}
        self._flush()
        return {name: self._mapped(name, like) for name, [like] in self._parts.items()}

    def _flush(self) -> None:
        """Appends what is held to the files; an empty array stays and says of which shape and type it was."""
        for name, parts in self._parts.items():
            for values in parts:
                self._files[name].write(np.ascontiguousarray(values).data)
            self._parts[name] = [parts[-1][:0]]
        self._held = 0

    def _mapped(self, name: str, like: np.ndarray) -> np.ndarray:
        with self._files[name] as file:  # the mapping keeps what it needs of it
            file.flush()
            return np.memmap(file, like.dtype, mode="r").reshape(-1, *like.shape[1:])
