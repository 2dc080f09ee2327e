"""Columns that may be larger than memory: beyond a budget they go to files, which are mapped back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np


class Columns:
    """Collects tensors batch by batch, in memory up to a budget and in files beyond it.

    Args:
        folder: where files go; it must outlive the arrays.
        budget: bytes kept in memory; all when left out.
    """

    def __init__(self, folder: str | Path = "", budget: float = math.inf) -> None:
        self._folder = Path(folder)
        self._budget = budget
        self._held = 0
        self._parts: dict[str, list[np.ndarray]] = {}
        self._spilt = False

    def add(self, batch: Mapping[str, np.ndarray]) -> None:
        """Appends the rows of a batch, [b, ...] each."""
        for name, values in batch.items():
            self._parts.setdefault(name, []).append(values)
            self._held += values.nbytes
        if self._held > self._budget:
            self._spilt = True
            self._flush()

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns every tensor whole, [n, ...]: in memory, or read-only memory-mapped if the budget was exceeded."""
        if not self._spilt:
            return {name: np.concatenate(parts) for name, parts in self._parts.items()}
        likes = {name: parts[0] for name, parts in self._parts.items()}
        self._flush()
        return {
            name: np.memmap(self._file(name), like.dtype, mode="r").reshape(-1, *like.shape[1:])
            for name, like in likes.items()
        }

    def _flush(self) -> None:
        """Appends what is held to the files; an empty array stays and says of which shape and type it was."""
        for name, parts in self._parts.items():
            with self._file(name).open("ab") as file:
                for values in parts:
                    file.write(np.ascontiguousarray(values).data)
            self._parts[name] = [parts[-1][:0]]
        self._held = 0

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.bin"
