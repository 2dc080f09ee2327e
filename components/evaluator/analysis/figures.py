"""What a person looks at to judge a head: points and curves, beyond the metrics that decide.

The confusion matrix, the figures of each class and the reliability bins come with the evaluation
(`confusion.py`); here is what is drawn from single rows.
"""

from __future__ import annotations

import numpy as np

from components.evaluator.analysis.bootstrap import LEVEL
from components.evaluator.analysis.classification import METRICS, ClassificationScores
from components.evaluator.analysis.curves import curves
from components.evaluator.analysis.ranks import Rankings
from components.evaluator.analysis.regression import RegressionScores
from components.evaluator.analysis.residuals import residuals
from components.evaluator.analysis.rows import Predictions, Rows
from components.evaluator.analysis.totals import ByClass
from components.formats.figures import Curves, Figures

MAX_CLASSES = 20


def figures(rows: Rows, candidate: Predictions, *, level: float = LEVEL, seed: int = 0) -> Figures:
    """Returns what is drawn of each head: curves of the `MAX_CLASSES` classes with most rows.

    Args:
        rows: labels of the evaluation rows.
        candidate: the model's predictions for them.
        level: the share of draws inside an interval.
        seed: seed of everything that is drawn.
    """
    regression, classification = None, None
    numbered, classed = rows.labelled["regression"], rows.labelled["classification"]
    prediction = np.asarray(candidate.number, dtype=np.float64)[numbered]
    if np.isfinite(prediction).all():
        scores = RegressionScores(np.asarray(rows.number, dtype=np.float64)[numbered], prediction)
        regression = residuals(scores, level=level, seed=seed)
    probabilities = candidate.probabilities[classed]
    if np.isfinite(probabilities).all():
        classed_scores = ClassificationScores.of(rows.label[classed], probabilities, candidate.classes)
        classification = class_curves(*METRICS["auc"].collect(classed_scores, np.ones((classed_scores.n, 1))))
    return Figures(regression, classification)


def class_curves(support: ByClass, rankings: Rankings) -> tuple[Curves, ...]:
    """Returns the curves of the `MAX_CLASSES` known classes with most rows, from the totals of the AUC."""
    largest = np.argsort(-support.sums[: support.known, 0], kind="stable")[:MAX_CLASSES]
    drawn = [curves(support.names[index], rankings.of(int(index))) for index in largest]
    return tuple(curve for curve in drawn if curve is not None)
