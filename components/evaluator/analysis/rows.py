"""Rows whose labels are known, what models say about them, and the scores of both heads that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.metric import Floats
from components.evaluator.analysis.regression import RegressionScores
from components.shared.errors import InputError
from components.shared.labelled_rows import has_class, has_number

HeadScores = RegressionScores | ClassificationScores


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

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one after the other."""
        return cls(
            np.concatenate([part.number for part in parts]),
            np.concatenate([part.label for part in parts]),
            {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        )

    def take(self, rows: npt.NDArray[Any]) -> Self:
        """The same, restricted to `rows` (integer indices or a boolean mask)."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return type(self)(self.number[rows], self.label[rows], columns)

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

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The predictions of all parts, one after the other; they are of one model."""
        bounds = [part.bounds for part in parts if part.bounds is not None]
        return cls(
            np.concatenate([part.number for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            parts[0].classes,
            np.concatenate(bounds) if bounds else None,
        )

    def take(self, rows: npt.NDArray[Any]) -> Predictions:
        """The same, restricted to `rows` (integer indices or a boolean mask)."""
        return Predictions(
            np.asarray(self.number)[rows],
            np.asarray(self.probabilities)[rows],
            self.classes,
            None if self.bounds is None else np.asarray(self.bounds)[rows],
        )


@dataclass(frozen=True)
class Answered:
    """Rows with what both models say about them.

    Args:
        rows: n rows.
        candidate: what the new model says.
        rival: what the production model says, a clause that says why it says nothing, None where there is none.
        seen: bool [n], the rows that the production model has seen in its training.
    """

    rows: Rows
    candidate: Predictions
    rival: Predictions | str | None
    seen: npt.NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one after the other; a rival that fails in one part has failed."""
        rivals = [part.rival for part in parts]
        failed = sorted(rival for rival in rivals if isinstance(rival, str))
        answers = [rival for rival in rivals if isinstance(rival, Predictions)]
        return cls(
            Rows.joined([part.rows for part in parts]),
            Predictions.joined([part.candidate for part in parts]),
            failed[0] if failed else Predictions.joined(answers) if answers else None,
            np.concatenate([part.seen for part in parts]),
        )

    def take(self, rows: npt.NDArray[Any]) -> Self:
        """The same, restricted to `rows` (integer indices or a boolean mask)."""
        rival = self.rival.take(rows) if isinstance(self.rival, Predictions) else self.rival
        return type(self)(self.rows.take(rows), self.candidate.take(rows), rival, self.seen[rows])


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


def head_scores(head: str, rows: Rows, predictions: Predictions) -> HeadScores | str:
    """Returns the scores of one head on the rows with its label, or a clause that says why there are none.

    Args:
        head: `regression` or `classification`.
        rows: n rows, at least one of them with the head's label.
        predictions: for all of them.

    Raises:
        InputError: a label is no string, or the probabilities are negative or do not sum to 1.
    """
    labelled = rows.labelled[head]
    if head == "regression":
        return regression_scores(np.asarray(rows.number, dtype=np.float64)[labelled], predictions, labelled)
    return classification_scores(class_names(rows.label[labelled]), predictions, labelled)


def regression_scores(
    label: Floats, predictions: Predictions, labelled: npt.NDArray[np.bool_]
) -> RegressionScores | str:
    """The same of the regression head, whose labels are at hand: float64 [m], of the m rows with one."""
    broken = broken_rows("regression", predictions)
    if broken:
        return not_finite(broken, len(predictions.number))
    return RegressionScores(label, np.asarray(predictions.number, dtype=np.float64)[labelled])


def classification_scores(
    label: npt.NDArray[np.str_], predictions: Predictions, labelled: npt.NDArray[np.bool_]
) -> ClassificationScores | str:
    """The same of the classification head, whose labels are at hand: strings [m], of the m rows with one."""
    broken = broken_rows("classification", predictions)
    if broken:
        return not_finite(broken, len(predictions.probabilities))
    probabilities = np.asarray(predictions.probabilities, dtype=np.float64)
    return ClassificationScores.of(label, probabilities[labelled], predictions.classes)


def broken_rows(head: str, predictions: Predictions) -> int:
    """Returns for how many rows a head predicts what is not finite.

    Rows without its label count too: whatever is asked is served.
    """
    if head == "regression":
        return int((~np.isfinite(np.asarray(predictions.number, dtype=np.float64))).sum())
    return int((~np.isfinite(np.asarray(predictions.probabilities, dtype=np.float64))).any(axis=-1).sum())


def not_finite(broken: int, n: int) -> str:
    """Returns the clause that says why a head has no scores."""
    return f"{broken:,} of {n:,} predictions are NaN or infinite"


def of_new_class(labels: npt.NDArray[Any], ours: Sequence[str], theirs: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Returns which labels [n] are of a class that only the candidate knows: bool [n]."""
    return np.isin(labels, sorted(set(ours) - set(theirs)))


def class_names(labels: npt.NDArray[Any]) -> npt.NDArray[np.str_]:
    """Returns class labels [n] as strings.

    Raises:
        InputError: one is something else.
    """
    given = np.asarray(labels)
    # NumPy would turn None and bytes into the strings "None" and "b'...'" without a word.
    other = next((name for name in given if not isinstance(name, str)), "")
    if other != "":
        raise InputError(
            f"`class labels` must be strings, got {other!r}. Remove rows without a label and decode bytes."
        )
    return given.astype(str)
