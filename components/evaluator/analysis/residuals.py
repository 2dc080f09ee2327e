"""Where the regression head errs: points to look at, the distribution of its errors, errors by range of the label."""

from __future__ import annotations

import numpy as np

from components.evaluator.analysis.bootstrap import LEVEL, PART_RESAMPLES, Bootstrap
from components.evaluator.analysis.metric import Floats
from components.evaluator.analysis.regression import RegressionScores
from components.formats.figures import ErrorRange, Residuals
from components.shared.histogram_bins import bins_of

MAX_POINTS = 1000
BINS = 30
RANGES = 5


def residuals(
    scores: RegressionScores, *, resamples: int = PART_RESAMPLES, level: float = LEVEL, seed: int = 0
) -> Residuals:
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


def _ranges(
    scores: RegressionScores, errors: Floats, resamples: int, level: float, seed: int
) -> tuple[ErrorRange, ...]:
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
            ErrorRange(
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
