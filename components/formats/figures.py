"""`figures.json` of the Evaluator: what a person looks at to judge a head, drawn from single rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.formats.estimates import Interval
from components.formats.json_file import JsonFile
from components.shared.histogram_bins import Histogram


@dataclass(frozen=True)
class ErrorRange:
    """Errors of the rows whose label lies in one range.

    Args:
        low, high: least and greatest label in the range, in the user's units.
        n: number of rows.
        mae: mean absolute error with its interval.
        bias: mean of `prediction - label`; above 0 the model predicts too much.
    """

    low: float
    high: float
    n: int
    mae: Interval
    bias: float


@dataclass(frozen=True)
class Residuals:
    """The regression head's predictions and errors, in the user's units.

    Args:
        n: number of rows.
        actual, predicted: the same rows' labels and predictions; at most 1,000 drawn at random.
        histogram: of the residuals `label - prediction`, in bins of equal width; above 0 the model predicts too little.
        least, greatest: least and greatest residual.
        ranges: ranges of the label with about equally many rows, lowest first.
        sampled_from: rows that these n were drawn from at random, where it was too many for all; least and greatest are
            those of all.
    """

    n: int
    actual: tuple[float, ...]
    predicted: tuple[float, ...]
    histogram: Histogram
    least: float
    greatest: float
    ranges: tuple[ErrorRange, ...]
    sampled_from: int | None = None


@dataclass(frozen=True)
class Curves:
    """How well one class is told from the rest, at every threshold of its probability.

    Args:
        name: the class.
        n_positive: rows of the class.
        auc: area under the ROC curve, ties counting one half.
        average_precision: `Σ (Rᵢ - Rᵢ₋₁)·Pᵢ` over the thresholds from high to low.
        roc: (false positive rate, true positive rate), from (0, 0) to (1, 1).
        pr: (recall, precision), from (0, 1) by falling threshold to recall 1.
    """

    name: str
    n_positive: int
    auc: float
    average_precision: float
    roc: tuple[tuple[float, float], ...]
    pr: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Figures(JsonFile, file="figures.json", format=2):
    """What is drawn of each head; None for a head that cannot be scored.

    Args:
        regression: predictions and errors of the regression head.
        classification: the curves of the classes with most rows, in that order.
    """

    regression: Residuals | None
    classification: tuple[Curves, ...] | None

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        """Returns the fields of format 2: format 1 had the curves one level deeper, and their name under `class`."""
        del format
        drawn = fields["classification"]
        return fields | {
            "classification": drawn and [{**curve, "name": curve["class"]} for curve in drawn["curves"]],
        }
