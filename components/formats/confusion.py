"""Labels counted against predictions, and what follows for each class."""

from __future__ import annotations

from dataclasses import dataclass


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
