"""Where the classification head errs: its confusion matrix, figures of each class and reliability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.evaluator.analysis.classification import BINS, ClassificationScores


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall and F1 of one class.

    Args:
        name: the class.
        precision: share of the rows predicted as this class that are of it; None where none was predicted.
        recall: share of the rows of this class that were predicted so; None where there is none.
        f1: `2·hits / (support + predicted)`; None where both are 0.
        support: rows of this class.
        predicted: rows predicted as this class.
        known: False for a label that the model does not know.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    predicted: int
    known: bool


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows whose top probability lies in `(low, high]`: how sure the model was, how often it was right."""

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Confusion:
    """Counts of labels against predictions.

    Args:
        labels: names of the rows: the model's classes in order, then labels it does not know, sorted.
        predictions: names of the columns: the model's classes.
        counts: rows of the table; `counts[i][j]` rows have label i and prediction j.
        classes: figures of each label.
        reliability: the 15 bins behind the calibration error, lowest first.
    """

    labels: tuple[str, ...]
    predictions: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    classes: tuple[ClassFigures, ...]
    reliability: tuple[ReliabilityBin, ...]


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
