"""Rows whose labels are known, what models say about them, and the scores of both heads that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.metric import Floats
from components.evaluator.analysis.regression import RegressionScores
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


def regression_scores(
    label: Floats, predictions: Predictions, labelled: npt.NDArray[np.bool_]
) -> RegressionScores | str:
    """Returns the scores of the regression head, or a clause that says why there are none.

    Args:
        label: float64 [m], the labels of the rows that have one.
        predictions: for all n rows.
        labelled: bool [n], the m rows.
    """
    # All predictions must be finite, also those for rows without a label: whatever is asked is served.
    prediction = np.asarray(predictions.number, dtype=np.float64)
    broken = int((~np.isfinite(prediction)).sum())
    return not_finite(broken, len(prediction)) if broken else RegressionScores(label, prediction[labelled])


def classification_scores(
    label: npt.NDArray[np.str_], predictions: Predictions, labelled: npt.NDArray[np.bool_]
) -> ClassificationScores | str:
    """Returns the scores of the classification head, or a clause that says why there are none.

    Args:
        label: strings [m], the labels of the rows that have one.
        predictions: for all n rows.
        labelled: bool [n], the m rows.

    Raises:
        InputError: the probabilities are negative or do not sum to 1.
    """
    probabilities = np.asarray(predictions.probabilities, dtype=np.float64)
    broken = int((~np.isfinite(probabilities)).any(axis=-1).sum())
    if broken:
        return not_finite(broken, len(probabilities))
    return ClassificationScores.of(label, probabilities[labelled], predictions.classes)


def not_finite(broken: int, n: int) -> str:
    """Returns the clause that says why a head has no scores."""
    return f"{broken:,} of {n:,} predictions are NaN or infinite"


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
