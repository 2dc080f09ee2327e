"""Prediction intervals whose coverage needs no assumption on the model or the noise. Pure NumPy.

Split conformal prediction: on n rows that the model never saw, a score says how far each label is from the prediction.
The k-th smallest score, k = ceil((n + 1) × coverage), bounds the score of one more exchangeable row with a
probability of at least `coverage`, and of at most coverage + 1 / (n + 1) where scores are distinct (Vovk, Gammerman
and Shafer, "Algorithmic Learning in a Random World", 2005; Lei et al., "Distribution-free predictive inference for
regression", JASA 2018). The probability is over the calibration rows too: given them, the coverage of many new rows
follows a beta distribution with parameters k and n + 1 - k.

With |label - prediction| as the score all intervals are equally wide. Conformalised quantile regression (Romano,
Patterson and Candès, NeurIPS 2019) lets the model say where they are to be wide: the score is how far a label lies
outside of two predicted quantiles, negative inside.
"""

from __future__ import annotations

import math

import numpy as np

from components.shared.mapped_arrays import derived, order_statistic

# (n + 1) × coverage that is whole but for rounding must not be raised to the next whole number.
_DIGITS = 9


def errors(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Returns the scores of equally wide intervals, float64 [n]: |label - prediction|."""
    return np.abs(label.astype(np.float64) - prediction)


def excess(label: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Returns the scores of conformalised quantile regression, float64 [n].

    Args:
        label: float [n].
        quantiles: float [n, 2], the lower and the upper one.
    """
    known = label.astype(np.float64)
    return np.maximum(quantiles[:, 0] - known, known - quantiles[:, 1])


def margin(scores: np.ndarray, coverage: float) -> float | None:
    """Returns the bound on the scores of new rows.

    Args:
        scores: float64 [n], of `errors` or `excess`; NaN counts as infinitely far.
        coverage: share of new rows whose score is to be within the bound, in (0, 1).

    Returns:
        The bound; None where the rows are too few for it, or it would be infinite.
    """
    rank = math.ceil(round((len(scores) + 1) * coverage, _DIGITS))
    if rank > len(scores):
        return None
    ordered = derived(lambda values: {"": np.where(np.isnan(values), np.inf, values)}, scores)[""]
    bound = order_statistic(ordered, rank - 1)
    return bound if math.isfinite(bound) else None


def least_rows(coverage: float) -> int:
    """Returns how many rows `margin` needs."""
    return math.ceil(round(coverage / (1 - coverage), _DIGITS))
