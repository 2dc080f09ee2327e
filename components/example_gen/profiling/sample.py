"""A uniform sample of the numbers of a column that no order and no blocks of the rows can change."""

from __future__ import annotations

import numpy as np

SIZE = 4_096
"""Numbers kept: the share of values below one of the sample's quantiles is off by 0.8 points in one of three samples at
most, which no decision that is made by it notices."""
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Sample:
    """The numbers of the rows with the smallest priorities (bottom-k sampling).

    Whatever is among the smallest of all is among the smallest of every block, so samples of blocks merge to the sample
    of all rows.

    Args:
        size: how many numbers are kept.
    """

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._values = [np.zeros(0)]
        self._priorities = [np.zeros(0, np.uint64)]
        self._held = 0
        self._bound = _ALL

    def add(self, values: np.ndarray, priorities: np.ndarray) -> None:
        """Takes in numbers.

        Args:
            values: float64 `[n]`; what is not finite in 32 bits is left out.
            priorities: uint64 `[n]`, of their rows; no two are equal.
        """
        chosen = np.abs(values) <= np.finfo(np.float32).max
        if self._bound != _ALL:
            chosen &= priorities < self._bound
        self._append(values[chosen], priorities[chosen])

    def merge(self, other: Sample) -> None:
        """Takes in what another sample of the same size has kept of other rows."""
        for values, priorities in zip(other._values, other._priorities, strict=True):
            self._append(values, priorities)

    def values(self) -> np.ndarray:
        """Returns the sample, float64 `[n]`, all numbers where they are no more than its size."""
        self._shrink()
        return self._values[0]

    def __len__(self) -> int:
        return self._held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sample) and np.array_equal(self.values(), other.values())

    def __getstate__(self) -> dict[str, object]:
        self._shrink()  # what travels is as small as can be
        return self.__dict__

    def _append(self, values: np.ndarray, priorities: np.ndarray) -> None:
        if not len(values):
            return
        self._values.append(values)
        self._priorities.append(priorities)
        self._held += len(values)
        if self._held > 4 * self._size:
            self._shrink()

    def _shrink(self) -> None:
        values, priorities = np.concatenate(self._values), np.concatenate(self._priorities)
        if len(values) > self._size:
            kept = np.argpartition(priorities, self._size)[: self._size]
            values, priorities = values[kept], priorities[kept]
            self._bound = priorities.max()
        # Sorted, so that sums over the sample are the same to the last bit.
        order = np.argsort(priorities)
        self._values, self._priorities = [values[order]], [priorities[order]]
        self._held = len(values)
