"""Metrics of the classification head, from class probabilities.

A label may be a class the model does not know (it was absent from the train split). The model gives such a
class probability 0, so the row counts as wrong everywhere.

- `log_loss`: mean of `-ln p(label)`, with p clipped from below at 1e-7.
- `accuracy`: share of rows whose most probable class is the label; on a tie the first class in order.
- `macro_f1`: unweighted mean of the F1 of every class that occurs in labels or predictions, as scikit-learn.
- `auc`: area under the ROC curve of each class against the rest, unweighted mean over the classes that have
  rows both in and out of them; ties count one half. Undefined (NaN) where only one class occurs. A class
  the model does not know has AUC 0.5.
- `calibration_error`: expected calibration error of the most probable class (Guo et al. 2017): its
  probability is cut into 15 equal-width bins, `((i-1)/15, i/15]`; the mean over bins, weighted by rows, of
  `|accuracy - mean probability|`. Sampling noise only ever adds to it, so on few rows a calibrated model
  shows an error too, and a bootstrap interval may lie above the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.metric import Floats, Integers, Metric, group_sums, ratio
from components.evaluator.analysis.ranks import Rankings, RowRankings
from components.evaluator.analysis.totals import ByClass, Sum, mean
from components.shared.errors import InputError
from components.shared.log_loss import row_log_loss

BINS = 15
# Half-precision softmax is off by about 0.01; anything beyond is not a rounding error.
SUM_TOLERANCE = 0.01


@dataclass(frozen=True)
class ClassificationScores:
    """Class labels and predicted probabilities of the same rows; made by `ClassificationScores.of`.

    Args:
        names: the model's classes in its order, then the labels it does not know, sorted.
        truth: int64 [n], each label as an index into `names`.
        probabilities: float64 [n, K], K the number of the model's classes; rows sum to 1.
        metrics: which of `METRICS` to compute.
    """

    names: tuple[str, ...]
    truth: Integers
    probabilities: Floats
    metrics: tuple[str, ...] = field(default_factory=lambda: tuple(METRICS))

    @classmethod
    def of(
        cls,
        labels: Sequence[str] | npt.NDArray[Any],
        probabilities: npt.NDArray[Any],
        classes: Sequence[str],
        metrics: Sequence[str] | None = None,
    ) -> Self:
        """Encodes labels against the model's classes and checks the probabilities.

        Args:
            labels: strings [n].
            probabilities: float [n, K], finite; rows are rescaled to sum to 1 where they are off by rounding.
            classes: the model's K classes in the order of the columns of `probabilities`.
            metrics: which of `METRICS` to compute; None for all.

        Raises:
            ValueError: shapes do not fit, no row is given, or a class is named twice.
            InputError: probabilities are not finite, negative or do not sum to 1 within `SUM_TOLERANCE`.
        """
        if len(set(classes)) != len(classes):
            raise ValueError(f"classes must be distinct, got {list(classes)}.")
        if probabilities.shape != (len(labels), len(classes)) or not len(labels) or not len(classes):
            raise ValueError(
                f"probabilities must be of shape [rows, classes] = [{len(labels)}, {len(classes)}] with at "
                f"least one of each, got {probabilities.shape}."
            )
        present, inverse = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
        known = {name: index for index, name in enumerate(classes)}
        names = (*classes, *(str(name) for name in present if str(name) not in known))
        position = {name: index for index, name in enumerate(names)}
        codes = np.array([position[str(name)] for name in present], dtype=np.int64)
        return cls(names, codes[inverse], normalise(probabilities), tuple(METRICS if metrics is None else metrics))

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.truth)

    @property
    def classes(self) -> int:
        """K, the number of classes the model knows: the first K of `names`."""
        return self.probabilities.shape[1]

    @property
    def predicted(self) -> Integers:
        """int64 [n]: the most probable class of each row."""
        return self.probabilities.argmax(axis=1).astype(np.int64)

    def take(self, rows: npt.NDArray[Any]) -> Self:
        """The same, restricted to `rows` (integer indices or a boolean mask)."""
        return type(self)(self.names, self.truth[rows], self.probabilities[rows], self.metrics)

    def weighted(self, weights: Floats) -> dict[str, Floats]:
        """The metrics under each weighting: `weights` is float64 [n, B], each result float64 [B]."""
        return {name: METRICS[name].compute(self, weights) for name in self.metrics}

    def confidence_bins(self) -> tuple[Integers, Floats]:
        """The calibration bin of each row, int64 [n] in [0, BINS), and `correct - top probability`, [n]."""
        confidence = self.probabilities.max(axis=1)
        # Rounded first, so that a bin's upper edge such as 0.6 = 9/15 falls into the bin it closes.
        bins = np.ceil(np.round(confidence * BINS, 9)).astype(np.int64) - 1
        return np.clip(bins, 0, BINS - 1), (self.predicted == self.truth) - confidence


def normalise(probabilities: npt.NDArray[Any]) -> Floats:
    """Rows of `probabilities` [n, K] as float64, rescaled to sum to 1 where they are off by more than 1e-6.

    Raises:
        InputError: a value is not finite or negative, or a row is off by more than `SUM_TOLERANCE`.
    """
    given = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(given).all():
        rows = int((~np.isfinite(given)).any(axis=1).sum())
        raise InputError(
            f"`probabilities` must be finite, got NaN or infinity in {rows} of {len(given)} rows. "
            "Check the model's training for overflow."
        )
    if given.min() < 0:
        raise InputError(
            f"`probabilities` must not be negative, got {given.min():.4g}. "
            "Let the classification head end in a softmax."
        )
    sums = given.sum(axis=1)
    worst = float(sums[np.abs(sums - 1).argmax()])
    if abs(worst - 1) > SUM_TOLERANCE:
        raise InputError(
            f"`probabilities` must sum to 1 in each row (within {SUM_TOLERANCE:g}), got {worst:.4g}. "
            "Let the classification head end in a softmax."
        )
    # Rows that are right up to float32 rounding stay as they are: rescaling them would break ties in AUC.
    return given / np.where(np.abs(sums - 1) > 1e-6, sums, 1.0)[:, None]


def _losses(scores: ClassificationScores, weights: Floats) -> tuple[Sum, Sum]:
    return Sum.of(row_log_loss(scores.probabilities, scores.truth), weights), Sum.of_weights(weights)


def _hits(scores: ClassificationScores, weights: Floats) -> tuple[Sum, Sum]:
    return Sum.of((scores.predicted == scores.truth).astype(np.float64), weights), Sum.of_weights(weights)


def _by_class(scores: ClassificationScores, weights: Floats) -> tuple[ByClass, ByClass, ByClass]:
    names, known, predicted = scores.names, scores.classes, scores.predicted
    hit = predicted == scores.truth
    return (
        ByClass.of(names, known, scores.truth, weights),
        ByClass.of(names, known, predicted, weights),
        ByClass.of(names, known, scores.truth[hit], weights[hit]),
    )


def _macro_f1(support: ByClass, predicted: ByClass, hits: ByClass) -> Floats:
    both = support.sums + predicted.sums
    f1 = ratio(2 * hits.sums, both)
    return ratio(np.nansum(f1, axis=0), (both > 0).sum(axis=0).astype(np.float64))


def _rankings(scores: ClassificationScores, weights: Floats) -> tuple[ByClass, RowRankings]:
    support = ByClass.of(scores.names, scores.classes, scores.truth, weights)
    return support, RowRankings(scores.probabilities, scores.truth, weights)


def _auc(support: ByClass, rankings: Rankings) -> Floats:
    # A class that the model does not know ties in all pairs.
    return _mean_of_pairs(support, lambda index: rankings.of(index).wins(), unknown=0.5)


def _auc_bound(support: ByClass, rankings: Rankings) -> Floats:
    # Rows of one bin may be in any order, and count as tied.
    return _mean_of_pairs(support, lambda index: rankings.of(index).tied() / 2, unknown=0.0)


def _mean_of_pairs(support: ByClass, count: Callable[[int], Floats], unknown: float) -> Floats:
    """The mean over the classes that rows are in and out of, of the share of such pairs that are counted."""
    total = support.sums.sum(axis=0)
    shares, defined = np.zeros_like(total), np.zeros_like(total)
    for index, positive in enumerate(support.sums):
        pairs = positive * (total - positive)
        if (pairs > 0).any():
            share = ratio(count(index), pairs) if index < support.known else np.full_like(total, unknown)
            shares += np.where(pairs > 0, share, 0.0)
            defined += pairs > 0
    return ratio(shares, defined)


def _gaps(scores: ClassificationScores, weights: Floats) -> tuple[Sum, Sum]:
    bins, gap = scores.confidence_bins()
    return Sum(group_sums(bins, gap[:, None] * weights, BINS)), Sum.of_weights(weights)


def _calibration_error(gaps: Sum, weight: Sum) -> Floats:
    return ratio(np.abs(gaps.values).sum(axis=0), weight.values)


METRICS: dict[str, Metric] = {
    "log_loss": Metric("log loss", True, _losses, mean),
    "accuracy": Metric("accuracy", False, _hits, mean),
    "macro_f1": Metric("macro F1", False, _by_class, _macro_f1),
    "auc": Metric("AUC", False, _rankings, _auc, bound=_auc_bound),
    "calibration_error": Metric("calibration error", True, _gaps, _calibration_error),
}
"""Name in the configuration -> metric, in the order in which they are shown."""
