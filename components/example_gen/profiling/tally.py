"""What is counted of the rows of a table, of all of them or of some: tallies of blocks merge to that of the table.

Nothing in it depends on the order of the rows, on the blocks they come in or on the order in which these are merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc

from components.example_gen.cells.cells import Cells, Kind, NotNumericError
from components.example_gen.cells.marked_numbers import remedy
from components.example_gen.cells.readings import categorical
from components.example_gen.labelled import LabelledBatch
from components.example_gen.profiling.column import ColumnProfile, check_same_kind, other_length
from components.example_gen.profiling.fill_values import Spread
from components.example_gen.profiling.row_warnings import Watch
from components.example_gen.profiling.sample import Sample
from components.example_gen.profiling.scarce import Scarce
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.splits import mix
from components.example_gen.splitting.time_sample import TimeSample
from components.shared.errors import InputError

MAX_CLASSES = 1_000
_MAX_SPELLINGS = 4 * MAX_CLASSES  # texts of the class label before those of one class are put together
_TARGETS = 50_000  # regression labels in their sample, by which the share of equal ones is told to 0.2 points


class Tally:
    """What is counted of some rows.

    Args:
        spec: how they are read and split.
        roles: what the columns are for.
        styles: ways in which the times of a split by time may be written; found out from the first one if left out.

    Attributes:
        read: rows, also those left out.
        left_out: reason → rows that are not written.
        only_number: rows with the regression label alone.
        only_class: rows with the class label alone.
        texts: text of the class label → rows.
        columns: column → what it holds; features, elements of vectors and the split column.
        labels: label → what it holds.
        target: some of the regression labels.
        spread: the smallest and largest of them.
        times: what is known of the times, for a split by time.
        watch: what a person should know of the rows.
        scarce: rows of the columns that have a value in few rows.
    """

    def __init__(self, spec: IngestSpec, roles: Roles, styles: Sequence[str] = ()):
        self._spec, self._roles = spec, roles
        self.read = self.only_number = self.only_class = 0
        self.left_out: Counter[str] = Counter()
        self.texts: Counter[str] = Counter()
        self.columns = {name: ColumnProfile() for name in looked_at(roles)}
        self.labels = {name: ColumnProfile() for name in roles.labels}
        self.target, self.spread = Sample(_TARGETS), Spread()
        by_time = spec.split == "time" and roles.split is not None
        self.times = TimeSample(roles.split, styles) if by_time and roles.split is not None else None
        self.watch, self.scarce = Watch(spec, roles), Scarce(roles.split)

    def add(self, batch: LabelledBatch) -> None:
        """Takes in the rows of a batch.

        Raises:
            InputError: a list, a time or a column forced numeric holds what it must not, or there are too many classes.
        """
        self.read += batch.read
        self.watch.add(batch)
        self.left_out.update(batch.left_out)
        self.only_number += int((~batch.has_class).sum())
        self.only_class += int((~batch.has_number).sum())
        for entry in pc.value_counts(batch.classes.drop_null()).to_pylist():
            self.texts[entry["values"]] += entry["counts"]
        self._check_texts()
        self.target.add(batch.target, batch.priorities)
        self.spread.add(batch.target[batch.has_number])
        for name, column in self.columns.items():
            self._add(column, name, batch)
        for name, column in self.labels.items():
            column.add(batch.labels[name], categorical=False)
        if self.times is None:
            self.scarce.add(batch)
        else:
            self.times.add(batch)

    def empty(self) -> Tally:
        """Returns the tally of no rows, which may be merged with this one."""
        return Tally(self._spec, self._roles)

    def merge(self, other: Tally) -> None:
        """Takes in what was counted of other rows of the table.

        Raises:
            InputError: the rows of both do not go together.
        """
        self.read += other.read
        self.watch.merge(other.watch)
        self.left_out.update(other.left_out)
        self.only_number += other.only_number
        self.only_class += other.only_class
        self.texts.update(other.texts)
        self._check_texts()
        self.target.merge(other.target)
        self.spread.merge(other.spread)
        for name, column in self.columns.items():
            column.merge(other.columns[name], name)
        for name, column in self.labels.items():
            column.merge(other.labels[name], name)
        if self.times is not None and other.times is not None:
            self.times.merge(other.times)
        self.scarce.merge(other.scarce)

    def _check_texts(self) -> None:
        if len(self.texts) > _MAX_SPELLINGS:
            raise too_many_classes(self._spec.classification)

    def _add(self, column: ColumnProfile, name: str, batch: LabelledBatch) -> None:
        cells = batch.cells[name]
        if cells.kind != Kind.EMPTY:
            check_same_kind(name, cells.kind, column.inferred)
            self._check_forced(name, cells, batch)
            if cells.is_vector:
                _add_lists(column, name, cells, batch)
        column.add(cells, categorical(name, self._spec), batch.priorities)

    def _check_forced(self, name: str, cells: Cells, batch: LabelledBatch) -> None:
        owner = next((vector for vector, members in self._roles.vectors.items() if name in members), None)
        if cells.is_vector:
            if name in self._spec.categorical or owner is not None:
                where = "features.categorical" if owner is None else f'the vector "{owner}"'
                raise InputError(f'The column "{name}" of {where} must hold single values, got lists.')
            return
        if name not in self._spec.numeric and owner is None:
            return
        try:
            cells.floats()
        except NotNumericError as error:
            where = "listed in features.numeric" if owner is None else f'part of the vector "{owner}"'
            raise InputError(
                f'The column "{name}", {where}, must hold numbers, got "{error.text}" in '
                f"{batch.where(error.index)}. {remedy(error.text)}"
            ) from error


def looked_at(roles: Roles) -> tuple[str, ...]:
    """Returns the columns of which a tally says what they hold, beside the labels."""
    return tuple(dict.fromkeys((*roles.inputs, *((roles.split,) if roles.split is not None else ()))))


def too_many_classes(label: str) -> InputError:
    """Returns the error of a class label with more classes than can be learnt."""
    return InputError(
        f'The class label "{label}" must have at most {MAX_CLASSES:,} classes, got more. '
        f"It looks like a number or an identifier: choose another column."
    )


def _add_lists(column: ColumnProfile, name: str, cells: Cells, batch: LabelledBatch) -> None:
    values, lengths = cells.vectors()
    present = np.flatnonzero(lengths >= 0)
    first = int(present[0])
    if column.length is None:
        column.length, column.first_list = int(lengths[first]), (*batch.place(first), batch.where(first))
        if column.length == 0:
            raise InputError(
                f'The lists of "{name}" must hold at least one number, got an empty one in '
                f"{batch.where(first)}. Make it null if it is missing."
            )
    wrong = present[lengths[present] != column.length]
    if len(wrong):
        raise other_length(name, column.length, int(lengths[wrong[0]]), batch.where(int(wrong[0])))
    elements = np.tile(np.arange(column.length, dtype=np.uint64), len(present))
    column.sample.add(values, mix(np.repeat(batch.priorities[present], column.length) + elements))
    with np.errstate(over="ignore"):
        column.infinite += int(np.isinf(values.astype(np.float32)).sum())
