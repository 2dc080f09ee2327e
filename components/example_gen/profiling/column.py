"""What one column holds, over all rows and not a sample of them, whatever the blocks it comes in."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells import booleans
from components.example_gen.cells.cells import Cells, Kind, is_whole
from components.example_gen.cells.forms import Meaning
from components.example_gen.cells.marked_numbers import is_marked
from components.shared.exact_numbers import Sample

MAX_TEXTS = 1_000
"""Distinct texts remembered of a column."""


@dataclasses.dataclass
class ColumnProfile:
    """What one column holds in the rows that are written.

    Args:
        inferred: the widest kind of all its values.
        number_kind: INT or FLOAT as long as every value is a number ("007" is 7), else None.
        possible: what its texts may stand for: what all cells so far allow.
        rows: rows seen.
        blank: cells without a value.
        spelled: spelling of "no value" → how often it was taken for that; blank cells are not among them.
        beyond: cells without a value because they hold a time beyond the years 1 to 9999.
        not_a_number: NaN that is no spelling of "missing".
        infinite: numbers outside the finite 32-bit range.
        fractions: numbers that are not whole, or that no 64-bit integer holds.
        seconds: cells of a duration or time type.
        large: numbers written as integers that no 64-bit integer holds.
        length: elements of each list, for a vector column.
        numbers: cells that are numbers.
        odd: text → how often, for cells that are not; the first thousand texts.
        marked: cells that are numbers but for a mark, as in `<5` or `1,234.5 €`.
        sample: some of the numbers that are written as fractions.
        spellings: text → how often, of numbers that may be categories; the first thousand texts.
    """

    inferred: Kind = Kind.EMPTY
    number_kind: Kind | None = Kind.EMPTY
    possible: set[Meaning] = dataclasses.field(
        default_factory=lambda: {Meaning.BOOLEAN, Meaning.DURATION, Meaning.INSTANT}
    )
    rows: int = 0
    blank: int = 0
    spelled: Counter[str] = dataclasses.field(default_factory=Counter)
    beyond: int = 0
    not_a_number: int = 0
    infinite: int = 0
    fractions: int = 0
    seconds: int = 0
    large: int = 0
    length: int | None = None
    numbers: int = 0
    odd: Counter[str] = dataclasses.field(default_factory=Counter)
    marked: int = 0
    sample: Sample = dataclasses.field(default_factory=Sample)
    spellings: Counter[str] = dataclasses.field(default_factory=Counter)
    _marks: set[str] = dataclasses.field(default_factory=set)

    def missing(self, kind: Kind) -> int:
        """Returns the cells that carry no value when the column is written as the given kind."""
        if kind in (Kind.FLOAT, Kind.EMPTY):
            return self.blank + self.not_a_number + self.infinite
        return self.blank

    @property
    def meaning(self) -> Meaning:
        """What the column's cells stand for, if nobody says otherwise."""
        if self.number_kind is not None or self.inferred == Kind.VECTOR:
            return Meaning.PLAIN
        if Meaning.BOOLEAN in self.possible and booleans.are_words(self.odd):
            return Meaning.BOOLEAN
        return next((one for one in (Meaning.DURATION, Meaning.INSTANT) if one in self.possible), Meaning.PLAIN)

    @property
    def kind(self) -> Kind:
        """The kind of what the cells stand for."""
        return Kind.FLOAT if self.meaning == Meaning.DURATION else self.inferred

    @property
    def present(self) -> int:
        """Cells with a value."""
        return self.rows - self.blank

    def add(self, cells: Cells, categorical: bool) -> None:
        """Takes in the cells of the next rows.

        Args:
            cells: the cells.
            categorical: whether numbers in the column are categories.
        """
        self.rows += len(cells)
        self.blank += int(cells.missing.sum())
        self.spelled.update(cells.spelled_missing())
        self.beyond += cells.beyond
        if cells.kind == Kind.EMPTY:
            return
        self.inferred = self.inferred.widest(cells.kind)
        self.possible &= cells.meanings(self.possible) if self.possible else set()
        if cells.is_vector:
            self.number_kind = None
            return
        if cells.number_kind is None or self.number_kind is None:
            self.number_kind = None
        else:
            self.number_kind = self.number_kind.widest(cells.number_kind)
        if cells.number_kind is None:
            self._add_texts(cells)
        else:
            self._add_numbers(cells, categorical)

    def _add_texts(self, cells: Cells) -> None:
        numbers, texts, counts = cells.odd_values()
        self.numbers += numbers
        known = _among(texts, self.odd)
        marked = _among(texts, self._marks) if self._marks else np.zeros(len(texts), bool)
        if not known.all():  # the pattern is long, and most blocks bring no new text
            marked[~known] = is_marked(texts.filter(pa.array(~known)))
        self.marked += int(counts[marked].sum())
        _count(self.odd, texts, counts)
        self._marks.update(text for text in texts.filter(pa.array(marked & ~known)).to_pylist() if text in self.odd)

    def _add_numbers(self, cells: Cells, categorical: bool) -> None:
        self.numbers += int((~cells.missing).sum())
        self.seconds += int((~cells.missing).sum()) if cells.is_seconds else 0
        if categorical:
            texts = cells.text().value_counts()
            present = texts.filter(texts.field("values").is_valid())
            _count(self.spellings, present.field("values"), present.field("counts").to_numpy(zero_copy_only=False))
        if cells.number_kind == Kind.FLOAT:
            values = cells.floats()
            with np.errstate(over="ignore"):
                infinite = np.isinf(values.astype(np.float32))
            present = values[~cells.missing]
            self.sample.add(values)
            self.infinite += int(infinite.sum())
            self.not_a_number += int(np.isnan(present).sum())
            whole = is_whole(present)
            self.fractions += int((~whole).sum())
            if (np.abs(present) >= 2.0**63).any():
                self.large += cells.large_integers()


def _among(texts: pa.Array, known: Collection[str]) -> np.ndarray:
    """Returns which texts are among others, bool `[n]`."""
    return pc.is_in(texts, value_set=pa.array(list(known), pa.string())).to_numpy(zero_copy_only=False)


def _count(counter: Counter[str], texts: pa.Array, counts: np.ndarray) -> None:
    """Adds texts to a counter that takes in no more than so many; those it has are counted to the end."""
    known = _among(texts, counter)
    taken = np.concatenate([np.flatnonzero(known), np.flatnonzero(~known)[: MAX_TEXTS - len(counter)]])
    counter.update(dict(zip(texts.take(pa.array(taken)).to_pylist(), counts[taken].tolist(), strict=True)))
