"""First pass over the data: what every column holds, over all rows and not a sample of them."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells.cells import Cells, Kind, NotNumericError
from components.example_gen.cells.forms import PLAIN, Form, Meaning
from components.example_gen.cells.marked_numbers import remedy
from components.example_gen.cells.readings import categorical, read_as
from components.example_gen.labelled import LabelledBatch, labelled_batches
from components.example_gen.profiling.column import ColumnProfile
from components.example_gen.profiling.digits import check_names, digit_warnings, wide_columns
from components.example_gen.profiling.row_warnings import Watch
from components.example_gen.profiling.scarce import Scarce
from components.example_gen.profiling.total_rows import totals_note
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.first_times import FirstTimes
from components.example_gen.splitting.times import TimeSample
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.table import Table
from components.shared.errors import InputError
from components.shared.exact_numbers import Sample

MAX_CLASSES = 1_000
_MAX_SPELLINGS = 4 * MAX_CLASSES  # texts of the class label before those of one class are put together


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
        heap: the most frequent regression label and its share.
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


def examine(table: Table, spec: IngestSpec, roles: Roles) -> tuple[Table, Profile]:
    """Returns the table without its rows of totals, and what its columns hold; see `profile`."""
    found = profile(table, spec, roles)
    if not found.totals:
        return table, found
    table = dataclasses.replace(table, left_out={file: row for file, (row, _) in found.totals.items()})
    told = tuple(totals_note(file, row, columns) for file, (row, columns) in found.totals.items())
    again = profile(table, spec, roles)
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
    read = only_number = only_class = 0
    left_out: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    names = tuple(dict.fromkeys((*roles.inputs, *((roles.split,) if roles.split is not None else ()))))
    check_names(names)
    columns = {name: ColumnProfile() for name in names}
    labels = {name: ColumnProfile() for name in roles.labels}
    target = Sample()
    times = TimeSample(roles.split) if spec.split == "time" and roles.split is not None else None
    watch, scarce = Watch(spec, roles), Scarce(roles.split)
    for batch in labelled_batches(table, spec, roles):
        read += batch.read
        watch.add(batch)
        left_out.update(batch.left_out)
        only_number += int((~batch.has_class).sum())
        only_class += int((~batch.has_number).sum())
        _count_texts(batch, texts, spec.classification)
        target.add(batch.target)
        for name, column in columns.items():
            _add(column, name, batch, spec, roles)
        for name, column in labels.items():
            column.add(batch.labels[name], categorical=False)
        if times is None:
            scarce.add(batch)
        else:
            times.add(batch)
    rows = read - left_out.total()
    _check_rows(rows, only_number, only_class, spec)
    _check_durations(labels[roles.regression], roles.regression)
    forms = read_as(columns | labels, spec, roles)
    spellings = _spellings(texts, forms.get(roles.classification, PLAIN), table.dialect)
    classes = {text: sum(counts.values()) for text, counts in spellings.items()}
    _check_classes(classes, spec.classification)
    samples = {roles.regression: target} | {name: column.sample for name, column in columns.items()}
    found = Profile(
        read=read,
        left_out=dict(left_out),
        classes=dict(sorted(classes.items())),
        columns=columns,
        labels=labels,
        forms=forms,
        spellings=spellings,
        only_number=only_number,
        only_class=only_class,
        warnings=watch.notes()
        + digit_warnings(samples, {name: column.kind for name, column in columns.items()}, roles),
        few=watch.few,
        totals=watch.totals,
        heap=watch.heap,
        wide=wide_columns(samples, roles),
        scarce=scarce,
    )
    if times is None:
        return found
    style, cuts = times.cuts(list(spec.shares.values()))
    warnings = found.warnings
    if times.ambiguous:
        warnings += (f"{times.column}: day and month could be exchanged in every value; the month was read first.",)
    return dataclasses.replace(found, time_style=style, time_cuts=cuts, warnings=warnings, first_times=times.first)


def _add(column: ColumnProfile, name: str, batch: LabelledBatch, spec: IngestSpec, roles: Roles) -> None:
    cells = batch.cells[name]
    if cells.kind != Kind.EMPTY:
        if Kind.VECTOR in (cells.kind, column.inferred) and column.inferred not in (Kind.EMPTY, cells.kind):
            raise InputError(f'The column "{name}" must hold lists in all files or in none, got both.')
        _check_forced(name, cells, batch, spec, roles)
        if cells.is_vector:
            _add_lists(column, name, cells, batch)
    if spec.types.get(name) == Kind.FLOAT and cells.number_kind == Kind.INT:
        column.sample.add(cells.floats())
    column.add(cells, categorical(name, spec))


def _add_lists(column: ColumnProfile, name: str, cells: Cells, batch: LabelledBatch) -> None:
    values, lengths = cells.vectors()
    present = np.flatnonzero(lengths >= 0)
    if column.length is None:
        column.length = int(lengths[present[0]])
        if column.length == 0:
            raise InputError(
                f'The lists of "{name}" must hold at least one number, got an empty one in '
                f"{batch.where(int(present[0]))}. Make it null if it is missing."
            )
    wrong = present[lengths[present] != column.length]
    if len(wrong):
        raise InputError(
            f'The lists of "{name}" must have {column.length} numbers as in the first row, '
            f"got {lengths[wrong[0]]} in {batch.where(int(wrong[0]))}."
        )
    column.sample.add(values)
    with np.errstate(over="ignore"):
        column.infinite += int(np.isinf(values.astype(np.float32)).sum())


def _check_forced(name: str, cells: Cells, batch: LabelledBatch, spec: IngestSpec, roles: Roles) -> None:
    owner = next((vector for vector, members in roles.vectors.items() if name in members), None)
    if cells.is_vector:
        if name in spec.categorical or owner is not None:
            where = "features.categorical" if owner is None else f'the vector "{owner}"'
            raise InputError(f'The column "{name}" of {where} must hold single values, got lists.')
        return
    if name not in spec.numeric and owner is None:
        return
    try:
        cells.floats()
    except NotNumericError as error:
        where = "listed in features.numeric" if owner is None else f'part of the vector "{owner}"'
        raise InputError(
            f'The column "{name}", {where}, must hold numbers, got "{error.text}" in '
            f"{batch.where(error.index)}. {remedy(error.text)}"
        ) from error


def _count_texts(batch: LabelledBatch, texts: Counter[str], label: str) -> None:
    for entry in pc.value_counts(batch.classes.drop_null()).to_pylist():
        texts[entry["values"]] += entry["counts"]
    if len(texts) > _MAX_SPELLINGS:
        raise _too_many_classes(label)


def _spellings(texts: Counter[str], form: Form, dialect: Dialect) -> dict[str, dict[str, int]]:
    """Returns class → its spellings → rows, given how often each text stands there."""
    classes = Cells(pa.array(list(texts), pa.string()), dialect, form).text().to_pylist()
    found: dict[str, dict[str, int]] = {}
    for text, one in zip(texts, classes, strict=True):
        if one is not None:  # a date without end, which only the whole column tells
            found.setdefault(one, {})[text] = texts[text]
    return found


def _too_many_classes(label: str) -> InputError:
    return InputError(
        f'The class label "{label}" must have at most {MAX_CLASSES:,} classes, got more. '
        f"It looks like a number or an identifier: choose another column."
    )


def _check_durations(column: ColumnProfile, label: str) -> None:
    if column.number_kind is None and column.meaning != Meaning.DURATION:
        raise InputError(
            f'The regression label "{label}" must be a number in every row or a duration in every row, got both, '
            f'"{next(iter(column.odd))}" among them. Write all of them alike.'
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
        raise _too_many_classes(label)
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
