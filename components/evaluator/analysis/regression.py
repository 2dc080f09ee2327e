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
from components.evaluator.analysis.ranks import WIDTH, Magnitudes
from components.evaluator.analysis.totals import Moments, Sum, mean


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


def _absolute(scores: RegressionScores, weights: Floats) -> tuple[Sum, Sum]:
    return Sum.of(scores.error, weights), Sum.of_weights(weights)


def _squared(scores: RegressionScores, weights: Floats) -> tuple[Sum, Sum]:
    return Sum.of(scores.error**2, weights), Sum.of_weights(weights)


def _root(squares: Sum, weight: Sum) -> Floats:
    return np.sqrt(mean(squares, weight))


def _explained(scores: RegressionScores, weights: Floats) -> tuple[Sum, Moments]:
    return Sum.of(scores.error**2, weights), Moments.of(scores.label, weights)


def _r2(squares: Sum, label: Moments) -> Floats:
    return 1 - ratio(squares.values, label.variation)


def _magnitudes(scores: RegressionScores, weights: Floats) -> tuple[Magnitudes]:
    return (Magnitudes(scores.error, weights),)


METRICS: dict[str, Metric] = {
    "mae": Metric("MAE", True, _absolute, mean),
    "rmse": Metric("RMSE", True, _squared, _root),
    "r2": Metric("R²", False, _explained, _r2),
    "median_absolute_error": Metric(
        "median absolute error",
        True,
        _magnitudes,
        Magnitudes.median,
        bound=lambda errors: errors.median() * WIDTH,
    ),
}
"""Name in the configuration -> metric, in the order in which they are shown."""
