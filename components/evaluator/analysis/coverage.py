"""Whether the model knows what it does not know: how often its intervals hold the label, and its probabilities.

Coverage is the share of eval rows whose label lies within its interval, with the exact binomial interval around it
(Clopper and Pearson, Biometrika 1934). The calibration error and the log loss of the class head are given with and
without the temperature that calibration found.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest

from components.evaluator.analysis.bootstrap import LEVEL
from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.evaluation import Predictions, Rows
from components.evaluator.analysis.metric import Floats, values
from components.formats.uncertainty import Coverage, Intervals, Temperature, Uncertainty
from components.model_format.calibration import rescale
from components.model_format.manifest import Calibration

_PROPER = ("calibration_error", "log_loss")


def uncertainty(rows: Rows, predictions: Predictions, calibration: Calibration, *, level: float = LEVEL) -> Uncertainty:
    """Judges a model's intervals and probabilities on the eval rows.

    Args:
        rows: labels of n rows; each head is evaluated on those that have its label.
        predictions: the model's answers to them, after calibration.
        calibration: what the model was calibrated with.
        level: level of the binomial interval.
    """
    return Uncertainty(_intervals(rows, predictions, calibration, level), _temperature(rows, predictions, calibration))


def covered(label: Floats, lower: Floats, upper: Floats, *, level: float = LEVEL) -> Coverage:
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
        numbered = rows.labelled["regression"]
        held = covered(np.asarray(rows.number, np.float64)[numbered], *bounds[numbered].T, level=level)
    return Intervals(calibration.numbers, calibration.coverage, calibration.method, held, calibration.problem)


def _temperature(rows: Rows, predictions: Predictions, calibration: Calibration) -> Temperature | None:
    after = predictions.probabilities
    if not np.isfinite(after).all():
        return None
    before = rescale(after, 1 / calibration.temperature)
    classed = rows.labelled["classification"]
    scores = [
        ClassificationScores.of(rows.label[classed], probabilities[classed], predictions.classes, _PROPER)
        for probabilities in (before, after)
    ]
    return Temperature(calibration.classes, calibration.temperature, values(scores[0]), values(scores[1]))
