"""Second pass over the data: every row that has a label is assigned to a split, encoded and written."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa

from components.example_gen.cells.cells import Kind
from components.example_gen.cells.forms import Form
from components.example_gen.examples.encode import encode, feature_array, has_value, scalar_array
from components.example_gen.examples.row_files import RECALLED, RowFiles
from components.example_gen.examples.writer import Share, SplitWriter
from components.example_gen.features import Feature
from components.example_gen.labelled import LabelledBatch, labelled_batches
from components.example_gen.splitting.assignment import Assignment
from components.example_gen.tables.blocks import Block
from components.example_gen.tables.table import Table
from components.example_gen.written import Written
from components.shared.exact_numbers import bits, companion
from components.shared.splits import EVAL


@dataclasses.dataclass(frozen=True)
class Writing:
    """How rows become examples.

    Args:
        assignment: how rows go to splits, and what is known of the table.
        features: the features, which are counted.
        names: the names of those that are written.
        forms: column → what its cells stand for.
        rows_per_file: rows after which the next file of a split begins.
    """

    assignment: Assignment
    features: Sequence[Feature]
    names: Collection[str]
    forms: Mapping[str, Form]
    rows_per_file: int

    @property
    def splits(self) -> list[str]:
        """The names of the splits."""
        return list(self.assignment.spec.shares)

    def account(self) -> Written:
        """Returns the account of no rows."""
        return Written(self.splits, [feature.name for feature in self.features])

    def write(self, table: Table, folder: str, block: Block | None = None, temporary: str = "") -> Written:
        """Writes rows of a table into the root of an Examples artifact, and returns the account of them.

        Args:
            table: the table.
            folder: the root.
            block: the rows, where others write the others and the folders are there; None writes all rows.
            temporary: a folder for files that are not whole yet, where others write others.
        """
        recalled, share = self.assignment.recalled, None if block is None else Share(block.number, temporary)
        log = [*self.splits, RECALLED] if recalled and recalled.gone else self.splits
        spec, roles, written = self.assignment.spec, self.assignment.roles, self.account()
        batches = labelled_batches(table, spec, roles, self.forms, None if block is None else block.spans)
        with (
            SplitWriter(folder, self.splits, self.rows_per_file, share) as writer,
            RowFiles(folder, log, share) as row_files,
        ):
            for batch in batches:
                if len(batch.target):
                    splits = self._assign(batch, row_files, written)
                    arrays = {feature.name: feature_array(feature, batch.cells) for feature in self.features}
                    written.add_values({one.name: has_value(one, arrays[one.name]) for one in self.features}, splits)
                    arrays = {name: array for name, array in arrays.items() if name in self.names}
                    writer.write(encode(arrays | self._labels(batch) | self._companions(batch, arrays)), splits)
        written.rows, written.files = writer.rows, writer.files
        return written

    def _assign(self, batch: LabelledBatch, row_files: RowFiles, written: Written) -> np.ndarray:
        """Returns the split of each row, int64 `[n]`, and notes the rows' fingerprints."""
        assigned = self.assignment.assign(batch)
        written.add(batch, assigned.splits, assigned.fingerprints, self.assignment.roles.labels)
        row_files.write(assigned.fingerprints, assigned.splits)
        if assigned.earlier is not None:
            judged = assigned.splits == self.splits.index(EVAL)
            row_files.write(assigned.earlier, np.where(judged, len(self.splits), -1))
        return assigned.splits

    def _labels(self, batch: LabelledBatch) -> dict[str, pa.ListArray]:
        roles = self.assignment.roles
        arrays = {
            roles.regression: scalar_array(pa.array(batch.target.astype(np.float32)), ~batch.has_number),
            roles.classification: scalar_array(batch.classes.cast(pa.binary()), ~batch.has_class),
        }
        if roles.weight is not None and batch.weight is not None:
            none = np.zeros(len(batch.weight), bool)
            arrays[roles.weight] = scalar_array(pa.array(batch.weight.astype(np.float32)), none)
        return arrays

    def _companions(self, batch: LabelledBatch, arrays: dict[str, pa.ListArray]) -> dict[str, pa.ListArray]:
        """Returns all 64 bits of what 32 do not hold, see `components.shared.exact_numbers`."""
        found, wide, label = {}, self.assignment.found.wide, self.assignment.roles.regression
        for feature in self.features:
            if feature.kind == Kind.FLOAT and feature.name in wide and feature.name in arrays:
                values, missing = batch.cells[feature.name].floats(), arrays[feature.name].is_null()
                found[companion(feature.name)] = scalar_array(
                    pa.array(bits(values)), missing.to_numpy(zero_copy_only=False)
                )
        if label in wide:
            found[companion(label)] = scalar_array(pa.array(bits(batch.target)), ~batch.has_number)
        return found
