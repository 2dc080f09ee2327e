"""Where the classification head errs: its confusion matrix, figures of each class and reliability."""

from __future__ import annotations

import numpy as np

from components.evaluator.analysis.classification import BINS, ClassificationScores
from components.evaluator.analysis.totals import ByClass, Sum
from components.formats.confusion import ClassFigures, Confusion, ReliabilityBin


def confusion(scores: ClassificationScores) -> Confusion:
    """Counts labels against predictions and derives the figures of each class."""
    return described(*counted(scores))


def counted(scores: ClassificationScores) -> tuple[ByClass, Sum]:
    """Returns what `described` needs, as totals.

    Returns:
        Rows by label and prediction, float64 [labels, K], and of each calibration bin its rows, the sum of their top
        probabilities, and the hits among them, float64 [3, BINS].
    """
    known, labels = scores.classes, len(scores.names)
    cells = np.bincount(scores.truth * known + scores.predicted, minlength=labels * known)
    bins, gap = scores.confidence_bins()
    confidence = scores.probabilities.max(axis=1)
    parts = [np.bincount(bins, weights, BINS) for weights in (np.ones(scores.n), confidence, gap + confidence)]
    return ByClass(scores.names, known, cells.reshape(labels, known).astype(np.float64)), Sum(np.array(parts))


def described(cells: ByClass, bins: Sum) -> Confusion:
    """Returns the matrix and the figures of each class."""
    known, labels = cells.known, len(cells.names)
    counts = cells.sums.astype(np.int64)
    support = counts.sum(axis=1)
    predicted = np.append(counts.sum(axis=0), np.zeros(labels - known, dtype=np.int64))
    hits = np.append(np.diagonal(counts), np.zeros(labels - known, dtype=np.int64))
    return Confusion(
        labels=cells.names,
        predictions=cells.names[:known],
        counts=tuple(tuple(int(count) for count in row) for row in counts),
        classes=tuple(
            ClassFigures(
                name=name,
                precision=_share(hits[i], predicted[i]),
                recall=_share(hits[i], support[i]),
                f1=_share(2 * hits[i], support[i] + predicted[i]),
                support=int(support[i]),
                predicted=int(predicted[i]),
                known=i < known,
            )
            for i, name in enumerate(cells.names)
        ),
        reliability=tuple(
            ReliabilityBin(i / BINS, (i + 1) / BINS, int(n), _share(sure, n), _share(right, n))
            for i, (n, sure, right) in enumerate(bins.values.T)
        ),
    )


def _share(part: np.number, whole: np.number) -> float | None:
    return float(part / whole) if whole else None
