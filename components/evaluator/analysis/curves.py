"""ROC and precision-recall curves of one class against the rest, with few enough points to draw.

The areas are those of the full curve; only the points are thinned, evenly along the curve's length.
"""

from __future__ import annotations

import numpy as np

from components.evaluator.analysis.metric import Floats
from components.evaluator.analysis.ranks import Ranking
from components.formats.figures import Curves

MAX_POINTS = 100


def curves(name: str, ranking: Ranking) -> Curves | None:
    """Returns the curves of one class; None where all rows are of it, or none is.

    Of rows in bins the points are those of the full curve at the bins' edges, and the areas are off by half of the
    pairs that tie at most.

    Args:
        name: the class.
        ranking: the rows by their probability of the class, with one weighting.
    """
    weights = ranking.weights[:, 0]
    hits = float(weights[ranking.inside].sum())
    total = float(weights.sum())
    if hits in (0, total):
        return None
    order = np.argsort(-ranking.score, kind="stable")
    # One point for each distinct score: rows that tie pass the threshold together.
    last = np.append(np.flatnonzero(np.diff(ranking.score[order])), len(order) - 1)
    true = np.cumsum((ranking.inside * weights)[order])[last]
    passed = np.cumsum(weights[order])[last]
    tpr, fpr = true / hits, (passed - true) / (total - hits)
    precision = true / passed
    tpr, fpr, precision = np.append(0.0, tpr), np.append(0.0, fpr), np.append(1.0, precision)
    return Curves(
        name=name,
        n_positive=int(hits),
        auc=float(np.diff(fpr) @ (tpr[1:] + tpr[:-1]) / 2),
        average_precision=float(np.diff(tpr) @ precision[1:]),
        roc=_thin(fpr, tpr),
        pr=_thin(tpr, precision),
    )


def _thin(x: Floats, y: Floats) -> tuple[tuple[float, float], ...]:
    """At most `MAX_POINTS` points of a curve, the first and the last among them."""
    kept = np.arange(len(x))
    if len(x) > MAX_POINTS:
        length = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        kept = np.unique(np.searchsorted(length, np.linspace(0, length[-1], MAX_POINTS)))
        kept[-1] = len(x) - 1
    return tuple((float(x[i]), float(y[i])) for i in kept)
