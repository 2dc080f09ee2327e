"""The evaluation of a model on rows whose labels are known: all figures of both heads, and the verdict.

    rows, predictions ─► scores of each head ─► bootstrap ─► metrics, differences ─► verdict
                                  └─► slices, confusion

Nothing here knows TensorFlow or TFX: arrays come in, a dataclass that JSON can hold goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.blessing import judge
from components.evaluator.analysis.bootstrap import LEVEL, PART_RESAMPLES, RESAMPLES, Bootstrap
from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.confusion import confusion
from components.evaluator.analysis.gate import Gate
from components.evaluator.analysis.head import METRICS, Rival, compare
from components.evaluator.analysis.metric import Floats, Scores
from components.evaluator.analysis.regression import RegressionScores
from components.evaluator.analysis.slices import Slice
from components.evaluator.analysis.slices import slices as slice_rows
from components.evaluator.analysis.trivial import TrivialPredictor
from components.formats.estimates import Interval
from components.formats.evaluation import Judgement, SliceResult
from components.shared.errors import InputError
from components.shared.labelled_rows import has_class, has_number


@dataclass(frozen=True)
class Rows:
    """Rows to evaluate on; each head is evaluated on those that have its label.

    Args:
        number: float [n], the regression labels in the user's units, NaN where missing.
        label: strings [n], the class labels, None where missing.
        columns: raw columns by name, each [n]; needed for slices only.
    """

    number: npt.NDArray[Any]
    label: npt.NDArray[Any]
    columns: Mapping[str, npt.NDArray[Any]]

    @property
    def labelled(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Head → which rows have its label, bool [n]."""
        return {
            "regression": has_number(self.number),
            "classification": has_class(self.label),
        }


@dataclass(frozen=True)
class Predictions:
    """What a model says about the same rows.

    Args:
        number: float [n], in the user's units.
        probabilities: float [n, K].
        classes: the K classes in the order of the columns; two models may differ in them.
        bounds: float [n, 2], the lower and the upper bound of the prediction interval; None if there is none.
    """

    number: npt.NDArray[Any]
    probabilities: npt.NDArray[Any]
    classes: tuple[str, ...]
    bounds: npt.NDArray[Any] | None = None

    def take(self, rows: npt.NDArray[Any]) -> Predictions:
        """The same, restricted to `rows` (integer indices or a boolean mask)."""
        return Predictions(
            np.asarray(self.number)[rows],
            np.asarray(self.probabilities)[rows],
            self.classes,
            None if self.bounds is None else np.asarray(self.bounds)[rows],
        )


@dataclass(frozen=True)
class Incumbent:
    """The production model in a comparison.

    Args:
        predictions: what it says about the same rows, or a clause that says why it says nothing.
        seen: bool [n], the rows it has seen in its training, which it is not compared on; None: nobody knows, and
            all rows count.
        remarks: sentences about the comparison for both heads.
        doubts: head to a sentence that makes its comparison doubtful.
    """

    predictions: Predictions | str
    seen: npt.NDArray[np.bool_] | None = None
    remarks: tuple[str, ...] = ()
    doubts: Mapping[str, str] = field(default_factory=dict)


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
    min_rows: int = 30,
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
    number, label = all_numbers[labelled["regression"]], _strings(rows.label[labelled["classification"]])
    if np.isinf(number).any():
        raise InputError(
            f"`regression labels` must be finite numbers, got {int(np.isinf(number).sum())} of "
            f"{len(number)} that are not. Remove these rows."
        )
    for head, present in labelled.items():
        if not present.any():
            raise InputError(f"The {head} labels must be there in an eval row, got none in {len(present):,} rows.")
    regression = _regression(number, candidate, labelled["regression"])
    classification = _classification(label, candidate, labelled["classification"])
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
                lambda head, some: _intervals(head, some, slice_resamples, level, seed),
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
    intervals: Callable[[str, Scores], dict[str, Interval]],
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
            head: intervals(head, scores.take(places[head]))
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
        scores["regression"] = _regression(number, said, labelled["regression"])
        try:
            scores["classification"] = _classification(label, said, labelled["classification"])
        except InputError as error:
            scores["classification"] = str(error).rstrip(".")
        new_class = np.isin(label, sorted(set(candidate.classes) - set(said.classes)))
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


def _strings(labels: npt.NDArray[Any]) -> npt.NDArray[np.str_]:
    given = np.asarray(labels)
    # NumPy would turn None and bytes into the strings "None" and "b'...'" without a word.
    other = next((name for name in given if not isinstance(name, str)), "")
    if other != "":
        raise InputError(
            f"`class labels` must be strings, got {other!r}. Remove rows without a label and decode bytes."
        )
    return given.astype(str)


def _intervals(head: str, scores: Scores, resamples: int, level: float, seed: int) -> dict[str, Interval]:
    bootstrap = Bootstrap({"candidate": scores}, resamples=resamples, level=level, seed=seed)
    return {name: bootstrap.interval("candidate", name) for name in METRICS[head]}


def _regression(label: Floats, predictions: Predictions, labelled: npt.NDArray[np.bool_]) -> RegressionScores | str:
    # All predictions must be finite, also those for rows without a label: whatever is asked is served.
    prediction = np.asarray(predictions.number, dtype=np.float64)
    broken = int((~np.isfinite(prediction)).sum())
    return _not_finite(broken, len(prediction)) if broken else RegressionScores(label, prediction[labelled])


def _classification(
    label: npt.NDArray[np.str_], predictions: Predictions, labelled: npt.NDArray[np.bool_]
) -> ClassificationScores | str:
    probabilities = np.asarray(predictions.probabilities, dtype=np.float64)
    broken = int((~np.isfinite(probabilities)).any(axis=-1).sum())
    if broken:
        return _not_finite(broken, len(probabilities))
    return ClassificationScores.of(label, probabilities[labelled], predictions.classes)


def _not_finite(broken: int, n: int) -> str:
    return f"{broken:,} of {n:,} predictions are NaN or infinite"
