"""The evaluation of a model on rows whose labels are known: all figures of both heads, and the verdict.

    rows, predictions ─► scores of each head ─► bootstrap ─► metrics, differences ─► verdict
                                  └─► slices, confusion

Nothing here knows TensorFlow or TFX: arrays come in, a dataclass that JSON can hold goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.blessing import judge
from components.evaluator.analysis.bootstrap import LEVEL, PART_RESAMPLES, RESAMPLES, Bootstrap
from components.evaluator.analysis.confusion import confusion
from components.evaluator.analysis.gate import Gate
from components.evaluator.analysis.head import METRICS, Rival, compare
from components.evaluator.analysis.metric import Floats, Scores
from components.evaluator.analysis.rows import (
    Incumbent,
    Predictions,
    Rows,
    class_names,
    classification_scores,
    of_new_class,
    regression_scores,
)
from components.evaluator.analysis.slices import Slice
from components.evaluator.analysis.slices import slices as slice_rows
from components.evaluator.analysis.trivial import TrivialPredictor
from components.formats.estimates import Interval
from components.formats.evaluation import Judgement, SliceResult
from components.shared.errors import InputError

SMALL_SLICE = 30
"""A slice with fewer rows is marked as small, unless told otherwise."""


def evaluate(
    rows: Rows,
    candidate: Predictions,
    trivial: TrivialPredictor,
    *,
    baseline: Incumbent | None = None,
    gate: Gate | None = None,
    slices: Sequence[str | Sequence[str]] = (),
    resamples: int = RESAMPLES,
    slice_resamples: int = PART_RESAMPLES,
    min_rows: int = SMALL_SLICE,
    level: float = LEVEL,
    seed: int = 0,
) -> Judgement:
    """Scores a model on rows with known labels and decides whether it is blessed.

    Args:
        rows: labels and raw columns.
        candidate: the new model's predictions for these rows.
        trivial: the constants made from the train labels.
        baseline: the production model; None where there is none. If it cannot be scored, nothing is compared: a
            broken production model must not keep a sound one out. Rows that it has seen, and rows of classes that only
            the new model knows, are left out of the comparison; a class that only the production model knows is a loss.
        gate: demands; None for the defaults of `Gate`.
        slices: see `components.evaluator.analysis.slices`.
        resamples: bootstrap draws for the overall figures.
        slice_resamples: bootstrap draws for each slice.
        min_rows: a slice with fewer rows is marked as small.
        level: the share of draws inside an interval.
        seed: seed of the draws; the same arguments give the same result.

    Raises:
        InputError: labels are infinite or not strings, no row has a head's label, a slice names an unknown column,
            or the candidate's probabilities are negative or do not sum to 1.
        ValueError: shapes do not fit together.
    """
    all_numbers = np.asarray(rows.number, dtype=np.float64)
    if not len(all_numbers) or all_numbers.shape != rows.label.shape:
        raise ValueError(f"labels must be of one shape [n] with n > 0, got {all_numbers.shape} and {rows.label.shape}.")
    labelled = rows.labelled
    number, label = all_numbers[labelled["regression"]], class_names(rows.label[labelled["classification"]])
    require_finite(int(np.isinf(number).sum()), len(number))
    for head, present in labelled.items():
        require_labels(head, int(present.sum()), len(present))
    regression = regression_scores(number, candidate, labelled["regression"])
    classification = classification_scores(label, candidate, labelled["classification"])
    candidates: dict[str, Scores | str] = {"regression": regression, "classification": classification}
    trivials: dict[str, Mapping[str, Scores]] = {
        "regression": trivial.regression(number),
        "classification": trivial.classification(label),
    }
    rivals = _rivals(baseline, candidate, number, label, labelled)
    heads = {
        head: compare(head, candidates[head], rivals[head], trivials[head], resamples=resamples, level=level, seed=seed)
        for head in METRICS
    }
    return Judgement(
        n=len(all_numbers),
        heads=heads,
        confusion=None if isinstance(classification, str) else confusion(classification),
        slices=tuple(
            _slice(
                part,
                candidates,
                labelled,
                min_rows,
                lambda head, some: intervals(head, Bootstrap({"candidate": some}, slice_resamples, level, seed)),
            )
            for part in slice_rows(rows.columns, slices)
        ),
        verdict=judge(gate or Gate(), heads),
    )


def _slice(
    part: Slice,
    scored: Mapping[str, Scores | str],
    labelled: Mapping[str, npt.NDArray[np.bool_]],
    min_rows: int,
    intervals_of: Callable[[str, Scores], dict[str, Interval]],
) -> SliceResult:
    """Both heads' metrics on a slice, each on the slice's rows that have its label."""
    # The scores hold the labelled rows only: a row's place among them is the number of labelled rows before it.
    places = {head: (np.cumsum(present) - 1)[part.rows[present[part.rows]]] for head, present in labelled.items()}
    counts = {head: len(rows) for head, rows in places.items()}
    return SliceResult(
        columns=part.columns,
        name=part.name,
        n=part.n,
        small=min(counts.values()) < min_rows,
        labelled=counts,
        metrics={
            head: intervals_of(head, scores.take(places[head]))
            for head, scores in scored.items()
            if not isinstance(scores, str) and counts[head]
        },
    )


def _rivals(
    incumbent: Incumbent | None,
    candidate: Predictions,
    number: Floats,
    label: npt.NDArray[np.str_],
    labelled: Mapping[str, npt.NDArray[np.bool_]],
) -> dict[str, Rival | None]:
    """The production model as each head meets it, on the rows that have the head's label."""
    if incumbent is None:
        return dict.fromkeys(METRICS)
    said = incumbent.predictions
    scores: dict[str, Scores | str] = dict.fromkeys(METRICS, said) if isinstance(said, str) else {}
    new_class = np.zeros(len(label), bool)
    if not isinstance(said, str):
        scores["regression"] = regression_scores(number, said, labelled["regression"])
        try:
            scores["classification"] = classification_scores(label, said, labelled["classification"])
        except InputError as error:
            scores["classification"] = str(error).rstrip(".")
        new_class = of_new_class(label, candidate.classes, said.classes)
    seen = {
        head: np.zeros(int(rows.sum()), bool) if incumbent.seen is None else incumbent.seen[rows]
        for head, rows in labelled.items()
    }
    new = {"regression": np.zeros(len(number), bool), "classification": new_class}
    return {
        head: Rival(
            scores=scores[head],
            seen=seen[head],
            new_class=new[head],
            remarks=incumbent.remarks,
            doubt=incumbent.doubts.get(head),
        )
        for head in METRICS
    }


def intervals(head: str, bootstrap: Bootstrap) -> dict[str, Interval]:
    """Returns the candidate's metrics with their intervals."""
    return {name: bootstrap.interval("candidate", name) for name in METRICS[head]}


def require_finite(infinite: int, n: int) -> None:
    """Raises `InputError` where some of n regression labels are infinite."""
    if infinite:
        raise InputError(
            f"`regression labels` must be finite numbers, got {infinite} of {n} that are not. Remove these rows."
        )


def require_labels(head: str, labelled: int, n: int) -> None:
    """Raises `InputError` where none of n rows has a head's label."""
    if not labelled:
        raise InputError(f"The {head} labels must be there in an eval row, got none in {n:,} rows.")
