"""Mean, deviation and quantiles of whole columns, in one pass and as float64.

TFT's own take a pass each, and its quantiles are float32, where seconds since 1970 are 128 apart.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tfx_bsl.sketches import QuantilesSketch

_MOST_ROWS = 1 << 32
# What one more row counts, which is there for columns without any value.
_NOTHING = 1e-9


class ColumnStatistics(NamedTuple):
    """What is known of N columns over the whole train split.

    Args:
        mean: float64 [N]; 0 for a column without any value.
        deviation: float64 [N], the standard deviation of the values that are there; 0 for a column without any.
        quantiles: float64 [N, buckets - 1], ascending; 0 for a column without any value.
    """

    mean: tf.Tensor
    deviation: tf.Tensor
    quantiles: tf.Tensor


def column_statistics(values: tf.Tensor, buckets: int, error: float) -> ColumnStatistics:
    """Learns the statistics of columns.

    Args:
        values: float64 [B, N], NaN where missing.
        buckets: number of equal shares that the quantiles cut the values into.
        error: share of the values by which the rank of a quantile may be off.
    """
    columns = values.shape[1]
    found = tft.experimental.ptransform_analyzer(
        inputs=[values],
        ptransform=_Learn(columns, buckets, error),
        output_dtypes=[tf.float64] * 3,
        output_shapes=[[columns], [columns], [columns, buckets - 1]],
        name="column_statistics",
    )
    return ColumnStatistics(*found)


@dataclass(frozen=True)
class Moments:
    """Count, mean and sum of squared distances from it, of N columns: float64 [N] each.

    They are merged by the formula of Chan, Golub and LeVeque (1979).
    """

    count: np.ndarray
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Moments:
        """Returns those of a batch, float64 [B, N], NaN where missing."""
        there = ~np.isnan(values)
        count = there.sum(axis=0).astype(np.float64)
        with np.errstate(over="ignore"):
            mean = np.where(there, values, 0).sum(axis=0) / np.maximum(count, 1)
            squares = np.where(there, values - mean, 0)
            return cls(count, mean, np.square(squares, out=squares).sum(axis=0))

    def merged(self, other: Moments) -> Moments:
        """Returns those of both batches."""
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            apart = other.mean - self.mean
            squares = self.squares + other.squares + np.square(apart) * self.count * share
            return Moments(count, self.mean + apart * share, squares)


class _Learn(beam.PTransform):
    """Merges the statistics of all batches."""

    def __init__(self, columns: int, buckets: int, error: float) -> None:
        super().__init__()
        self._combine = _Statistics(columns, buckets, error)

    def expand(self, pcoll: Any) -> tuple[Any, ...]:
        """Returns mean, deviation and quantiles, each the one element of its collection."""
        merged = pcoll | "Merge" >> beam.CombineGlobally(self._combine)
        return tuple(
            merged | name.title() >> beam.Map(operator.itemgetter(place))
            for place, name in enumerate(ColumnStatistics._fields)
        )


_Accumulator = tuple[Moments, QuantilesSketch]


class _Statistics(beam.CombineFn):
    """Moments and one sketch for each column; "A fast algorithm for approximate quantiles", Zhang and Wang (2007)."""

    def __init__(self, columns: int, buckets: int, error: float) -> None:
        self._columns = columns
        self._buckets = buckets
        self._error = error

    def create_accumulator(self) -> _Accumulator:
        """Returns the statistics of nothing."""
        zeros = np.zeros(self._columns)
        return Moments(zeros, zeros, zeros), QuantilesSketch(self._error, _MOST_ROWS, self._columns)

    def add_input(self, accumulator: _Accumulator, element: tuple[np.ndarray, ...]) -> _Accumulator:
        """Adds a batch of rows; NaN is left out."""
        moments, sketch = accumulator
        sketch.AddValues(pa.array(np.ravel(element[0])))
        return moments.merged(Moments.of(element[0])), sketch

    def merge_accumulators(self, accumulators: Iterable[_Accumulator]) -> _Accumulator:
        """Returns the statistics of all batches."""
        moments, sketch = self.create_accumulator()
        for other, others in accumulators:
            moments = moments.merged(other)
            sketch.Merge(others)
        return moments, sketch

    def compact(self, accumulator: _Accumulator) -> _Accumulator:
        """Makes sketches small before they travel."""
        accumulator[1].Compact()
        return accumulator

    def extract_output(self, accumulator: _Accumulator) -> tuple[np.ndarray, ...]:
        """Returns mean, deviation and quantiles, see `ColumnStatistics`."""
        moments, sketch = accumulator
        sketch.AddValues(pa.array(np.zeros(self._columns)), pa.array([_NOTHING]))
        quantiles = np.array(sketch.GetQuantiles(self._buckets).to_pylist(), np.float64)
        deviation = np.sqrt(moments.squares / np.maximum(moments.count, 1))
        return moments.mean, deviation, quantiles[:, 1:-1]  # without the least and the greatest value
