"""The groups that the values of one column make: learnt from how often each value occurs, then told of any row.

Strings, booleans and numbers with at most `MAX_DISTINCT` distinct values are grouped by value. Other numbers are cut at
their quartiles into `(low, high]` groups (the first holds `low` too) named `12.5 to 30`; the cuts are values that occur
in the column. Empty strings, None and NaN form the group `missing`.

Where a column is counted in parts, of more than `MAX_KEPT` distinct numbers the last bits are dropped, as few as leave
no more of them. A quartile's cut is then off by the rows that one such bin holds at most, and the groups still hold
exactly the rows that their cuts say.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.metric import Floats, Integers

MAX_DISTINCT = 20
MAX_KEPT = 100_000
MISSING = "missing"


class Groups(Protocol):
    """The groups of one column."""

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in the order of their codes."""

    def codes(self, column: npt.NDArray[Any]) -> Integers:
        """The group of each of n rows, int64 [n], an index into `names`."""


class Values(Protocol):
    """How often each value of a column occurs in some rows; a `totals.Total`."""

    def merged(self, other: Self) -> Self:
        """The same of the rows of both."""

    def groups(self) -> Groups:
        """The groups that they make."""


def values_of(column: npt.NDArray[Any]) -> Texts | Numbers:
    """Returns the values of a column [n]: numbers, booleans, strings or objects with None."""
    numbers = _numbers(column)
    return Texts(Counter(_texts(column))) if numbers is None else Numbers.of(numbers)


@dataclass(frozen=True)
class Texts:
    """Values that are no numbers: text → rows."""

    counts: Counter[str]

    def kept(self) -> Self:
        """See `totals.Total`."""
        return self

    def merged(self, other: Self) -> Self:
        """See `totals.Total`."""
        return type(self)(self.counts + other.counts)

    def groups(self) -> TextGroups:
        """See `Values`."""
        return TextGroups(tuple(sorted(self.counts)))


@dataclass(frozen=True)
class Numbers:
    """Numbers, and how many rows have none.

    Args:
        distinct: float64 [m], ascending.
        counts: int64 [m], rows with each.
        missing: rows without a number.
        least, greatest: the range of the numbers as they were, infinite where there is none.
        dropped: bits that were dropped of each.
    """

    distinct: Floats
    counts: Integers
    missing: int
    least: float
    greatest: float
    dropped: int = 0

    @classmethod
    def of(cls, numbers: Floats) -> Self:
        """Counts numbers, float64 [n], NaN where missing."""
        present = numbers[~np.isnan(numbers)] + 0.0  # -0.0 is no number of its own
        distinct, counts = np.unique(present, return_counts=True)
        ends = (float(distinct[0]), float(distinct[-1])) if len(distinct) else (np.inf, -np.inf)
        return cls(distinct, counts.astype(np.int64), len(numbers) - len(present), *ends)

    def kept(self) -> Self:
        """See `totals.Total`."""
        found = self
        while len(found.distinct) > MAX_KEPT:
            found = found._coarser(found.dropped + 1)
        return found

    def merged(self, other: Self) -> Self:
        """See `totals.Total`."""
        # No part has dropped more bits than all of them together must.
        dropped = max(self.dropped, other.dropped)
        parts = [one._coarser(dropped) for one in (self, other)]
        distinct, codes = np.unique(np.concatenate([part.distinct for part in parts]), return_inverse=True)
        counts = np.bincount(codes, np.concatenate([part.counts for part in parts]), len(distinct))
        return type(self)(
            distinct,
            counts.astype(np.int64),
            self.missing + other.missing,
            min(self.least, other.least),
            max(self.greatest, other.greatest),
            dropped,
        ).kept()

    def groups(self) -> NumberGroups:
        """See `Values`."""
        if len(self.distinct) <= MAX_DISTINCT:
            return NumberGroups(self.distinct, tuple(distinct_texts(self.distinct)), self.missing > 0)
        # Heavy ties can make quartiles coincide: the cuts are then fewer.
        reached = np.cumsum(self.counts)
        places = np.searchsorted(reached, np.array([0.25, 0.5, 0.75]) * reached[-1], side="left")
        cuts = np.unique([self.least, *self.distinct[places], self.greatest])
        names = tuple(f"{low} to {high}" for low, high in itertools.pairwise(distinct_texts(cuts)))
        return NumberGroups(cuts[1:], names, self.missing > 0)

    def _coarser(self, dropped: int) -> Self:
        if dropped == self.dropped:
            return self
        # The bits of a float rise with its magnitude, so cutting the last ones moves each number towards 0.
        bits = np.ascontiguousarray(self.distinct).view(np.uint64) >> np.uint64(dropped) << np.uint64(dropped)
        distinct, codes = np.unique(bits.view(np.float64) + 0.0, return_inverse=True)
        counts = np.bincount(codes, self.counts, len(distinct)).astype(np.int64)
        return type(self)(distinct, counts, self.missing, self.least, self.greatest, dropped)


@dataclass(frozen=True)
class TextGroups:
    """A group for each text."""

    names: tuple[str, ...]

    def codes(self, column: npt.NDArray[Any]) -> Integers:
        """See `Groups`."""
        place = {name: index for index, name in enumerate(self.names)}
        return np.fromiter((place[text] for text in _texts(column)), np.int64, len(column))


@dataclass(frozen=True)
class NumberGroups:
    """A group for each number, or for each range up to one.

    Args:
        ends: float64 [m], ascending, the greatest number of each group.
        labels: their names.
        missing: whether rows without a number are one more group.
    """

    ends: Floats
    labels: tuple[str, ...]
    missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        """See `Groups`."""
        return (*self.labels, MISSING) if self.missing else self.labels

    def codes(self, column: npt.NDArray[Any]) -> Integers:
        """See `Groups`."""
        numbers = _numbers(column)
        assert numbers is not None, "a column of numbers stays one"
        missing = np.isnan(numbers)
        codes = np.searchsorted(self.ends[:-1], numbers, side="left").astype(np.int64)
        codes[missing] = len(self.labels)
        return codes


def _numbers(column: npt.NDArray[Any]) -> Floats | None:
    """The numbers of a column, float64 [n] with NaN where missing; None for a column of something else."""
    values = np.asarray(column)
    if values.dtype == object and all(
        value is None or (isinstance(value, (int, float, np.number)) and not isinstance(value, bool))
        for value in values
    ):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return values.astype(np.float64) if values.dtype.kind in "iuf" else None


def _texts(column: npt.NDArray[Any]) -> Iterable[str]:
    # A float NaN among strings is how pandas marks a missing one; it alone differs from itself.
    return (
        MISSING if value is None or value != value or value == "" else str(value)
        for value in np.asarray(column).tolist()
    )


def distinct_texts(numbers: Floats) -> list[str]:
    """Each number as short as keeps all of them apart; whole numbers in full."""
    for digits in range(4, 18):
        texts = [
            str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else f"{number:.{digits}g}"
            for number in numbers
        ]
        if len(set(texts)) == len(texts):
            break
    return texts
