"""Rules that single rows must keep, judged batch by batch over the source table.

A missing value breaks no rule but `not_null`. Whether a column holds numbers is a matter of the whole column, so that a
verdict never depends on where batches end; a cell of such a column that is no number breaks what asks for order. No
rule runs code of the user's: patterns are RE2, which takes time linear in the text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells.cells import Cells
from components.example_gen.cells.hashes import hash_strings
from components.example_gen.splitting.splits import hash_rows

COMPARISONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Rule:
    """What every row of a table must keep.

    Args:
        columns: the columns it looks at.
        must: what must hold, as in "x must ...".
        broken: the cells of the next batch by column → which of its rows break the rule, bool `[n]`. It may remember
            earlier batches, so a rule judges one table once.
    """

    columns: tuple[str, ...]
    must: str
    broken: Callable[[Mapping[str, Cells]], np.ndarray]


def in_range(column: str, low: float | None, high: float | None) -> Rule:
    """Returns the rule that a column holds numbers between two bounds, both allowed; None is no bound."""
    bounds = (("at least", low), ("at most", high))
    must = "be a number " + " and ".join(f"{word} {bound:.12g}" for word, bound in bounds if bound is not None)
    lowest, highest = (-np.inf if low is None else low), (np.inf if high is None else high)

    def broken(cells: Mapping[str, Cells]) -> np.ndarray:
        values = cells[column].numbers()
        return ~((values >= lowest) & (values <= highest)) & ~cells[column].missing

    return Rule((column,), must, broken)


def allowed(column: str, values: Sequence[str | bool | float]) -> Rule:
    """Returns the rule that a column holds the values of a list: its numbers as numbers, its texts as texts."""
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    listed = ", ".join(texts[:8]) + (f" … ({len(texts)} values)" if len(texts) > 8 else "")
    value_set = pa.array(texts, pa.string())

    def broken(cells: Mapping[str, Cells]) -> np.ndarray:
        known = _filled(pc.is_in(pc.utf8_trim_whitespace(cells[column].text()), value_set=value_set))
        if numbers:
            known |= np.isin(cells[column].numbers(), np.array(numbers, float))
        return ~known & ~cells[column].missing

    return Rule((column,), f"be one of {listed}", broken)


def matching(column: str, pattern: str) -> Rule:
    """Returns the rule that a column's texts match an RE2 pattern from beginning to end."""

    def broken(cells: Mapping[str, Cells]) -> np.ndarray:
        matches = pc.match_substring_regex(cells[column].text(), f"^(?:{pattern})$")
        return ~_filled(matches) & ~cells[column].missing

    return Rule((column,), f"match {pattern}", broken)


def not_null(column: str) -> Rule:
    """Returns the rule that a column has a value in every row."""
    return Rule((column,), "have a value in every row", lambda cells: cells[column].missing)


def unique(columns: Sequence[str]) -> Rule:
    """Returns the rule that values, or combinations of them, occur once; rows without any are left aside.

    They are told apart by 64-bit hashes, 8 bytes a row: among 10 million rows two different ones are taken for equal
    with a probability of 3 in a million.
    """
    seen = _Seen()

    def broken(cells: Mapping[str, Cells]) -> np.ndarray:
        present = ~np.all([cells[name].missing for name in columns], axis=0)
        hashes = {name: hash_strings(cells[name].text(), cells[name].missing) for name in columns}
        return _spread(present, seen.add(hash_rows(hashes)[present]))

    return Rule(tuple(columns), "be unique", broken)


def monotonic(column: str, order: str, strict: bool, *, numeric: bool = False) -> Rule:
    """Returns the rule that a column increases or decreases from row to row; missing values are skipped.

    Args:
        column: the column.
        order: `increasing` or `decreasing`.
        strict: whether equal neighbours break it.
        numeric: whether it is a column of numbers; else its texts are ordered, as suits ISO dates.
    """
    ordered = COMPARISONS[("<" if order == "increasing" else ">") + ("" if strict else "=")]
    last: list[np.ndarray] = []

    def broken(cells: Mapping[str, Cells]) -> np.ndarray:
        every, strange = _comparable(cells[column], numeric)
        present = ~cells[column].missing & ~strange
        values = every[present]
        chain = np.concatenate([*last, values])
        last[:] = [chain[-1:]]
        kept = np.ones(len(values), bool)
        kept[len(values) - max(len(chain) - 1, 0) :] = ordered(chain[:-1], chain[1:])
        return _spread(present, ~kept) | strange

    return Rule((column,), f"be {'strictly ' if strict else ''}{order} from row to row", broken)


def compared(left: str, op: str, right: str, *, numeric: bool = False) -> Rule:
    """Returns the rule that compares two columns of a row.

    Args:
        left: the column on the left.
        op: one of `COMPARISONS`.
        right: the column on the right.
        numeric: whether both are columns of numbers; else their texts are compared.
    """

    def broken(cells: Mapping[str, Cells]) -> np.ndarray:
        sides = cells[left], cells[right]
        (first, odd), (second, also_odd) = (_comparable(side, numeric) for side in sides)
        kept = COMPARISONS[op](first, second) & ~odd & ~also_odd
        return ~kept & ~sides[0].missing & ~sides[1].missing

    return Rule((left, right), f'be {op} "{right}"', broken)


class _Seen:
    """The hashes that came before, in sorted runs, each over twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []

    def add(self, hashes: np.ndarray) -> np.ndarray:
        """Takes in the hashes of the next rows, uint64 `[n]`, and returns which of them came before, bool `[n]`."""
        new, first = np.unique(hashes, return_index=True)
        seen = np.ones(len(hashes), bool)
        seen[first] = False
        for run in self._runs:
            seen |= run[np.minimum(np.searchsorted(run, hashes), len(run) - 1)] == hashes
        while self._runs and len(self._runs[-1]) <= 2 * len(new):
            new = np.union1d(self._runs.pop(), new)
        if len(new):
            self._runs.append(new)
        return seen


def _comparable(cells: Cells, numeric: bool) -> tuple[np.ndarray, np.ndarray]:
    """Returns the cells as float64 or as text `[n]`, and which of them should be numbers and are none, bool `[n]`."""
    if numeric:
        values = cells.numbers()
        return values, np.isnan(values) & ~cells.missing
    return np.array(pc.fill_null(cells.text(), "").to_pylist(), str), np.zeros(len(cells), bool)


def _filled(mask: pa.Array) -> np.ndarray:
    return pc.fill_null(mask, False).to_numpy(zero_copy_only=False)


def _spread(present: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """Returns a mask over all rows, given one over those that are present."""
    mask = np.zeros(len(present), bool)
    mask[present] = marked
    return mask
