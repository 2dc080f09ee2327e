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
from components.example_gen.tables.table import Batch, Table
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


def columns_of_numbers(table: Table, columns: Sequence[str]) -> set[str]:
    """Returns which columns hold numbers in all, or nearly all, of the cells that are not missing.

    Raises:
        InputError: the table cannot be read, or a column holds lists.
    """
    numbers, present = Counter[str](), Counter[str]()
    for batch in table.batches(columns) if columns else ():
        for name in columns:
            cells = read_cells(batch.data, name, table)
            present[name] += int((~cells.missing).sum())
            numbers[name] += int((~np.isnan(cells.numbers())).sum())
    return {name for name in columns if present[name] and numbers[name] >= _MOSTLY * present[name]}


def find_broken(table: Table, rules: Sequence[Rule], enough: int | None = None) -> list[Broken]:
    """Judges every row of the table by every rule, in bounded memory.

    Args:
        table: the source table.
        rules: fresh rules.
        enough: end the pass when every rule was broken this often; None reads on to count them all.

    Raises:
        InputError: the table cannot be read, or a rule asks single values of a column of lists.
    """
    found = [Broken() for _ in rules]
    columns = list(dict.fromkeys(name for rule in rules for name in rule.columns))
    for batch in table.batches(columns):
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
    if len(places) and not broken.count:
        broken.first = batch.where(int(places[0]))
    broken.rows += len(mask)
    broken.count += len(places)
    header = 1 if table.dialect.format == "csv" else 0
    for place in places[: MAX_EXAMPLES - len(broken.examples)]:
        line = batch.first_row + int(place) + header
        value = _shown(rule.columns, batch, int(place))
        broken.examples.append(Example(batch.file or Path(table.paths[0]).name, line, value))


def _shown(columns: Sequence[str], batch: Batch, place: int) -> str:
    values = [batch.data.column(name)[place].as_py() for name in columns]
    texts = ["" if value is None else str(value) for value in values]
    if len(columns) > 1:
        texts = [f"{name} = {text}" for name, text in zip(columns, texts, strict=True)]
    joined = ", ".join(texts)
    return joined if len(joined) <= _LONGEST else f"{joined[:_LONGEST]} …"
