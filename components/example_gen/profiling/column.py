"""What one column holds, over all rows and not a sample of them, whatever the blocks it comes in."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells import booleans
from components.example_gen.cells.cells import Cells, Kind, is_whole
from components.example_gen.cells.forms import Meaning
from components.example_gen.cells.marked_numbers import is_marked
from components.example_gen.profiling.fill_values import Spread
from components.example_gen.profiling.sample import Sample
from components.example_gen.profiling.texts import TextCounts
from components.shared.errors import InputError

_COUNTS = ("rows", "blank", "beyond", "not_a_number", "infinite", "fractions", "seconds", "large", "numbers", "marked")


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
        first_list: where the first list stands: number of the file, row in it, and the place as messages name it.
        numbers: cells that are numbers.
        marked: cells that are numbers but for a mark, as in `<5` or `1,234.5 €`.
        sample: some of the numbers, elements of lists included.
        spread: the smallest and the largest numbers.
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
    first_list: tuple[int, int, str] = (0, 0, "")
    numbers: int = 0
    marked: int = 0
    sample: Sample = dataclasses.field(default_factory=Sample)
    spread: Spread = dataclasses.field(default_factory=Spread)
    _odd: TextCounts = dataclasses.field(default_factory=TextCounts)
    _spellings: TextCounts = dataclasses.field(default_factory=TextCounts)
    _marks: set[str] = dataclasses.field(default_factory=set)

    @property
    def odd(self) -> Counter[str]:
        """Text → how often, for cells that are no numbers; a thousand texts at most."""
        return self._odd.counter()

    @property
    def spellings(self) -> Counter[str]:
        """Text → how often, of numbers that may be categories; a thousand texts at most."""
        return self._spellings.counter()

    @property
    def loses_digits(self) -> bool:
        """Whether its numbers are written as fractions, which have fewer digits than whole numbers have."""
        return self.number_kind == Kind.FLOAT or self.inferred == Kind.VECTOR

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

    def add(self, cells: Cells, categorical: bool, priorities: np.ndarray | None = None) -> None:
        """Takes in the cells of some rows.

        Args:
            cells: the cells.
            categorical: whether numbers in the column are categories.
            priorities: uint64 `[n]`, which rows go before others into samples; None takes no sample.
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
        self._widen(cells.number_kind)
        if cells.number_kind is None:
            self._add_texts(cells)
        else:
            self._add_numbers(cells, categorical, priorities)

    def merge(self, other: ColumnProfile, name: str) -> None:
        """Takes in what the column holds in other rows.

        Args:
            other: what it holds there.
            name: the column, for messages.

        Raises:
            InputError: it has lists here and single values there, or lists of another length.
        """
        check_same_kind(name, self.inferred, other.inferred)
        self._merge_lengths(other, name)
        self.inferred = self.inferred.widest(other.inferred)
        self.possible &= other.possible
        for count in _COUNTS:
            setattr(self, count, getattr(self, count) + getattr(other, count))
        self.spelled.update(other.spelled)
        self.sample.merge(other.sample)
        self.spread.merge(other.spread)
        self._odd.merge(other._odd)
        self._spellings.merge(other._spellings)
        self._marks = {text for text in self._marks | other._marks if text in self._odd}
        if self.inferred == Kind.VECTOR:
            self.number_kind = None
        else:
            self._widen(other.number_kind)

    def _widen(self, number_kind: Kind | None) -> None:
        """Takes in what kind of numbers other cells are, None for others; beside those, numbers are texts too."""
        if self.number_kind is not None and number_kind is not None:
            self.number_kind = self.number_kind.widest(number_kind)
            return
        self.number_kind = None
        self.not_a_number = self.infinite = self.fractions = self.large = 0
        self.sample, self.spread, self._spellings = Sample(), Spread(), TextCounts()

    def _merge_lengths(self, other: ColumnProfile, name: str) -> None:
        if other.length is None:
            return
        if self.length is None:
            self.length, self.first_list = other.length, other.first_list
        elif self.length != other.length:
            first, second = sorted([(self.first_list, self.length), (other.first_list, other.length)])
            raise other_length(name, first[1], second[1], second[0][2])
        else:
            self.first_list = min(self.first_list, other.first_list)

    def _add_texts(self, cells: Cells) -> None:
        numbers, texts, counts = cells.odd_values()
        self.numbers += numbers
        known = _among(texts, self._odd.texts())
        marked = _among(texts, pa.array(list(self._marks), pa.string())) if self._marks else np.zeros(len(texts), bool)
        if not known.all():  # the pattern is long, and most blocks bring no new text
            marked[~known] = is_marked(texts.filter(pa.array(~known)))
        self.marked += int(counts[marked].sum())
        self._odd.add(texts, counts)
        self._marks.update(texts.filter(pa.array(marked & ~known)).to_pylist())
        self._marks = {text for text in self._marks if text in self._odd}

    def _add_numbers(self, cells: Cells, categorical: bool, priorities: np.ndarray | None) -> None:
        self.numbers += int((~cells.missing).sum())
        self.seconds += int((~cells.missing).sum()) if cells.is_seconds else 0
        if self.number_kind is None:
            return
        if categorical:
            texts = cells.text().value_counts()
            present = texts.filter(texts.field("values").is_valid())
            self._spellings.add(present.field("values"), present.field("counts").to_numpy(zero_copy_only=False))
        if priorities is None and cells.number_kind != Kind.FLOAT:
            return
        values = cells.floats()
        with np.errstate(over="ignore"):
            short = values.astype(np.float32)
        if priorities is not None:
            finite = np.isfinite(short)
            self.sample.add(values, priorities)
            self.spread.add(values if finite.all() else values[finite])
        if cells.number_kind == Kind.FLOAT:
            present = values[~cells.missing]
            self.infinite += int(np.isinf(short).sum())
            self.not_a_number += int(np.isnan(present).sum())
            whole = is_whole(present)
            self.fractions += int((~whole).sum())
            if (np.abs(present) >= 2.0**63).any():
                self.large += cells.large_integers()


def check_same_kind(name: str, one: Kind, other: Kind) -> None:
    """Refuses a column of lists and of single values.

    Raises:
        InputError: one is VECTOR, the other another kind but EMPTY.
    """
    if Kind.VECTOR in (one, other) and one != other and Kind.EMPTY not in (one, other):
        raise InputError(f'The column "{name}" must hold lists in all files or in none, got both.')


def other_length(name: str, length: int, got: int, where: str) -> InputError:
    """Returns the error of a list that has another length than the first one."""
    return InputError(f'The lists of "{name}" must have {length} numbers as in the first row, got {got} in {where}.')


def _among(texts: pa.Array, known: pa.Array) -> np.ndarray:
    """Returns which texts are among others, bool `[n]`."""
    return pc.is_in(texts, value_set=known).to_numpy(zero_copy_only=False)
