"""Whether the model knows what it does not know: how often its intervals hold the number, and its probabilities.

Coverage is the share of eval rows whose label lies within its interval, with the exact binomial interval around it
(Clopper and Pearson, Biometrika 1934). The calibration error and the log loss of the class head are given with and
without the temperature that calibration found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.evaluation import Predictions, Rows
from components.evaluator.analysis.metric import Floats, values
from components.model_format.calibration import rescale
from components.model_format.manifest import Calibration

_PROPER = ("calibration_error", "log_loss")


@dataclass(frozen=True)
class Coverage:
    """How the intervals of the number did on n rows.

    Args:
        value: share of the labels that lie within their interval.
        low, high: the binomial interval around that share.
        covered: number of these labels.
        n: number of rows.
        mean_width: how wide the intervals are on average, in the label's units.
    """

    value: float
    low: float
    high: float
    covered: int
    n: int
    mean_width: float


@dataclass(frozen=True)
class Intervals:
    """The intervals of the number.

    Args:
        rows: calibration rows behind them, those with a number.
        target: share of the labels that they are to hold.
        method: `split` for equally wide ones, `cqr` for those wide where the data is uncertain.
        coverage: what they held on the eval rows; None where there are none.
        problem: a sentence that says why there are none.
    """

    rows: int
    target: float
    method: str
    coverage: Coverage | None
    problem: str | None


@dataclass(frozen=True)
class Temperature:
    """The calibration of the class probabilities.

    Args:
        rows: calibration rows behind it, those with a class that the model knows.
        value: the temperature; 1 leaves the network's probabilities as they are.
        before: calibration error and log loss of the network's own probabilities on the eval rows.
        after: the same of what the model answers.
    """

    rows: int
    value: float
    before: dict[str, float]
    after: dict[str, float]


@dataclass(frozen=True)
class Uncertainty:
    """Both heads; None for a head whose predictions are not finite."""

    regression: Intervals | None
    classification: Temperature | None


def uncertainty(rows: Rows, predictions: Predictions, calibration: Calibration, *, level: float = 0.95) -> Uncertainty:
    """Judges a model's intervals and probabilities on the eval rows.

    Args:
        rows: labels of n rows; each head is judged on those that have its label.
        predictions: the model's answers to them, after calibration.
        calibration: what the model was calibrated with.
        level: level of the binomial interval.
    """
    return Uncertainty(_intervals(rows, predictions, calibration, level), _temperature(rows, predictions, calibration))


def covered(label: Floats, lower: Floats, upper: Floats, *, level: float = 0.95) -> Coverage:
    """Counts the labels within their intervals, the bounds included.

    Args:
        label: float64 [n], n > 0.
        lower: lower bounds, float64 [n].
        upper: upper bounds, float64 [n].
        level: level of the binomial interval.
    """
    inside = int(((lower <= label) & (label <= upper)).sum())
    share = binomtest(inside, len(label)).proportion_ci(level, method="exact")
    return Coverage(
        value=inside / len(label),
        low=float(share.low),
        high=float(share.high),
        covered=inside,
        n=len(label),
        mean_width=float((upper - lower).mean()),
    )


def _intervals(rows: Rows, predictions: Predictions, calibration: Calibration, level: float) -> Intervals | None:
    held = None
    if predictions.bounds is not None:
        bounds = predictions.bounds.astype(np.float64)
        if not np.isfinite(bounds).all():
            return None
        number = np.asarray(rows.number, np.float64)
        numbered = ~np.isnan(number)
        held = covered(number[numbered], *bounds[numbered].T, level=level)
    return Intervals(calibration.numbers, calibration.coverage, calibration.method, held, calibration.problem)


def _temperature(rows: Rows, predictions: Predictions, calibration: Calibration) -> Temperature | None:
    after = predictions.probabilities
    if not np.isfinite(after).all():
        return None
    before = rescale(after, 1 / calibration.temperature)
    classed = np.array([label is not None for label in rows.label.tolist()], dtype=bool)
    scores = [
        ClassificationScores.of(rows.label[classed], probabilities[classed], predictions.classes, _PROPER)
        for probabilities in (before, after)
    ]
    return Temperature(calibration.classes, calibration.temperature, values(scores[0]), values(scores[1]))
