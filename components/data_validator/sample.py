"""A bounded, uniform sample of the rows of a split as columns, for everything that looks at values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.data_validator.analysis.distribution import describe
from components.data_validator.analysis.leakage import LabelledColumns
from components.example_gen.examples.first_values import are_numbers, first_numbers, first_values
from components.example_gen.examples.reader import read_examples
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


def read_sample(folder: str, columns: Mapping[str, str], rows: int, wide: Collection[str] = ()) -> Sample:
    """Reads at most `ROWS` rows of a split, every row with the same chance.

    Args:
        folder: the split of raw examples.
        columns: column → INT, FLOAT or BYTES, as the ingest wrote it.
        rows: rows in the split.
        wide: those of the columns that have a companion, see `components.shared.exact_numbers`.
    """
    schema = schema_pb2.Schema()
    for name, kind in columns.items():
        schema.feature.add(name=name, type=schema_pb2.FeatureType.Value(kind))
    for name in (name for name in wide if name in columns):
        schema.feature.add(name=companion(name), type=schema_pb2.INT)
    decoder = ExamplesToRecordBatchDecoder(schema.SerializeToString())
    chosen = np.zeros(rows, bool)
    chosen[np.random.default_rng(0).permutation(rows)[:ROWS]] = True
    batches, seen = [], 0
    for examples in read_examples(folder):
        kept = examples[chosen[seen : seen + len(examples)]]
        seen += len(examples)
        if len(kept):
            batches.append(decoder.DecodeBatch(kept.tolist()))
    [rows_read] = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return Sample({name: _column(rows_read, name) for name in columns})


def _column(batch: pa.RecordBatch, name: str) -> np.ndarray | pa.Array:
    values = first_values(batch, name)
    return first_numbers(batch, name) if are_numbers(values) else values.cast(pa.string())


def _array(values: np.ndarray | pa.Array) -> np.ndarray:
    return values if isinstance(values, np.ndarray) else np.array(values.to_pylist(), object)
