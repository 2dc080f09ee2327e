"""A bounded, uniform sample of the rows of a split as columns, for everything that looks at values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_validator.analysis.distribution import describe
from components.data_validator.analysis.leakage import LabelledColumns
from components.data_validator.chosen_rows import ChosenRows, ReadChosen, choose
from components.example_gen.examples.first_values import are_numbers, first_numbers, first_values
from components.example_gen.workers import Workers
from components.formats.distributions import Distribution
from components.shared.exact_numbers import companion

ROWS = 50_000
"""Rows looked at per split; the bounds of two such samples are far below the smallest effect worth an alarm."""


@dataclass(frozen=True)
class Sample:
    """Rows of one split.

    Args:
        columns: column → float64 `[n]` with NaN, or string `[n]` with null, where missing; no feature vectors.
    """

    columns: dict[str, np.ndarray | pa.Array]

    def distributions(self, key: str | None) -> dict[str, Distribution]:
        """Returns the distribution of every column.

        Args:
            key: the column whose values keep rows together in one split; rows of one value count once.
        """
        independent = None
        if key is not None and key in self.columns:
            independent = len(pc.unique(pa.array(self.columns[key])))
        return {name: describe(values, independent) for name, values in self.columns.items()}

    def divided(self, labels: tuple[str, str]) -> LabelledColumns:
        """Returns features and labels apart."""
        arrays = {name: _array(values) for name, values in self.columns.items()}
        number, label = (arrays.pop(name) for name in labels)
        return LabelledColumns(arrays, number, label)


def read_samples(
    artifact: str,
    columns: Mapping[str, str],
    splits: Collection[str],
    wide: Collection[str] = (),
    workers: Workers | None = None,
) -> dict[str, Sample]:
    """Reads at most `ROWS` rows of each split, every row with the same chance.

    They are those of the smallest hashes, in the order of these, so neither the order of the rows nor the files they
    are in make a difference.

    Args:
        artifact: root of the raw examples.
        columns: column → INT, FLOAT or BYTES, as the ingest wrote it.
        splits: the splits.
        wide: those of the columns that have a companion, see `components.shared.exact_numbers`.
        workers: who reads the files; this process if left out.
    """
    schema = schema_pb2.Schema()
    for name, kind in columns.items():
        schema.feature.add(name=name, type=schema_pb2.FeatureType.Value(kind))
    for name in (name for name in wide if name in columns):
        schema.feature.add(name=companion(name), type=schema_pb2.INT)
    job = ReadChosen(schema.SerializeToString())
    work = [chosen for split in splits for chosen in choose(artifact, split, ROWS)]
    if workers is not None and len(work) > len(splits):
        found: ChosenRows = workers.done(job, work)
    else:
        found = ChosenRows()
        for chosen in work:
            found.merge(job.do(chosen))
    samples = {}
    for split in splits:
        rows = found.rows(split)
        samples[split] = Sample({name: _column(rows, name) for name in columns})
    return samples


def _column(batch: pa.RecordBatch, name: str) -> np.ndarray | pa.Array:
    values = first_values(batch, name)
    return first_numbers(batch, name) if are_numbers(values) else values.cast(pa.string())


def _array(values: np.ndarray | pa.Array) -> np.ndarray:
    return values if isinstance(values, np.ndarray) else np.array(values.to_pylist(), object)
