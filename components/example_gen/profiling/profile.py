"""First pass over the data: what every column holds, over all rows and not a sample of them."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from components.example_gen.cells.cells import Cells, Kind
from components.example_gen.cells.forms import PLAIN, Form, Meaning
from components.example_gen.cells.readings import read_as
from components.example_gen.labelled import labelled_batches
from components.example_gen.profiling.column import ColumnProfile
from components.example_gen.profiling.digits import check_names, digit_warnings, wide_columns
from components.example_gen.profiling.fill_values import fill_note
from components.example_gen.profiling.scarce import Scarce
from components.example_gen.profiling.tally import MAX_CLASSES, Tally, looked_at, too_many_classes
from components.example_gen.profiling.total_rows import totals_note
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.first_times import FirstTimes
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.table import Table
from components.shared.errors import InputError


@dataclasses.dataclass(frozen=True)
class Profile:
    """What the first pass found.

    Args:
        read: rows in the files.
        left_out: reason → rows not written.
        classes: class → rows, of the rows that are written.
        columns: column → what it holds; features, elements of vectors and the split column.
        labels: label → what it holds.
        forms: column → how it is read, labels included; columns that are read as they stand are not named.
        spellings: class → its spellings in the table and how often each occurs.
        time_style: how the times of a split by time are written, for `times.parse_times`.
        time_cuts: first time of each split but train.
        warnings: sentences about the rows, the split and digits that get lost.
        only_number: rows with the regression label alone.
        only_class: rows with the class label alone.
        totals: file → number of its last row and the columns whose sums it holds, where that is a row of totals.
        heap: the most frequent regression label and its share, of a sample of 50,000 rows where there are more.
        few: a sentence with the way out where a split has few groups of rows to draw from, else empty.
        wide: the label and the features whose values need 64 bits.
        scarce: rows of the columns that have a value in few rows.
        first_times: when something is seen first, for a split by time.
    """

    read: int
    left_out: dict[str, int]
    classes: dict[str, int]
    columns: dict[str, ColumnProfile]
    labels: dict[str, ColumnProfile] = dataclasses.field(default_factory=dict)
    forms: dict[str, Form] = dataclasses.field(default_factory=dict)
    spellings: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    time_style: str | None = None
    time_cuts: tuple[float, ...] | None = None
    warnings: tuple[str, ...] = ()
    only_number: int = 0
    only_class: int = 0
    totals: Mapping[str, tuple[int, tuple[str, ...]]] = dataclasses.field(default_factory=dict)
    heap: tuple[float, float] = (0.0, 0.0)
    few: str = ""
    wide: frozenset[str] = frozenset()
    scarce: Scarce = dataclasses.field(default_factory=lambda: Scarce(None), compare=False)
    first_times: FirstTimes = dataclasses.field(default_factory=FirstTimes, compare=False)

    @property
    def rows(self) -> int:
        """Rows that are written."""
        return self.read - sum(self.left_out.values())


Look = Callable[[Table, IngestSpec, Roles], Profile]
"""What reads all rows of a table once; `profile` does, in this process."""


def examine(table: Table, spec: IngestSpec, roles: Roles, look: Look | None = None) -> tuple[Table, Profile]:
    """Returns the table without its rows of totals, and what its columns hold.

    Args:
        table: the table.
        spec: how its rows are read and split.
        roles: what its columns are for.
        look: what reads its rows; `profile` if left out.

    Raises:
        InputError: as `profile`.
    """
    look = look or profile
    found = look(table, spec, roles)
    if not found.totals:
        return table, found
    table = dataclasses.replace(table, left_out={file: row for file, (row, _) in found.totals.items()})
    told = tuple(totals_note(file, row, columns) for file, (row, columns) in found.totals.items())
    again = look(table, spec, roles)
    rows = len(found.totals)
    return table, dataclasses.replace(
        again,
        read=again.read + rows,
        left_out=again.left_out | {"row of totals": rows},
        warnings=told + again.warnings,
    )


def profile(table: Table, spec: IngestSpec, roles: Roles) -> Profile:
    """Reads all rows once and returns what the columns hold.

    Raises:
        InputError: a label, a list, a time or a column forced numeric holds what it must not; too few
            rows; one class or too many; a column has a name that is kept for another's digits.
    """
    check_names(looked_at(roles))
    tally = Tally(spec, roles)
    for batch in labelled_batches(table, spec, roles):
        tally.add(batch)
    return profile_of(tally, spec, roles, table.dialect)


def profile_of(tally: Tally, spec: IngestSpec, roles: Roles, dialect: Dialect) -> Profile:
    """Returns what the columns hold, from what was counted of all rows.

    Args:
        tally: the counts.
        spec: how rows are read and split.
        roles: what the columns are for.
        dialect: how the table is written.

    Raises:
        InputError: there are too few rows, one class or too many.
    """
    columns, labels, watch, times = tally.columns, tally.labels, tally.watch, tally.times
    rows = tally.read - tally.left_out.total()
    _check_rows(rows, tally.only_number, tally.only_class, spec)
    _check_durations(labels[roles.regression], roles.regression)
    forms = read_as(columns | labels, spec, roles)
    spellings = _spellings(tally.texts, forms.get(roles.classification, PLAIN), dialect)
    classes = {text: sum(counts.values()) for text, counts in spellings.items()}
    _check_classes(classes, spec.classification)
    samples = {roles.regression: tally.target.values()} | {
        name: column.sample.values() if column.loses_digits or spec.types.get(name) == Kind.FLOAT else np.zeros(0)
        for name, column in columns.items()
    }
    warnings = [*_fill_notes(tally, roles, rows), *([watch.few] if watch.few else [])]
    found = Profile(
        read=tally.read,
        left_out=dict(sorted(tally.left_out.items(), reverse=True)),
        classes=dict(sorted(classes.items())),
        columns=columns,
        labels=labels,
        forms=forms,
        spellings=spellings,
        only_number=tally.only_number,
        only_class=tally.only_class,
        warnings=(*warnings, *digit_warnings(samples, {name: column.kind for name, column in columns.items()}, roles)),
        few=watch.few,
        totals=watch.totals,
        heap=_heap(samples[roles.regression]),
        wide=wide_columns(samples, roles),
        scarce=tally.scarce,
    )
    if times is None:
        return found
    style, cuts = times.cuts(list(spec.shares.values()))
    if times.ambiguous:
        told = f"{times.column}: day and month could be exchanged in every value; the month was read first."
        found = dataclasses.replace(found, warnings=(*found.warnings, told))
    return dataclasses.replace(found, time_style=style, time_cuts=cuts, first_times=times.first)


def _fill_notes(tally: Tally, roles: Roles, rows: int) -> list[str]:
    notes = fill_note(roles.regression, tally.spread.fills(tally.target.values()), rows)
    for name, column in tally.columns.items():
        if column.inferred in (Kind.INT, Kind.FLOAT) and not tally.watch.is_text(name):
            notes += fill_note(name, column.spread.fills(column.sample.values()), rows)
    return notes


def _heap(target: np.ndarray) -> tuple[float, float]:
    """Returns the most frequent number and its share, the smallest of several."""
    if not len(target):
        return 0.0, 0.0
    values, counts = np.unique(target, return_counts=True)
    most = int(np.argmax(counts))
    return float(values[most]), float(counts[most] / len(target))


def _spellings(texts: Counter[str], form: Form, dialect: Dialect) -> dict[str, dict[str, int]]:
    """Returns class → its spellings → rows, given how often each text stands there."""
    classes = Cells(pa.array(list(texts), pa.string()), dialect, form).text().to_pylist()
    found: dict[str, dict[str, int]] = {}
    pairs = zip(texts, classes, strict=True)
    for text, one in sorted(pairs, key=lambda pair: (-texts[pair[0]], pair[0])):
        if one is not None:  # a date without end, which only the whole column tells
            found.setdefault(one, {})[text] = texts[text]
    return found


def _check_durations(column: ColumnProfile, label: str) -> None:
    if column.number_kind is None and column.meaning != Meaning.DURATION:
        raise InputError(
            f'The regression label "{label}" must be a number in every row or a duration in every row, got both, '
            f'"{min(column.odd)}" among them. Write all of them alike.'
        )


def _check_rows(rows: int, only_number: int, only_class: int, spec: IngestSpec) -> None:
    least = math.ceil(1 / min(spec.shares.values()))
    both = rows - only_number - only_class
    for label, labelled in ((spec.regression, both + only_number), (spec.classification, both + only_class)):
        if labelled < least:
            which = f'the label "{label}"' if only_number or only_class else "both labels"
            raise InputError(
                f"The data needs at least {least} rows with {which} to fill its splits, got {labelled}. Add rows."
            )


def _check_classes(classes: Mapping[str, int], label: str) -> None:
    if len(classes) > MAX_CLASSES:
        raise too_many_classes(label)
    rows = sum(classes.values())
    if len(classes) == 1:
        raise InputError(
            f'The class label "{label}" must have at least two classes, got "{next(iter(classes))}" '
            f"in every row. Choose another column."
        )
    if 2 * len(classes) > rows:
        raise InputError(
            f'The class label "{label}" must have at least two rows per class on average, got '
            f"{len(classes):,} classes in {rows:,} rows. It looks like a number or an identifier: "
            f"choose another column."
        )
