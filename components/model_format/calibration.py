"""What a fitted network's answers are worth, learnt on rows that it never saw: a temperature and an interval.

Weights of the classes in the loss shift the probabilities: what is fitted is `q_k ∝ w_k p_k`. The weights are known, so
they are taken out again, before anything is learnt: p_k ∝ q_k / w_k (Elkan, "The foundations of cost-sensitive
learning", IJCAI 2001). No temperature could do that.

One temperature divides the logarithms of all class probabilities (Guo et al., "On calibration of modern neural
networks", ICML 2017): above 1 it takes back confidence, below 1 it adds some, and it never changes which class is the
most probable. The prediction interval is conformal, see `components.model_format.conformal`. Pure NumPy and SciPy; of
rows that are memory-mapped nothing of their number is held.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from components.model_format.conformal import errors, excess, least_rows, margin
from components.model_format.manifest import CQR, SPLIT, Calibration
from components.shared.mapped_arrays import blocks, count, derived, selected

# The smallest normal float32: below it a softmax may say 0, and a logarithm nothing.
TINY = float(np.finfo(np.float32).tiny)
_HIGHEST = 20.0
# Standard deviation of the prior of the temperature's logarithm: as much as about 50 rows say. With 1, the temperature
# of wine_quality's calibration split nearly doubled the log loss of its eval split.
_SPREAD = 0.2


def calibrate(
    label: np.ndarray,
    prediction: np.ndarray,
    classes: np.ndarray,
    probabilities: np.ndarray,
    *,
    coverage: float,
    quantiles: np.ndarray | None = None,
    class_weights: Sequence[float] | None = None,
) -> Calibration:
    """Learns the temperature and the interval from n calibration rows; n may be 0.

    Args:
        label: the regression label in the user's units, float [n]; rows with NaN count for the temperature alone.
        prediction: what the network says of them, in the same units, float [n].
        classes: index of each row's class, int64 [n]; rows with -1, no class or one that train does not have, count for
            the interval alone.
        probabilities: the network's class probabilities, float [n, K].
        coverage: share of labels that the intervals are to hold, in (0, 1).
        quantiles: the network's two quantiles of the regression label, in the same units, float [n, 2]: the intervals
            are to lie around these. None: around the predicted value.
        class_weights: what the classes counted in the loss, K; None where all counted alike.
    """
    if class_weights is not None:
        probabilities = derived(lambda shares: {"": unweighted(shares, class_weights)}, probabilities)[""]
    there = derived(lambda known, numbers: {"known": known >= 0, "numbered": ~np.isnan(numbers)}, classes, label)
    known, numbered = there["known"], there["numbered"]
    score, around = (errors, prediction) if quantiles is None else (excess, quantiles)
    scores = derived(lambda numbers, answers: {"": score(numbers, answers)}, label, around)[""]
    half = margin(selected(scores, numbered), coverage)
    return Calibration(
        numbers=count(numbered),
        classes=count(known),
        temperature=fit_temperature(selected(probabilities, known), selected(classes, known)),
        coverage=coverage,
        method=SPLIT if quantiles is None else CQR,
        margin=half,
        problem=_problem(count(numbered), coverage) if half is None else None,
        class_weights=None if class_weights is None else list(class_weights),
    )


def uncalibrated(coverage: float, class_weights: Sequence[float] | None = None) -> Calibration:
    """Returns what holds where no rows were kept for calibration: no intervals, and nothing but the weights undone."""
    problem = "There are no prediction intervals, because data.split.calibration is 0."
    known = None if class_weights is None else list(class_weights)
    return Calibration(0, 0, 1.0, coverage, SPLIT, None, problem, known)


def unweighted(probabilities: np.ndarray, class_weights: Sequence[float] | None) -> np.ndarray:
    """Returns what a network would say if all classes had counted alike in its loss, [n, K]: `q_k / w_k` to a sum of 1.

    Args:
        probabilities: the network's own, q, float [n, K].
        class_weights: what the classes counted, w, K; None where all counted alike. A class of weight 0 was not learnt
            at all, and keeps what it has.
    """
    if class_weights is None:
        return probabilities
    shares = probabilities.astype(np.float64) * undoing(class_weights)
    return shares / shares.sum(axis=1, keepdims=True)


def undoing(class_weights: Sequence[float]) -> np.ndarray:
    """Returns what each class's probability is multiplied by to take its weight out, float64 [K]."""
    weights = np.asarray(class_weights, np.float64)
    return 1 / np.where(weights > 0, weights, 1.0)


def fit_temperature(probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Returns the temperature, between 1/20 and 20, under which the classes are most probable.

    A log-normal prior around 1 (standard deviation 0.2 of the logarithm) counts like about 50 rows: without it, rows
    that are all right would make the network infinitely sure, and a few that are not would take its confidence away.

    Args:
        probabilities: float [n, K].
        classes: int64 [n], indices of the true classes; without any the temperature is 1.
    """
    if not len(classes):
        return 1.0
    log = derived(lambda shares: {"": _log(shares)}, probabilities)[""]

    def loss(exponent: float) -> float:
        total = (exponent / _SPREAD) ** 2 / 2
        for block in blocks(log):
            scaled = log[block] * math.exp(-exponent)
            top = scaled.max(axis=1)
            normaliser = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
            total += float((normaliser - scaled[np.arange(len(scaled)), classes[block]]).sum())
        return total

    bound = math.log(_HIGHEST)
    found = minimize_scalar(loss, bounds=(-bound, bound), method="bounded", options={"xatol": 1e-6})
    # Where nothing is gained, the network keeps its own answers.
    return math.exp(found.x) if found.fun < loss(0.0) else 1.0


def rescale(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Returns the probabilities under a temperature, float64 [n, K]: `softmax(log p / temperature)`.

    `rescale(rescale(p, t), 1 / t)` is p again.
    """
    if temperature == 1:
        return probabilities.astype(np.float64)
    scaled = _log(probabilities) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities.astype(np.float64), TINY))


def _problem(rows: int, coverage: float) -> str:
    least = least_rows(coverage)
    if rows < least:
        return (
            f"There are no prediction intervals: to hold {100 * coverage:g} % of the labels they need at least "
            f"{least:,} calibration rows, got {rows:,}."
        )
    return (
        f"There are no prediction intervals: more than {100 * (1 - coverage):g} % of the calibration rows have a "
        "prediction that is no finite number."
    )
