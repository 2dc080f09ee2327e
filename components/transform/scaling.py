"""Scales of numbers that one cell cannot spoil.

Mean and standard deviation are what scales a column, unless a few values are so far away from all others that the
deviation says nothing of these: a fill value such as -3.4e38, a row of totals. Such a column is scaled by what its
quantiles say of the other values, and what lies beyond is moved near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from components.transform.column_statistics import column_statistics

# Quantiles in steps of half a per cent.
_BUCKETS = 200
_ERROR = 0.002
# How many interquartile ranges around the median a value may lie at, and where it counts when it sets the scale.
_WIDE, _NEAR = 10.0, 3.0
# How many times the deviation within these bounds the deviation of all values may be.
_SPOILT = 10.0
# The share of rows, on either side, that are few.
_FEW = 0.01
# Below this share of the mean, a deviation is the rounding error of a constant.
_ROUNDING = 1e-15


@dataclass(frozen=True)
class Scales:
    """How N columns are scaled: float64 [N] each.

    Args:
        mean: what is taken away.
        deviation: what the rest is divided by; 0 for a column without spread.
        low: lowest value that is told from lower ones on a linear scale; -inf where none is too low.
        high: highest such value; inf where none is too high.
    """

    mean: tf.Tensor
    deviation: tf.Tensor
    low: tf.Tensor
    high: tf.Tensor

    def part(self, columns: slice) -> Scales:
        """Returns the scales of some of the columns."""
        return Scales(*(part[columns] for part in (self.mean, self.deviation, self.low, self.high)))


def learn_scales(values: tf.Tensor, missing: tf.Tensor, strict: Sequence[bool]) -> Scales:
    """Learns the scales of columns from the values that are present, in one pass.

    Args:
        values: float64 [B, N], finite.
        missing: bool [B, N].
        strict: N, whether values of the column may count as too far only where they are a few rows': true for a label,
            whose long tail is what is to be learnt.
    """
    unknown = tf.constant(float("nan"), tf.float64)
    known = column_statistics(tf.where(missing, unknown, values), _BUCKETS, _ERROR)
    return robust(known.mean, known.deviation, known.quantiles, tf.constant(list(strict)))


def robust(mean: tf.Tensor, deviation: tf.Tensor, ranked: tf.Tensor, strict: tf.Tensor) -> Scales:
    """Returns the scales of columns: their mean and deviation, unless far values have spoilt these.

    Args:
        mean: float64 [N].
        deviation: float64 [N].
        ranked: quantiles, float64 [N, 199], ascending, from 0.5 % to 99.5 %.
        strict: bool [N], see `learn_scales`.
    """

    def at(share: float) -> tf.Tensor:
        return ranked[:, round(share * _BUCKETS) - 1]

    width = at(0.75) - at(0.25)
    width = tf.where(width > 0, width, at(0.95) - at(0.05))
    low, high = at(0.5) - _WIDE * width, at(0.5) + _WIDE * width

    def within(ranges: float) -> tf.Tensor:
        return tf.clip_by_value(ranked, (at(0.5) - ranges * width)[:, None], (at(0.5) + ranges * width)[:, None])

    inner = tf.math.reduce_std(within(_WIDE), axis=1)
    few = (at(_FEW) >= low) & (at(1 - _FEW) <= high)
    spoilt = (inner > 0) & tf.math.is_finite(inner) & (deviation > _SPOILT * inner) & (few | ~strict)
    endless = tf.fill(tf.shape(mean), tf.constant(float("inf"), tf.float64))
    return Scales(
        mean=tf.where(spoilt, tf.reduce_mean(within(_NEAR), axis=1), mean),
        deviation=tf.where(spoilt, tf.math.reduce_std(within(_NEAR), axis=1), deviation),
        low=tf.where(spoilt, low, -endless),
        high=tf.where(spoilt, high, endless),
    )


def standardise(values: tf.Tensor, missing: tf.Tensor, scales: Scales) -> tf.Tensor:
    """Returns (value - mean) / deviation per column.

    Args:
        values: float64 [B, N].
        missing: bool [B, N].
        scales: the columns' scales.

    Returns:
        float32 [B, N]; 0 for missing values and for columns without spread. A value beyond `low` or `high` is moved
        towards them, so that it stays the farthest without being far: from a distance d to log(1 + d) deviations.
    """
    varies = scales.deviation > _ROUNDING * tf.abs(scales.mean)
    deviation = tf.where(varies, scales.deviation, tf.ones_like(scales.deviation))
    inside = tf.clip_by_value(values, scales.low, scales.high)
    beyond = (values - inside) / deviation
    moved = (inside - scales.mean) / deviation + tf.sign(beyond) * tf.math.log1p(tf.abs(beyond))
    return tf.cast(tf.where(missing | ~varies, tf.zeros_like(moved), moved), tf.float32)
