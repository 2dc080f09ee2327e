"""Metrics of the regression head, in the user's units.

- `mae`: mean of `|prediction - label|`.
- `rmse`: root of the mean of `(prediction - label)²`.
- `r2`: `1 - Σ(prediction - label)² / Σ(label - mean(label))²`, with the mean of the rows being scored.
  Undefined (NaN) where all labels are equal; scikit-learn says 0 or 1 there, which reads like a finding.
- `median_absolute_error`: median of `|prediction - label|`, the mean of the middle two for an even count.

Weighted, the median is the mean of the smallest error that reaches half of the total weight and the
smallest that exceeds it: with whole-number weights this is the median of the repeated rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.metric import Floats, Metric, ratio

# Below this share of the labels' second moment about their median, a sum of squares is rounding error.
ROUNDING = 1e-12


@dataclass(frozen=True)
class RegressionScores:
    """Regression labels and predictions of the same rows.

    Args:
        label: float64 [n], finite, in the user's units.
        prediction: float64 [n], finite, in the same units.
        metrics: which of `METRICS` to compute.

    Raises:
        ValueError: the shapes differ, no row is given, or a value is not finite.
    """

    label: Floats
    prediction: Floats
    metrics: tuple[str, ...] = field(default_factory=lambda: tuple(METRICS))

    def __post_init__(self) -> None:
        if self.label.ndim != 1 or self.label.shape != self.prediction.shape or not len(self.label):
            raise ValueError(
                "label and prediction must be of one shape [n] with n > 0, "
                f"got {self.label.shape} and {self.prediction.shape}."
            )
        if not (np.isfinite(self.label).all() and np.isfinite(self.prediction).all()):
            raise ValueError("label and prediction must be finite, got NaN or infinity.")

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.label)

    def take(self, rows: npt.NDArray[Any]) -> Self:
        """The same, restricted to `rows` (integer indices or a boolean mask)."""
        return type(self)(self.label[rows], self.prediction[rows], self.metrics)

    def weighted(self, weights: Floats) -> dict[str, Floats]:
        """The metrics under each weighting: `weights` is float64 [n, B], each result float64 [B]."""
        return {name: METRICS[name].compute(self, weights) for name in self.metrics}

    @cached_property
    def error(self) -> Floats:
        """float64 [n]: the absolute error of each row."""
        return np.abs(self.prediction - self.label)


def _mae(scores: RegressionScores, weights: Floats) -> Floats:
    return ratio(scores.error @ weights, weights.sum(axis=0))


def _rmse(scores: RegressionScores, weights: Floats) -> Floats:
    return np.sqrt(ratio(scores.error**2 @ weights, weights.sum(axis=0)))


def _r2(scores: RegressionScores, weights: Floats) -> Floats:
    # The median of a constant column is that constant exactly, so its sums below are exactly zero.
    centred = scores.label - np.median(scores.label)
    moment = centred**2 @ weights
    variation = moment - ratio((centred @ weights) ** 2, weights.sum(axis=0))
    return 1 - ratio(scores.error**2 @ weights, np.where(variation > ROUNDING * moment, variation, 0.0))


def _median_absolute_error(scores: RegressionScores, weights: Floats) -> Floats:
    order, total = np.argsort(scores.error, kind="stable"), weights.sum(axis=0)
    ordered = scores.error[order]
    reached = np.cumsum(weights[order], axis=0)
    last = scores.n - 1
    lower = np.minimum((reached < total / 2).sum(axis=0), last)
    upper = np.minimum((reached <= total / 2).sum(axis=0), last)
    return np.where(total > 0, (ordered[lower] + ordered[upper]) / 2, np.nan)


METRICS: dict[str, Metric] = {
    "mae": Metric("MAE", lower_is_better=True, compute=_mae),
    "rmse": Metric("RMSE", lower_is_better=True, compute=_rmse),
    "r2": Metric("R²", lower_is_better=False, compute=_r2),
    "median_absolute_error": Metric("median absolute error", lower_is_better=True, compute=_median_absolute_error),
}
"""Name in the configuration -> metric, in the order in which they are shown."""
