"""Whether the model knows what it does not know: how often its intervals hold the label, and its probabilities.

Coverage is the share of eval rows whose label lies within its interval, with the exact binomial interval around it
(Clopper and Pearson, Biometrika 1934). The calibration error and the log loss of the class head are given with and
without the temperature that calibration found.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats import binomtest

from components.evaluator.analysis.bootstrap import LEVEL
from components.evaluator.analysis.classification import METRICS, ClassificationScores
from components.evaluator.analysis.metric import Floats, Totals
from components.evaluator.analysis.rows import Predictions, Rows
from components.evaluator.analysis.totals import Sum
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
    return judged(collected(rows, predictions, calibration), calibration, level=level)


def collected(rows: Rows, predictions: Predictions, calibration: Calibration) -> dict[str, Totals]:
    """Returns what `judged` needs of some rows, by name; a head without a label among them has nothing there."""
    numbered, classed = rows.labelled["regression"], rows.labelled["classification"]
    broken = [0, int((~np.isfinite(predictions.probabilities)).any(axis=1).sum())]
    found: dict[str, Totals] = {}
    if predictions.bounds is not None:
        bounds = predictions.bounds.astype(np.float64)
        broken[0] = int((~np.isfinite(bounds)).any(axis=1).sum())
        if numbered.any():
            found["held"] = (_held(np.asarray(rows.number, np.float64)[numbered], *bounds[numbered].T),)
    found["broken"] = (Sum(np.array(broken, np.float64)),)
    if classed.any() and not broken[1]:
        network = rescale(predictions.probabilities, 1 / calibration.temperature)
        for when, probabilities in (("before", network), ("after", predictions.probabilities)):
            scores = ClassificationScores.of(rows.label[classed], probabilities[classed], predictions.classes, _PROPER)
            weights = np.ones((scores.n, 1))
            found |= {f"{when} {name}": METRICS[name].collect(scores, weights) for name in _PROPER}
    return found


def judged(totals: Mapping[str, Totals], calibration: Calibration, *, level: float = LEVEL) -> Uncertainty:
    """Returns how the intervals and the probabilities did on all rows that were `collected`."""
    broken_bounds, broken_probabilities = totals["broken"][0].values
    intervals, temperature = None, None
    if not broken_bounds:
        held = _coverage(totals["held"][0], level) if "held" in totals else None
        intervals = Intervals(calibration.numbers, calibration.coverage, calibration.method, held, calibration.problem)
    if not broken_probabilities:
        before, after = (
            {name: float(METRICS[name].finish(*totals[f"{when} {name}"])[0]) for name in _PROPER}
            for when in ("before", "after")
        )
        temperature = Temperature(calibration.classes, calibration.temperature, before, after)
    return Uncertainty(intervals, temperature)


def covered(label: Floats, lower: Floats, upper: Floats, *, level: float = LEVEL) -> Coverage:
    """Counts the labels within their intervals, the bounds included.

    Args:
        label: float64 [n], n > 0.
        lower: lower bounds, float64 [n].
        upper: upper bounds, float64 [n].
        level: level of the binomial interval.
    """
    return _coverage(_held(label, lower, upper), level)


def _held(label: Floats, lower: Floats, upper: Floats) -> Sum:
    """Labels within their intervals, labels, and the summed width."""
    inside = ((lower <= label) & (label <= upper)).sum()
    return Sum(np.array([inside, len(label), (upper - lower).sum()], np.float64))


def _coverage(held: Sum, level: float) -> Coverage:
    inside, n = (int(count) for count in held.values[:2])
    share = binomtest(inside, n).proportion_ci(level, method="exact")
    return Coverage(
        value=inside / n,
        low=float(share.low),
        high=float(share.high),
        covered=inside,
        n=n,
        mean_width=float(held.values[2] / n),
    )
