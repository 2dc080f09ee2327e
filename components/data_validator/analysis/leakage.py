"""Features that give a label away: one column alone predicts it almost perfectly.

Each feature is cut into bins on the train split, by quantiles or by its categories. Every bin predicts what its train
rows hold on average (the rank of the regression label) or most often (the class), and is judged on the validation
split, where an identifier has only values it never saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from components.formats.findings import IGNORE, Anomaly
from components.shared.labelled_rows import has_class, has_number
from components.shared.splits import VALIDATION

BINS = 64
_ROWS_PER_BIN = 5
_LEAST_ROWS = 20  # with the label
_LEAST_ERRORS = 5  # of the trivial prediction; fewer say nothing


@dataclass(frozen=True)
class LabelledColumns:
    """A sample of one split.

    Args:
        features: column → float64 `[n]` with NaN where missing, or object `[n]` of texts with None.
        number: the regression label, float64 `[n]`, NaN where missing.
        label: the class label, object `[n]`, None where missing.
    """

    features: Mapping[str, np.ndarray]
    number: np.ndarray
    label: np.ndarray

    @property
    def labelled(self) -> tuple[np.ndarray, np.ndarray]:
        """Which rows have the regression label, and which the class label, bool `[n]` each."""
        return has_number(self.number), has_class(self.label)


def leaks(
    train: LabelledColumns, validation: LabelledColumns, labels: tuple[str, str], threshold: float, level: str
) -> list[Anomaly]:
    """Returns an anomaly for each feature and label where the one gives the other away.

    Args:
        train: rows to learn the bins from.
        validation: rows to judge them on.
        labels: names of the regression and the class label.
        threshold: share of a label's variation that no single feature must explain: R² of the regression label's ranks,
            and the share of the trivial prediction's errors that the classes lose.
        level: level of the anomalies.
    """
    if level == IGNORE:
        return []
    numbered, classed = zip(train.labelled, validation.labelled, strict=True)
    judged: list[tuple[str, str, tuple[np.ndarray, ...], Callable[..., float], tuple[np.ndarray, ...]]] = []
    if min(rows.sum() for rows in numbered) >= _LEAST_ROWS:
        number = train.number[numbered[0]]
        ranks = _ranks(number, number), _ranks(number, validation.number[numbered[1]])
        judged.append((labels[0], "R² of its ranks", numbered, _explained_number, ranks))
    if min(rows.sum() for rows in classed) >= _LEAST_ROWS:
        classes = train.label[classed[0]], validation.label[classed[1]]
        judged.append((labels[1], "share of errors avoided", classed, _explained_class, classes))
    found = []
    for name in train.features if judged else ():
        places = _places(train.features[name], validation.features[name])
        for label, method, rows, explained, truth in judged:
            share = explained(*(bins[kept] for bins, kept in zip(places, rows, strict=True)), *truth)
            if share > threshold:
                sentence = (
                    f'"{name}" alone must not give "{label}" away, got {share:.3f} of 1 explained on the validation '
                    f"split ({method}, at most {threshold:g}). Is it known before the label is?"
                )
                remedy = f"data.ignore: [{name}] if it leaks, gates.labels.leakage: 1 if it does not"
                found.append(
                    Anomaly(VALIDATION, name, "LEAKAGE", level, sentence, method, share, threshold, (), remedy)
                )
    return found


def _places(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the bin, int64, of each train row and of each row of another split; -1 for a text train does not have."""
    if train.dtype == object:
        known = {text: place for place, text in enumerate(dict.fromkeys(train.tolist()))}
        first, second = (np.array([known.get(text, -1) for text in rows.tolist()]) for rows in (train, other))
        return first, second
    present = train[np.isfinite(train)]
    bins = max(2, min(BINS, len(train) // _ROWS_PER_BIN))
    edges = np.unique(np.quantile(present, np.arange(1, bins) / bins)) if len(present) else np.array([])
    # NaN sorts behind every edge; one more bin of its own tells it from large values.
    first, second = (
        np.where(np.isnan(rows), len(edges) + 1, np.searchsorted(edges, rows, "right")) for rows in (train, other)
    )
    return first, second


def _explained_number(train: np.ndarray, other: np.ndarray, ranks: np.ndarray, judged: np.ndarray) -> float:
    """Returns R² of the bins' mean ranks on the other split."""
    bins = int(max(train.max(), other.max())) + 2
    counts = np.bincount(train + 1, minlength=bins)
    sums = np.bincount(train + 1, weights=ranks, minlength=bins)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), ranks.mean())
    variation = ((judged - judged.mean()) ** 2).sum()
    return 1 - float(((judged - means[other + 1]) ** 2).sum() / variation) if variation else 0.0


def _explained_class(train: np.ndarray, other: np.ndarray, labels: np.ndarray, judged: np.ndarray) -> float:
    """Returns the share of the majority class's errors that the bins' majorities avoid on the other split.

    It is Goodman and Kruskal's lambda (1954), with the bins learnt on one sample and judged on another.
    """
    classes = {label: place for place, label in enumerate(dict.fromkeys([*labels.tolist(), *judged.tolist()]))}
    own, others = (np.array([classes[label] for label in rows.tolist()]) for rows in (labels, judged))
    counts = np.zeros((int(max(train.max(), other.max())) + 2, len(classes)), np.int64)
    np.add.at(counts, (train + 1, own), 1)
    majority = counts.sum(axis=0).argmax()
    best = np.where(counts.any(axis=1), counts.argmax(axis=1), majority)
    errors, trivial = (best[other + 1] != others).sum(), (others != majority).sum()
    return 1 - float(errors / trivial) if trivial >= _LEAST_ERRORS else 0.0


def _ranks(reference: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Returns the middle rank, 0 to 1, of each value among the reference."""
    ordered = np.sort(reference)
    left, right = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return (left + right) / (2 * len(ordered))
