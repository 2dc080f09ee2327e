"""Groups of rows by the values of raw columns, so that a model's figures can be read group by group.

A slice spec is a list of entries; an entry is one column or a list of columns, crossed. What groups a column makes says
`groups.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.groups import Groups, values_of
from components.evaluator.analysis.metric import Integers
from components.shared.errors import InputError, did_you_mean

MAX_SLICES = 50


@dataclass(frozen=True)
class Slice:
    """Rows that share the values of some columns.

    Args:
        columns: the columns of the spec's entry.
        name: such as `sex=male, age=20 to 38`; `other (12 groups)` for the rest of an entry.
        rows: int64 [n], indices of the slice's rows, ascending.
    """

    columns: tuple[str, ...]
    name: str
    rows: Integers

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.rows)


@dataclass(frozen=True)
class Cells:
    """Combinations of groups that occur; a `totals.Total`.

    Args:
        present: int64 [m], ascending.
        counts: int64 [m], rows of each.
    """

    present: Integers
    counts: Integers

    @classmethod
    def of(cls, cells: Integers) -> Self:
        """Counts the combinations of n rows, int64 [n]."""
        present, counts = np.unique(cells, return_counts=True)
        return cls(present, counts.astype(np.int64))

    def kept(self) -> Self:
        """See `totals.Total`."""
        return self

    def merged(self, other: Self) -> Self:
        """See `totals.Total`."""
        present, codes = np.unique(np.concatenate([self.present, other.present]), return_inverse=True)
        counts = np.zeros(len(present), np.int64)
        np.add.at(counts, codes, np.concatenate([self.counts, other.counts]))
        return type(self)(present, counts)


@dataclass(frozen=True)
class Entry:
    """One entry of a spec, whose columns' groups are known.

    Args:
        groups: column → its groups, in the entry's order.
    """

    groups: Mapping[str, Groups]

    def cells(self, columns: Mapping[str, npt.NDArray[Any]]) -> Integers:
        """The combination of groups of each of n rows, int64 [n].

        Raises:
            InputError: the columns have more combinations than there are numbers.
        """
        names = {name: len(groups.names) for name, groups in self.groups.items()}
        if np.prod(list(names.values()), dtype=np.float64) > 2**62:
            raise InputError(
                f"An entry of `evaluation.slices` must cross columns with few values, got {', '.join(names)}. "
                "Name fewer of them."
            )
        found = np.zeros(len(columns[next(iter(names))]), np.int64)
        for name, groups in self.groups.items():
            found = found * names[name] + groups.codes(columns[name])
        return found

    def division(self, cells: Cells) -> Division:
        """Which of the combinations that occur are a slice of their own."""
        present = cells.present
        by_size = np.argsort(-cells.counts, kind="stable")
        kept = np.sort(by_size[:MAX_SLICES])
        place = np.full(len(present), len(kept), np.int64)
        place[kept] = np.arange(len(kept))
        rest = len(present) - len(kept)
        names = [self._name(int(cell)) for cell in present[kept]]
        return Division(self, present, place, (*names, f"other ({rest} groups)") if rest else tuple(names))

    def _name(self, cell: int) -> str:
        parts = []
        for name, groups in reversed(list(self.groups.items())):
            cell, code = divmod(cell, len(groups.names))
            parts.append(f"{name}={groups.names[code]}")
        return ", ".join(reversed(parts))


@dataclass(frozen=True)
class Division:
    """The slices of one entry: each row is in exactly one.

    Args:
        entry: the entry.
        present: int64 [m], the combinations that occur, ascending.
        place: int64 [m], the slice of each.
        names: the slices, in the order of their values; what is left over last.
    """

    entry: Entry
    present: Integers
    place: Integers
    names: tuple[str, ...]

    def of(self, columns: Mapping[str, npt.NDArray[Any]]) -> Integers:
        """The slice of each of n rows, int64 [n], an index into `names`."""
        return self.of_cells(self.entry.cells(columns))

    def of_cells(self, cells: Integers) -> Integers:
        """The same of rows whose combinations, int64 [n], are known."""
        return self.place[np.searchsorted(self.present, cells)]


def slices(columns: Mapping[str, npt.NDArray[Any]], spec: Sequence[str | Sequence[str]]) -> list[Slice]:
    """Groups rows by each entry of `spec`.

    Args:
        columns: raw columns by name, each [n]: numbers, booleans, strings or objects with None.
        spec: entries, each a column's name or a list of them.

    Returns:
        For each entry in order, its slices in the order of their values, `missing` last among numbers. Of
        more than `MAX_SLICES` groups the largest are kept, and one more slice holds all other rows. Each row
        is in exactly one slice of an entry.

    Raises:
        InputError: an entry is empty or names an unknown column.
    """
    found: list[Slice] = []
    groups: dict[str, Groups] = {}
    for names in entries(columns, spec):
        groups |= {name: values_of(columns[name]).groups() for name in names if name not in groups}
        entry = Entry({name: groups[name] for name in names})
        cells = entry.cells(columns)
        division = entry.division(Cells.of(cells))
        codes = division.of_cells(cells)
        rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
        found += [Slice(names, name, inside) for name, inside in zip(division.names, rows, strict=True)]
    return found


def entries(known: Mapping[str, Any], spec: Sequence[str | Sequence[str]]) -> list[tuple[str, ...]]:
    """Returns the columns of each entry of a spec.

    Args:
        known: the columns that there are.
        spec: see `slices`.

    Raises:
        InputError: an entry is empty or names an unknown column.
    """
    found = []
    for entry in spec:
        names = (entry,) if isinstance(entry, str) else tuple(entry)
        if not names:
            raise InputError("`slices` must name at least one column in each entry, got []. Remove the entry.")
        for name in names:
            if name not in known:
                raise InputError(
                    f'`slices` must name columns of the data, got "{name}".{did_you_mean(name, known)} '
                    f"Use one of {', '.join(sorted(known))}."
                )
        found.append(names)
    return found
