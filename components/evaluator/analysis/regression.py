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

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.metric import Floats, Metric, ratio

METRICS = {
    "mae": Metric("MAE", lower_is_better=True),
    "rmse": Metric("RMSE", lower_is_better=True),
    "r2": Metric("R²", lower_is_better=False),
    "median_absolute_error": Metric("median absolute error", lower_is_better=True),
}
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
    metrics: tuple[str, ...] = tuple(METRICS)

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
        error = np.abs(self.prediction - self.label)
        total = weights.sum(axis=0)
        compute = {
            "mae": lambda: ratio(error @ weights, total),
            "rmse": lambda: np.sqrt(ratio(error**2 @ weights, total)),
            "r2": lambda: _r2(self.label, error, weights, total),
            "median_absolute_error": lambda: _median(error, weights, total),
        }
        return {name: compute[name]() for name in self.metrics}


def _r2(label: Floats, error: Floats, weights: Floats, total: Floats) -> Floats:
    # The median of a constant column is that constant exactly, so its sums below are exactly zero.
    centred = label - np.median(label)
    moment = centred**2 @ weights
    variation = moment - ratio((centred @ weights) ** 2, total)
    return 1 - ratio(error**2 @ weights, np.where(variation > ROUNDING * moment, variation, 0.0))


def _median(values: Floats, weights: Floats, total: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    reached = np.cumsum(weights[order], axis=0)
    last = len(values) - 1
    lower = np.minimum((reached < total / 2).sum(axis=0), last)
    upper = np.minimum((reached <= total / 2).sum(axis=0), last)
    return np.where(total > 0, (ordered[lower] + ordered[upper]) / 2, np.nan)
