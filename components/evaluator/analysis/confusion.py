"""Where the classification head errs: its confusion matrix, figures of each class and reliability."""

from __future__ import annotations

import numpy as np

from components.evaluator.analysis.classification import BINS, ClassificationScores
from components.formats.confusion import ClassFigures, Confusion, ReliabilityBin


def confusion(scores: ClassificationScores) -> Confusion:
    """Counts labels against predictions and derives the figures of each class."""
    known, labels = scores.classes, len(scores.names)
    cells = np.bincount(scores.truth * known + scores.predicted, minlength=labels * known)
    counts = cells.reshape(labels, known)
    support = counts.sum(axis=1)
    predicted = np.append(counts.sum(axis=0), np.zeros(labels - known, dtype=np.int64))
    hits = np.append(np.diagonal(counts), np.zeros(labels - known, dtype=np.int64))
    return Confusion(
        labels=scores.names,
        predictions=scores.names[:known],
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
            for i, name in enumerate(scores.names)
        ),
        reliability=_reliability(scores),
    )


def _reliability(scores: ClassificationScores) -> tuple[ReliabilityBin, ...]:
    bins, gap = scores.confidence_bins()
    confidence = scores.probabilities.max(axis=1)
    n = np.bincount(bins, minlength=BINS)
    sure = np.bincount(bins, weights=confidence, minlength=BINS)
    right = np.bincount(bins, weights=gap + confidence, minlength=BINS)
    return tuple(
        ReliabilityBin(i / BINS, (i + 1) / BINS, int(n[i]), _share(sure[i], n[i]), _share(right[i], n[i]))
        for i in range(BINS)
    )


def _share(part: np.number, whole: np.number) -> float | None:
    return float(part / whole) if whole else None
