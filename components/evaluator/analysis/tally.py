"""What is counted of some eval rows, so that the counts of all parts together tell what all rows would.

A tally is totals by what they are of: the metrics of the candidate, of the trivial predictors, of both models on the
rows that are fair to both, and of slices; what is not a metric stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis import coverage
from components.evaluator.analysis.confusion import counted
from components.evaluator.analysis.head import METRICS, trivial_name
from components.evaluator.analysis.metric import Totals
from components.evaluator.analysis.regression import RegressionScores
from components.evaluator.analysis.rows import (
    Answered,
    HeadScores,
    Predictions,
    Rows,
    broken_rows,
    class_names,
    head_scores,
    of_new_class,
)
from components.evaluator.analysis.slices import Division
from components.evaluator.analysis.totals import Range, Sum
from components.evaluator.analysis.trivial import TrivialPredictor
from components.model_format.manifest import Calibration
from components.shared.errors import InputError

ALL, FAIR = "all", "fair"
"""Rows with a head's label, and those of them that are fair to both models."""
CANDIDATE, BASELINE = "candidate", "baseline"
HEADS = tuple(METRICS)


class Key(NamedTuple):
    """What totals are of.

    Args:
        rows: `ALL`, `FAIR`, or the places of an entry and of its slice.
        model: whose they are; empty for what depends on no model.
        head: which head's; empty for what belongs to none.
        what: a metric, or what else is counted.
    """

    rows: str | tuple[int, int]
    model: str
    head: str
    what: str


Tally = dict[Key, Totals]


@dataclass(frozen=True)
class Terms:
    """What every part is counted by.

    Args:
        trivial: the constants made from the train labels.
        calibration: what the candidate was calibrated with; None for a model without one.
        classes: the candidate's classes.
        rival_classes: those of the production model; None where it is not asked.
    """

    trivial: TrivialPredictor
    calibration: Calibration | None
    classes: tuple[str, ...]
    rival_classes: tuple[str, ...] | None = None

    def new_class(self, head: str, rows: Rows) -> npt.NDArray[np.bool_]:
        """Which of n rows are of a class that only the candidate knows: bool [n]."""
        if head == "regression" or self.rival_classes is None:
            return np.zeros(len(rows.number), bool)
        return of_new_class(rows.label, self.classes, self.rival_classes)


@dataclass(frozen=True)
class Refusal:
    """Why a model has no scores; of several texts the first in alphabetical order."""

    text: str

    def kept(self) -> Self:
        """See `totals.Total`."""
        return self

    def merged(self, other: Self) -> Self:
        """See `totals.Total`."""
        return min(self, other, key=lambda refusal: refusal.text)


def tally(answered: Answered, terms: Terms, divisions: Sequence[Division] = ()) -> Tally:
    """Counts rows.

    Args:
        answered: n rows, n > 0, and what both models say about them.
        terms: what they are counted by.
        divisions: the slices.
    """
    rows = answered.rows
    slices = [division.of(rows.columns) for division in divisions]
    found: Tally = {Key(ALL, "", "", "rows"): _counts(len(rows.number))}
    found[Key(ALL, "", "regression", "infinite")] = _counts(np.isinf(np.asarray(rows.number, np.float64)).sum())
    if isinstance(answered.rival, str):
        found[Key(ALL, BASELINE, "", "silent")] = (Refusal(answered.rival),)
    for head, present in rows.labelled.items():
        found |= _of_head(head, answered, terms, slices)
        for entry, codes in enumerate(slices):
            for place in np.unique(codes):
                inside = codes == place
                found[Key((entry, int(place)), "", "", "rows")] = _counts(inside.sum())
                found[Key((entry, int(place)), "", head, "labelled")] = _counts((inside & present).sum())
    return found | _uncertainty(answered, terms)


def _of_head(head: str, answered: Answered, terms: Terms, slices: Sequence[npt.NDArray[np.int64]]) -> Tally:
    rows, seen = answered.rows, answered.seen
    present, new = rows.labelled[head], terms.new_class(head, rows)
    fair = present & ~seen & ~new
    found: Tally = {
        Key(ALL, "", head, "labelled"): _counts(present.sum()),
        Key(ALL, "", head, "contest"): _counts(fair.sum(), (present & seen).sum(), (present & new & ~seen).sum()),
    }
    broken, ours = _scores(CANDIDATE, head, rows, answered.candidate)
    found |= broken
    found |= _trivial(head, rows, terms)
    if ours is not None:
        found |= _metrics(ALL, CANDIDATE, head, ours) | _beside(head, ours)
        # The scores are of the labelled rows only.
        for entry, codes in enumerate(slices):
            for place in np.unique(codes[present]):
                found |= _metrics((entry, int(place)), CANDIDATE, head, ours.take(codes[present] == place))
    if isinstance(answered.rival, Predictions):
        broken, theirs = _scores(BASELINE, head, rows, answered.rival)
        found |= broken
        for model, scores in ((CANDIDATE, ours), (BASELINE, theirs)):
            if scores is not None and fair.any():
                found |= _metrics(FAIR, model, head, scores.take(fair[present]))
    return found


def _scores(model: str, head: str, rows: Rows, predictions: Predictions) -> tuple[Tally, HeadScores | None]:
    """What stands in the way of a head's scores, and the scores where nothing does."""
    broken = broken_rows(head, predictions)
    found: Tally = {Key(ALL, model, head, "broken"): _counts(broken)}
    if broken or not _can_be_scored(head, rows):
        return found, None
    try:
        scores = head_scores(head, rows, predictions)
    except InputError as error:
        return found | {Key(ALL, model, head, "refusal"): (Refusal(str(error)),)}, None
    assert not isinstance(scores, str), "broken predictions are counted above"
    return found, scores


def _can_be_scored(head: str, rows: Rows) -> bool:
    infinite = head == "regression" and np.isinf(np.asarray(rows.number, np.float64)).any()
    return bool(rows.labelled[head].any()) and not infinite


def _trivial(head: str, rows: Rows, terms: Terms) -> Tally:
    if not _can_be_scored(head, rows):
        return {}
    scores: Mapping[str, HeadScores]
    if head == "regression":
        scores = terms.trivial.regression(np.asarray(rows.number, np.float64)[rows.labelled[head]])
    else:
        scores = terms.trivial.classification(class_names(rows.label[rows.labelled[head]]))
    found: Tally = {}
    for metric, constant in scores.items():
        found |= _metrics(ALL, trivial_name(metric), head, constant)
    return found


def _metrics(rows: str | tuple[int, int], model: str, head: str, scores: HeadScores) -> Tally:
    weights = np.ones((scores.n, 1))
    return {
        Key(rows, model, head, name): tuple(total.kept() for total in METRICS[head][name].collect(scores, weights))
        for name in scores.metrics
    }


def _beside(head: str, scores: HeadScores) -> Tally:
    """What of the candidate is drawn, beside its metrics."""
    if isinstance(scores, RegressionScores):
        return {Key(ALL, CANDIDATE, head, "residuals"): (Range.of(scores.label - scores.prediction),)}
    return {Key(ALL, CANDIDATE, head, "confusion"): counted(scores)}


def _uncertainty(answered: Answered, terms: Terms) -> Tally:
    if terms.calibration is None:
        return {}
    try:
        counts = coverage.collected(answered.rows, answered.candidate, terms.calibration)
    except InputError:
        return {}  # the head has its refusal
    return {Key(ALL, CANDIDATE, "", f"{_UNCERTAINTY}{name}"): totals for name, totals in counts.items()}


_UNCERTAINTY = "uncertainty "


def uncertainty_of(found: Tally) -> dict[str, Totals]:
    """Returns what `coverage.judged` needs of a tally."""
    return {key.what.removeprefix(_UNCERTAINTY): totals for key, totals in found.items() if _UNCERTAINTY in key.what}


def _counts(*numbers: np.integer | int) -> Totals:
    return (Sum(np.array(numbers, np.float64)),)
