"""Second pass over the data: every row that has a label is assigned to a split, encoded and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells.cells import Kind
from components.example_gen.cells.forms import Form
from components.example_gen.examples.encode import encode, feature_array, has_value, scalar_array
from components.example_gen.examples.row_files import RECALLED, RowFiles
from components.example_gen.examples.writer import SplitWriter
from components.example_gen.features import Feature
from components.example_gen.labelled import LabelledBatch, labelled_batches
from components.example_gen.profiling.sufficiency import TrainLabels
from components.example_gen.splitting.assignment import Assignment
from components.example_gen.splitting.row_identity import BYTES, fold
from components.example_gen.tables.table import Table
from components.shared.exact_numbers import bits, companion
from components.shared.splits import EVAL, TRAIN


class Written:
    """The rows that were written, counted.

    Args:
        assignment: how rows go to splits, and what is known of the table.
        features: the features, which are counted.
        written: the names of those that are written.
        forms: column → what its cells stand for.

    Attributes:
        rows: rows of each split.
        classes: class → rows, for each split.
        labelled: label → rows that have it, for each split.
        weighted: the same of rows with a weight above 0.
        missing: feature → rows without a value.
        seen_in_train: feature → rows of train with a value.
        train: the labels of train.
    """

    def __init__(
        self,
        assignment: Assignment,
        features: Sequence[Feature],
        written: Collection[str],
        forms: Mapping[str, Form],
    ):
        self._assignment, self._features, self._names, self._forms = assignment, features, written, forms
        self._spec, self._roles, self._found = assignment.spec, assignment.roles, assignment.found
        self._judged = 0
        self._splits = list(self._spec.shares)
        self.rows: list[int] = []
        self.classes: list[Counter[str]] = [Counter() for _ in self._splits]
        self.labelled: list[Counter[str]] = [Counter() for _ in self._splits]
        self.weighted: list[Counter[str]] = [Counter() for _ in self._splits]
        self.missing: Counter[str] = Counter()
        self.seen_in_train: Counter[str] = Counter()
        self.train = TrainLabels()

    def write(self, table: Table, folder: str, rows_per_file: int) -> Written:
        """Writes the rows of a table into the root of an Examples artifact, and returns the account of it."""
        recalled = self._assignment.recalled
        log = [*self._splits, RECALLED] if recalled and recalled.gone else self._splits
        with SplitWriter(folder, self._splits, rows_per_file) as writer, RowFiles(folder, log) as row_files:
            for batch in labelled_batches(table, self._spec, self._roles, self._forms):
                if not len(batch.target):
                    continue
                splits = self._assign(batch, row_files)
                arrays = {feature.name: feature_array(feature, batch.cells) for feature in self._features}
                train = splits == self._splits.index(TRAIN)
                for feature in self._features:
                    valued = has_value(feature, arrays[feature.name])
                    self.missing[feature.name] += int((~valued).sum())
                    self.seen_in_train[feature.name] += int((valued & train).sum())
                arrays = {name: array for name, array in arrays.items() if name in self._names}
                writer.write(encode(arrays | self._labels(batch) | self._companions(batch, arrays)), splits)
                self._count(batch, splits)
            self.rows = writer.rows
        return self

    @property
    def unseen(self) -> set[str]:
        """The features without a value in train."""
        return {feature.name for feature in self._features if not self.seen_in_train[feature.name]}

    @property
    def judged(self) -> str:
        """Digest of the eval rows, whatever their order."""
        return f"{self._judged:016x}"

    def _assign(self, batch: LabelledBatch, row_files: RowFiles) -> np.ndarray:
        """Returns the split of each row, int64 `[n]`, and notes the rows' fingerprints."""
        assigned = self._assignment.assign(batch)
        judged = assigned.splits == self._splits.index(EVAL)
        self._judged = (self._judged + int(fold(assigned.fingerprints[judged], np.ones(BYTES, bool)).sum())) % 2**64
        row_files.write(assigned.fingerprints, assigned.splits)
        if assigned.earlier is not None:
            row_files.write(assigned.earlier, np.where(judged, len(self._splits), -1))
        return assigned.splits

    def _labels(self, batch: LabelledBatch) -> dict[str, pa.ListArray]:
        arrays = {
            self._roles.regression: scalar_array(pa.array(batch.target.astype(np.float32)), ~batch.has_number),
            self._roles.classification: scalar_array(batch.classes.cast(pa.binary()), ~batch.has_class),
        }
        if self._roles.weight is not None and batch.weight is not None:
            none = np.zeros(len(batch.weight), bool)
            arrays[self._roles.weight] = scalar_array(pa.array(batch.weight.astype(np.float32)), none)
        return arrays

    def _companions(self, batch: LabelledBatch, arrays: dict[str, pa.ListArray]) -> dict[str, pa.ListArray]:
        """Returns all 64 bits of what 32 do not hold, see `components.shared.exact_numbers`."""
        found = {}
        for feature in self._features:
            if feature.kind == Kind.FLOAT and feature.name in self._found.wide and feature.name in arrays:
                values, missing = batch.cells[feature.name].floats(), arrays[feature.name].is_null()
                found[companion(feature.name)] = scalar_array(
                    pa.array(bits(values)), missing.to_numpy(zero_copy_only=False)
                )
        if self._roles.regression in self._found.wide:
            found[companion(self._roles.regression)] = scalar_array(pa.array(bits(batch.target)), ~batch.has_number)
        return found

    def _count(self, batch: LabelledBatch, splits: np.ndarray) -> None:
        self.train.add(batch, splits == self._splits.index(TRAIN))
        counted = np.ones(len(splits), bool) if batch.weight is None else batch.weight.astype(np.float32) > 0
        present = {self._roles.regression: batch.has_number, self._roles.classification: batch.has_class}
        for split, classes in enumerate(self.classes):
            inside = splits == split
            for entry in pc.value_counts(batch.classes.filter(pa.array(inside)).drop_null()).to_pylist():
                classes[entry["values"]] += entry["counts"]
            for label, rows in present.items():
                self.labelled[split][label] += int((rows & inside).sum())
                self.weighted[split][label] += int((rows & inside & counted).sum())
