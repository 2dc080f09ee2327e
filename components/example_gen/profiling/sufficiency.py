"""Whether the train split holds enough to learn from: two classes and two numbers at the least."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.labelled import LabelledBatch, labelled_batches
from components.example_gen.profiling.profile import Profile
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.splits import split_by_time
from components.example_gen.splitting.times import parse_times
from components.example_gen.tables.table import Table
from components.shared.errors import InputError


@dataclasses.dataclass
class TrainLabels:
    """The labels of the train split.

    Args:
        classes: class → rows.
        low: the smallest number, infinite where there is none.
        high: the largest.
    """

    classes: Counter[str] = dataclasses.field(default_factory=Counter)
    low: float = np.inf
    high: float = -np.inf

    def add(self, batch: LabelledBatch, train: np.ndarray) -> None:
        """Takes in the rows of a batch that fall into train, bool `[n]`."""
        for entry in pc.value_counts(batch.classes.filter(pa.array(train)).drop_null()).to_pylist():
            self.classes[entry["values"]] += entry["counts"]
        numbers = batch.target[train & batch.has_number]
        if len(numbers):
            self.low, self.high = min(self.low, float(numbers.min())), max(self.high, float(numbers.max()))

    def merge(self, other: TrainLabels) -> None:
        """Takes in the labels of other rows."""
        self.classes.update(other.classes)
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)

    def check(self, spec: IngestSpec) -> None:
        """Refuses labels from which nothing can be learnt.

        Raises:
            InputError: they are of one class, or one number.
        """
        if len(self.classes) == 1:
            [(name, rows)] = self.classes.items()
            raise InputError(
                f'The train split needs at least two classes of "{spec.classification}", got "{name}" in all '
                f"{rows:,} of its rows. {_remedy(spec)}"
            )
        if self.low == self.high:
            raise InputError(
                f'The train split needs at least two different numbers of "{spec.regression}", got {self.low:g} in all '
                f"of its rows. {_remedy(spec)}"
            )


def check_time_split(table: Table, spec: IngestSpec, roles: Roles, found: Profile) -> None:
    """Refuses a split by time that leaves nothing to learn from in the oldest rows.

    Args:
        table: the table.
        spec: how it is split.
        roles: what its columns are for.
        found: what the first pass found; what is not split by time is left alone.

    Raises:
        InputError: the oldest rows are of one class, or one number.
    """
    if roles.split is None or found.time_cuts is None or found.time_style is None:
        return
    if found.first_times.varied < found.time_cuts[0]:
        return
    labels = TrainLabels()  # read again for the sentence
    for batch in labelled_batches(table, spec, dataclasses.replace(roles, features=(), vectors={})):
        times = parse_times(batch.cells[roles.split].text(), found.time_style)
        labels.add(batch, split_by_time(times, found.time_cuts) == 0)
    labels.check(spec)


def _remedy(spec: IngestSpec) -> str:
    if spec.split == "time":
        return (
            "The others came later: leave out the rows of the time before, lower the shares of the other splits, or "
            "set data.split.by to row."
        )
    if spec.split == "column":
        return "Choose another data.split.column or data.split.salt, or set data.split.by to row."
    return "Add rows of the others, or choose another data.split.salt."
