"""Which rows break a rule: counts them, and keeps the first few with file and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.data_validator.analysis.rules import Rule
from components.example_gen.cells.cells import Cells, UnsupportedTypeError
from components.example_gen.cells.forms import PLAIN
from components.example_gen.tables.table import Batch, Span, Table
from components.formats.findings import Example
from components.shared.errors import InputError

MAX_EXAMPLES = 5
_LONGEST = 80
_MOSTLY = 0.9


@dataclass
class Broken:
    """How often a rule is broken, and where first.

    Args:
        rows: rows looked at.
        count: rows that break it.
        first: the place of the first one, as a user finds it.
        examples: the first five.
    """

    rows: int = 0
    count: int = 0
    first: str = ""
    examples: list[Example] = field(default_factory=list)
    _places: list[tuple[int, int]] = field(default_factory=list)

    def add(self, place: tuple[int, int], where: str, example: Example) -> None:
        """Takes in one of the first rows that break the rule.

        Args:
            place: the file's place among those of the table, and the number of the row in it.
            where: the place as a user finds it.
            example: the row.
        """
        if not self._places:
            self.first = where
        self._places.append(place)
        self.examples.append(example)

    def merge(self, other: Broken) -> None:
        """Takes in what was found in other rows."""
        self.rows += other.rows
        self.count += other.count
        if other._places and (not self._places or other._places[0] < self._places[0]):
            self.first = other.first
        both = zip(self._places + other._places, self.examples + other.examples, strict=True)
        kept = sorted(both, key=lambda pair: pair[0])[:MAX_EXAMPLES]
        self._places, self.examples = [place for place, _ in kept], [example for _, example in kept]


class NumberCounts:
    """How many cells of columns have a value, and how many of these are numbers."""

    def __init__(self) -> None:
        self._numbers, self._present = Counter[str](), Counter[str]()

    def add(self, name: str, cells: Cells) -> None:
        """Takes in cells of a column."""
        self._present[name] += int((~cells.missing).sum())
        self._numbers[name] += int((~np.isnan(cells.numbers())).sum())

    def empty(self) -> NumberCounts:
        """Returns the counts of no cells."""
        return NumberCounts()

    def merge(self, other: NumberCounts) -> None:
        """Takes in the counts of other rows."""
        self._numbers.update(other._numbers)
        self._present.update(other._present)

    def columns(self) -> set[str]:
        """Returns which columns hold numbers in all, or nearly all, of the cells that are not missing."""
        return {name for name, count in self._present.items() if count and self._numbers[name] >= _MOSTLY * count}


def count_numbers(table: Table, columns: Sequence[str], spans: Sequence[Span] | None = None) -> NumberCounts:
    """Counts the numbers of some columns.

    Args:
        table: the source table.
        columns: the columns.
        spans: the rows that are looked at, all for None.

    Raises:
        InputError: the table cannot be read, or a column holds lists.
    """
    counts = NumberCounts()
    for batch in table.batches(columns, spans) if columns else ():
        for name in columns:
            counts.add(name, read_cells(batch.data, name, table))
    return counts


def find_broken(
    table: Table, rules: Sequence[Rule], enough: int | None = None, spans: Sequence[Span] | None = None
) -> list[Broken]:
    """Judges rows of the table by every rule, in bounded memory.

    Args:
        table: the source table.
        rules: fresh rules.
        enough: end the pass when every rule was broken this often; None reads on to count them all.
        spans: the rows that are judged, all for None.

    Raises:
        InputError: the table cannot be read, or a rule asks single values of a column of lists.
    """
    found = [Broken() for _ in rules]
    columns = list(dict.fromkeys(name for rule in rules for name in rule.columns))
    for batch in table.batches(columns, spans):
        cells = {name: read_cells(batch.data, name, table) for name in columns}
        for rule, broken in zip(rules, found, strict=True):
            _add(broken, rule, batch, cells, table)
        if enough is not None and all(broken.count >= enough for broken in found):
            break
    return found


def read_cells(rows: pa.RecordBatch, name: str, table: Table) -> Cells:
    """Returns the cells of a column that is to be checked.

    Args:
        rows: rows of the table.
        name: the column.
        table: how it is written, and what its cells stand for.

    Raises:
        InputError: the column's type cannot be a feature.
    """
    try:
        return Cells(rows.column(name), table.dialect, table.forms.get(name, PLAIN))
    except UnsupportedTypeError as error:
        raise _no_single_values(name, error) from error


def _no_single_values(name: str, error: UnsupportedTypeError) -> InputError:
    return InputError(f'The column "{name}" must hold single values to be checked, got {error}.')


def _add(broken: Broken, rule: Rule, batch: Batch, cells: Mapping[str, Cells], table: Table) -> None:
    try:
        mask = rule.broken(cells)
    except UnsupportedTypeError as error:
        raise _no_single_values(next(name for name in rule.columns if cells[name].is_vector), error) from error
    places = mask.nonzero()[0]
    broken.rows += len(mask)
    broken.count += len(places)
    header = 1 if table.dialect.format == "csv" else 0
    for place in places[: MAX_EXAMPLES - len(broken.examples)]:
        line = batch.first_row + int(place) + header
        example = Example(batch.file or Path(table.paths[0]).name, line, _shown(rule.columns, batch, int(place)))
        broken.add((batch.number, batch.first_row + int(place)), batch.where(int(place)), example)


def _shown(columns: Sequence[str], batch: Batch, place: int) -> str:
    values = [batch.data.column(name)[place].as_py() for name in columns]
    texts = ["" if value is None else str(value) for value in values]
    if len(columns) > 1:
        texts = [f"{name} = {text}" for name, text in zip(columns, texts, strict=True)]
    joined = ", ".join(texts)
    return joined if len(joined) <= _LONGEST else f"{joined[:_LONGEST]} …"
