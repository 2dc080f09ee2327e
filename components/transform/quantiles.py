"""Quantiles of whole columns as float64; TFT's own are float32, where seconds since 1970 are 128 apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tfx_bsl.sketches import QuantilesSketch

_MOST_ROWS = 1 << 32
# What one more row counts, which is there for columns without any value.
_NOTHING = 1e-9


def quantiles(values: tf.Tensor, buckets: int, error: float) -> tf.Tensor:
    """Returns the quantiles of each column over the whole train split.

    Args:
        values: float64 [B, N], NaN where missing.
        buckets: number of equal shares that the quantiles cut the values into.
        error: share of the values by which the rank of a quantile may be off.

    Returns:
        float64 [N, buckets - 1], ascending; 0 for a column without any value.
    """
    columns = values.shape[1]
    [found] = tft.experimental.ptransform_analyzer(
        inputs=[values],
        ptransform=_Quantiles(columns, buckets, error),
        output_dtypes=[tf.float64],
        output_shapes=[[columns, buckets - 1]],
        name="quantiles",
    )
    return found


class _Quantiles(beam.PTransform):
    """Merges the sketches of all batches."""

    def __init__(self, columns: int, buckets: int, error: float) -> None:
        super().__init__()
        self._combine = _Sketches(columns, buckets, error)

    def expand(self, pcoll: Any) -> Any:
        """Returns the quantiles, the one element of its collection."""
        return pcoll | "Merge" >> beam.CombineGlobally(self._combine)


class _Sketches(beam.CombineFn):
    """One sketch for each column; see "A fast algorithm for approximate quantiles", Zhang and Wang, SSDBM 2007."""

    def __init__(self, columns: int, buckets: int, error: float) -> None:
        self._columns = columns
        self._buckets = buckets
        self._error = error

    def create_accumulator(self) -> QuantilesSketch:
        """Returns sketches of nothing."""
        return QuantilesSketch(self._error, _MOST_ROWS, self._columns)

    def add_input(self, accumulator: QuantilesSketch, element: tuple[np.ndarray, ...]) -> QuantilesSketch:
        """Adds a batch of rows; NaN is left out."""
        accumulator.AddValues(pa.array(np.ravel(element[0])))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[QuantilesSketch]) -> QuantilesSketch:
        """Returns the sketches of all batches."""
        merged = self.create_accumulator()
        for accumulator in accumulators:
            merged.Merge(accumulator)
        return merged

    def compact(self, accumulator: QuantilesSketch) -> QuantilesSketch:
        """Makes sketches small before they travel."""
        accumulator.Compact()
        return accumulator

    def extract_output(self, accumulator: QuantilesSketch) -> np.ndarray:
        """Returns the quantiles, float64 [N, buckets - 1]."""
        accumulator.AddValues(pa.array(np.zeros(self._columns)), pa.array([_NOTHING]))
        found = np.array(accumulator.GetQuantiles(self._buckets).to_pylist(), np.float64)
        return found[:, 1:-1]  # without the least and the greatest value
