"""What a person looks at to judge a head: points and curves, beyond the metrics that decide.

The confusion matrix, the figures of each class and the reliability bins come with the evaluation
(`confusion.py`); here is what is drawn from single rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.curves import curves
from components.evaluator.analysis.evaluation import Predictions, Rows
from components.evaluator.analysis.regression import RegressionScores
from components.evaluator.analysis.residuals import residuals
from components.evaluator.analysis.wording import plain

MAX_CLASSES = 20


def figures(rows: Rows, candidate: Predictions, *, level: float = 0.95, seed: int = 0) -> dict[str, Any]:
    """Returns each head's figures as plain values, ready for JSON; None for a head that cannot be scored.

    Args:
        rows: labels of the evaluation rows.
        candidate: the model's predictions for them.
        level: the share of draws inside an interval.
        seed: seed of everything that is drawn.

    Returns:
        `regression`: see `Residuals`; `classification`: `curves`, for the `MAX_CLASSES` classes with most rows, in
        that order, the class's name under `class` and the fields of `Curves`.
    """
    found: dict[str, Any] = {"regression": None, "classification": None}
    numbered, classed = rows.labelled["regression"], rows.labelled["classification"]
    prediction = np.asarray(candidate.number, dtype=np.float64)[numbered]
    if np.isfinite(prediction).all():
        scores = RegressionScores(np.asarray(rows.number, dtype=np.float64)[numbered], prediction)
        found["regression"] = plain(residuals(scores, level=level, seed=seed))
    probabilities = candidate.probabilities[classed]
    if np.isfinite(probabilities).all():
        found["classification"] = {
            "curves": _curves(ClassificationScores.of(rows.label[classed], probabilities, candidate.classes))
        }
    return found


def _curves(scores: ClassificationScores) -> list[dict[str, Any]]:
    support = np.bincount(scores.truth, minlength=scores.classes)[: scores.classes]
    largest = np.argsort(-support, kind="stable")[:MAX_CLASSES]
    drawn = {index: curves(scores.probabilities[:, index], scores.truth == index) for index in largest}
    return [{"class": scores.names[index]} | plain(curve) for index, curve in drawn.items() if curve is not None]
