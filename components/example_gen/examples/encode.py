"""Columns of a batch as serialized `tf.Example`s, by tfx-bsl's C++ encoder: no Python per row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from tfx_bsl.cc.tfx_bsl_extension.coders import RecordBatchToExamplesEncoder

from components.example_gen.cells.cells import Cells, Kind
from components.example_gen.features import Feature


def encode(columns: Mapping[str, pa.ListArray]) -> list[bytes]:
    """Returns one serialized `tf.Example` per row; a null list is an absent value."""
    batch = pa.record_batch(list(columns.values()), names=list(columns))
    return RecordBatchToExamplesEncoder(None).Encode(batch)


def feature_array(feature: Feature, cells: Mapping[str, Cells]) -> pa.ListArray:
    """Returns the feature as a list array of n rows.

    A scalar is a list of one int64, float32 or bytes value, null where missing or not finite. A vector has
    `feature.length` float32 values in every row, NaN where one is missing or not finite.
    """
    if feature.kind == Kind.VECTOR:
        return _vector_array(feature, cells)
    column = cells[feature.columns[0]]
    if feature.kind == Kind.INT:
        return scalar_array(pa.array(column.integers()), column.missing)
    if feature.kind == Kind.FLOAT:
        values = _finite(column.floats())
        return scalar_array(pa.array(values), np.isnan(values))
    return scalar_array(column.text().cast(pa.binary()), column.missing)


def has_value(feature: Feature, array: pa.ListArray) -> np.ndarray:
    """Returns which rows of a feature's array carry a value, bool `[n]`; a vector of NaN carries none."""
    if feature.kind != Kind.VECTOR:
        return array.is_valid().to_numpy(zero_copy_only=False)
    values = array.values.to_numpy().reshape(-1, feature.length)
    return ~np.isnan(values).all(axis=1)


def scalar_array(values: pa.Array, missing: np.ndarray) -> pa.ListArray:
    """Returns lists of one value each, null where `missing`, bool `[n]`, says so."""
    offsets = np.concatenate([[0], np.cumsum(~missing)]).astype(np.int32)
    if not missing.any():
        return pa.ListArray.from_arrays(pa.array(offsets), values)
    return pa.ListArray.from_arrays(pa.array(offsets), values.filter(pa.array(~missing)), mask=pa.array(missing))


def _vector_array(feature: Feature, cells: Mapping[str, Cells]) -> pa.ListArray:
    first = cells[feature.columns[0]]
    rows = len(first)
    matrix = np.full((rows, feature.length), np.nan, np.float32)
    if first.is_vector:
        values, lengths = first.vectors()
        matrix[lengths >= 0] = _finite(values).reshape(-1, feature.length)
    elif len(feature.columns) == feature.length:
        matrix = np.stack([_finite(cells[name].floats()) for name in feature.columns], axis=1)
    # Else a Parquet column of null type: in this file no row has a list.
    offsets = np.arange(rows + 1, dtype=np.int32) * feature.length
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.ravel()))


def _finite(values: np.ndarray) -> np.ndarray:
    """float32 of float64 values, NaN for what is not finite in 32 bits."""
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)
    short[~np.isfinite(short)] = np.nan
    return short
