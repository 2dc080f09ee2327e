"""Where the regression head errs: points to look at, the distribution of its errors, errors by range of the label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.evaluator.analysis.bootstrap import Bootstrap, Interval
from components.evaluator.analysis.metric import Floats
from components.evaluator.analysis.regression import RegressionScores
from components.shared.histogram_bins import Histogram, bins_of

MAX_POINTS = 1000
BINS = 30
RANGES = 5


@dataclass(frozen=True)
class Range:
    """Errors of the rows whose label lies in one range.

    Args:
        low, high: least and greatest label in the range, in the user's units.
        n: number of rows.
        mae: mean absolute error with its interval.
        bias: mean of `prediction - label`; above 0 the model predicts too much.
    """

    low: float
    high: float
    n: int
    mae: Interval
    bias: float


@dataclass(frozen=True)
class Residuals:
    """The regression head's predictions and errors, in the user's units.

    Args:
        n: number of rows.
        actual, predicted: the same rows' labels and predictions; at most `MAX_POINTS` drawn at random.
        histogram: of the residuals `label - prediction`, in `BINS` bins of equal width; above 0 the model predicts too
            little.
        least, greatest: least and greatest residual.
        ranges: `RANGES` ranges of the label with about equally many rows, lowest first; fewer where labels tie.
    """

    n: int
    actual: tuple[float, ...]
    predicted: tuple[float, ...]
    histogram: Histogram
    least: float
    greatest: float
    ranges: tuple[Range, ...]


def residuals(scores: RegressionScores, *, resamples: int = 200, level: float = 0.95, seed: int = 0) -> Residuals:
    """Describes the errors of the regression head.

    Args:
        scores: labels and predictions.
        resamples: bootstrap draws for each range.
        level: the share of draws inside an interval.
        seed: seed of the draws and of the points shown.
    """
    errors = scores.label - scores.prediction
    shown = np.arange(scores.n)
    if scores.n > MAX_POINTS:
        shown = np.sort(np.random.default_rng(seed).choice(scores.n, MAX_POINTS, replace=False))
    return Residuals(
        n=scores.n,
        actual=_floats(scores.label[shown]),
        predicted=_floats(scores.prediction[shown]),
        histogram=bins_of(errors, BINS).histogram(errors),
        least=float(errors.min()),
        greatest=float(errors.max()),
        ranges=_ranges(scores, errors, resamples, level, seed),
    )


def _ranges(scores: RegressionScores, errors: Floats, resamples: int, level: float, seed: int) -> tuple[Range, ...]:
    # Cuts are labels that occur, and equal labels are never parted, so heavy ties make fewer ranges.
    shares = np.arange(1, RANGES) / RANGES
    cuts = np.unique(np.quantile(scores.label, shares, method="inverted_cdf"))
    codes = np.searchsorted(cuts, scores.label, side="left")
    found = []
    for code in np.unique(codes):
        inside = codes == code
        part = RegressionScores(scores.label[inside], scores.prediction[inside], ("mae",))
        bootstrap = Bootstrap({"candidate": part}, resamples=resamples, level=level, seed=seed)
        found.append(
            Range(
                low=float(part.label.min()),
                high=float(part.label.max()),
                n=part.n,
                mae=bootstrap.interval("candidate", "mae"),
                bias=-float(errors[inside].mean()),
            )
        )
    return tuple(found)


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
