"""Groups of rows by the values of raw columns, so that a model's figures can be read group by group.

A slice spec is a list of entries; an entry is one column or a list of columns, crossed. Strings, booleans and
numbers with at most `MAX_DISTINCT` distinct values are grouped by value. Other numbers are cut at their
quartiles into `(low, high]` groups (the first holds `low` too) named `12.5 to 30`; the cuts are values that
occur in the column. Empty strings, None and NaN form the group `missing`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.metric import Integers
from components.shared.errors import InputError, did_you_mean

MAX_DISTINCT = 20
MAX_SLICES = 50
MISSING = "missing"


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
    for entry in spec:
        names = (entry,) if isinstance(entry, str) else tuple(entry)
        if not names:
            raise InputError("`slices` must name at least one column in each entry, got []. Remove the entry.")
        for name in names:
            if name not in columns:
                raise InputError(
                    f'`slices` must name columns of the data, got "{name}".{did_you_mean(name, columns)} '
                    f"Use one of {', '.join(sorted(columns))}."
                )
        found += _slices(columns, names)
    return found


def _slices(columns: Mapping[str, npt.NDArray[Any]], names: tuple[str, ...]) -> list[Slice]:
    codes = np.zeros(len(columns[names[0]]), dtype=np.int64)
    labels: list[str] = [""]
    for name in names:
        column_codes, column_labels = group(columns[name])
        crossed = codes * len(column_labels) + column_codes
        # Renumbered after each column, so that only combinations that occur are kept.
        present, codes = np.unique(crossed, return_inverse=True)
        labels = [
            f"{labels[cell // len(column_labels)]}, {name}={column_labels[cell % len(column_labels)]}"
            for cell in present
        ]
    counts = np.bincount(codes, minlength=len(labels))
    by_size = sorted(range(len(labels)), key=lambda code: -counts[code])
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(counts)
    kept = [
        Slice(names, labels[code].removeprefix(", "), order[ends[code] - counts[code] : ends[code]])
        for code in sorted(by_size[:MAX_SLICES])
    ]
    rest = by_size[MAX_SLICES:]
    if rest:
        kept.append(Slice(names, f"other ({len(rest)} groups)", np.flatnonzero(np.isin(codes, rest))))
    return kept


def group(column: npt.NDArray[Any]) -> tuple[Integers, list[str]]:
    """The group of each row of one column: int64 [n] codes and the name behind each code."""
    values = np.asarray(column)
    if values.dtype == object and all(
        value is None or (isinstance(value, (int, float, np.number)) and not isinstance(value, bool))
        for value in values
    ):
        values = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return _numbers(values) if values.dtype.kind in "iuf" else _texts(values)


def _texts(values: npt.NDArray[Any]) -> tuple[Integers, list[str]]:
    # A float NaN among strings is how pandas marks a missing one; it alone differs from itself.
    texts = [MISSING if value is None or value != value or value == "" else str(value) for value in values]
    names, codes = np.unique(np.array(texts, dtype=str), return_inverse=True)
    return codes.astype(np.int64), [str(name) for name in names]


def _numbers(values: npt.NDArray[Any]) -> tuple[Integers, list[str]]:
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    codes = np.zeros(len(values), dtype=np.int64)
    distinct, inverse = np.unique(values[~missing], return_inverse=True)
    if len(distinct) <= MAX_DISTINCT:
        names = _distinct_texts(distinct)
        codes[~missing] = inverse
    else:
        # Heavy ties can make quartiles coincide: the cuts are then fewer.
        cuts = np.unique(np.quantile(values[~missing], [0, 0.25, 0.5, 0.75, 1], method="inverted_cdf"))
        edges = _distinct_texts(cuts)
        names = [f"{low} to {high}" for low, high in itertools.pairwise(edges)]
        codes[~missing] = np.searchsorted(cuts[1:-1], values[~missing], side="left")
    if missing.any():
        codes[missing] = len(names)
        names.append(MISSING)
    return codes, names


def _distinct_texts(numbers: npt.NDArray[Any]) -> list[str]:
    """Each number as short as keeps all of them apart; whole numbers in full."""
    for digits in range(4, 18):
        texts = [
            str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else f"{number:.{digits}g}"
            for number in numbers
        ]
        if len(set(texts)) == len(texts):
            break
    return texts
