"""When a split by time first sees something: a value of a column, a second class, a second number."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from components.example_gen.labelled import LabelledBatch


class FirstTimes:
    """First times over the rows of all batches, in bounded memory."""

    def __init__(self) -> None:
        self._columns: dict[str, float] = {}
        self._classes: dict[Hashable, float] = {}
        self._numbers: dict[Hashable, float] = {}

    def add(self, batch: LabelledBatch, times: np.ndarray) -> None:
        """Takes in the rows of a batch and their times, float64 `[n]`."""
        for name, cells in batch.cells.items():
            first = float(times.min(where=~cells.missing, initial=np.inf))
            self._columns[name] = min(first, self.of(name))
        codes = batch.classes.dictionary_encode()
        known = batch.has_class
        places = codes.indices.filter(batch.classes.is_valid()).to_numpy(zero_copy_only=False)
        names = codes.dictionary.to_pylist()
        self._classes = _earliest({names[place]: time for place, time in _two(places, times[known])}, self._classes)
        self._numbers = _earliest(dict(_two(batch.target[batch.has_number], times[batch.has_number])), self._numbers)

    def merge(self, other: FirstTimes) -> None:
        """Takes in what was seen in other rows."""
        for name, first in other._columns.items():
            self._columns[name] = min(first, self.of(name))
        self._classes = _earliest(other._classes, self._classes)
        self._numbers = _earliest(other._numbers, self._numbers)

    def of(self, column: str) -> float:
        """Returns the time of the first row that has a value in a column, infinite where none has one."""
        return self._columns.get(column, np.inf)

    @property
    def varied(self) -> float:
        """The time of the first row by which there were two classes and two numbers; infinite where there never are."""
        return max(max(some.values()) if len(some) == 2 else np.inf for some in (self._classes, self._numbers))


def _two(values: np.ndarray, times: np.ndarray) -> list[tuple[Hashable, float]]:
    """Returns the two values that come first, and their times; fewer where there are fewer."""
    found: list[tuple[Hashable, float]] = []
    while len(values) and len(found) < 2:
        first = int(np.argmin(times))
        value = values[first]
        found.append((value.item(), float(times[first])))
        values, times = values[values != value], times[values != value]
    return found


def _earliest(some: dict[Hashable, float], others: dict[Hashable, float]) -> dict[Hashable, float]:
    """Returns the two values of both that come first, at their first times."""
    both = some | {value: min(time, some.get(value, np.inf)) for value, time in others.items()}
    return dict(sorted(both.items(), key=lambda pair: pair[1])[:2])
