"""What a head must beat: the best prediction that looks at no feature, made from the train labels alone.

Which constant is best depends on the metric, and a comparison is fair only against the best one:

- MAE is least for the train **median**. Against the mean, a head that learnt nothing but to predict the
  median of a skewed label would look useful.
- RMSE is least for the train **mean**.
- Log loss is least for the train **class frequencies**; their most probable class is the **majority class**,
  so the same prediction is the best constant for accuracy too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.regression import RegressionScores
from components.shared.errors import InputError


@dataclass(frozen=True)
class TrivialPredictor:
    """The train labels, reduced to the constants that predict without features.

    Args:
        mean: mean of the regression label over the train rows, in the user's units.
        median: median of the same.
        counts: rows of each class in the train split.

    Raises:
        InputError: the figures are not finite, or there is no class with a row.
    """

    mean: float
    median: float
    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean) and np.isfinite(self.median)):
            raise InputError(
                f"`mean and median of the train labels` must be finite, got {self.mean} and {self.median}. "
                "Remove rows without a regression label."
            )
        if min(self.counts.values(), default=0) < 0 or not sum(self.counts.values()):
            raise InputError(
                f"`class counts of the train labels` must hold at least one row, got {dict(self.counts)}. "
                "Check the classification label's column."
            )

    def regression(self, label: npt.NDArray[np.float64]) -> dict[str, RegressionScores]:
        """Scores of the constants for `label` [n], by the metric each is best for."""
        return {
            "mae": RegressionScores(label, np.full(len(label), self.median), ("mae",)),
            "rmse": RegressionScores(label, np.full(len(label), self.mean), ("rmse",)),
        }

    def classification(self, labels: npt.NDArray[np.str_]) -> dict[str, ClassificationScores]:
        """Scores of the constants for `labels` [n], by the metric each is best for."""
        classes = sorted(self.counts)
        counts = np.array([self.counts[name] for name in classes], dtype=np.float64)
        rows = np.broadcast_to(counts / counts.sum(), (len(labels), len(classes)))
        return {
            metric: ClassificationScores.of(labels, rows, classes, (metric,)) for metric in ("log_loss", "accuracy")
        }


# What a sentence calls the constant that is best for each metric.
PREDICTORS = {
    "mae": "the train median",
    "rmse": "the train mean",
    "log_loss": "the train class frequencies",
    "accuracy": "the majority class",
}
