"""What every metric of the evaluator has in common: a title, a direction, and how it is computed under weights.

A head's rows and predictions are held in one object that satisfies `Scores`. Its one essential verb,
`weighted`, computes the metrics for many weightings of the same rows at once: one column of ones gives
the value itself, columns of resampling counts give bootstrap replicates (see `bootstrap.py`).

A metric is what it collects of the rows, and what it makes of that. Where the rows lie on many machines, each collects
of its own, and the metric is made of all of it together (see `totals.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Totals = tuple[Any, ...]
"""What a metric is made of, each a `totals.Total` of a type that the metric knows."""


@dataclass(frozen=True)
class Metric:
    """A metric's name in words, its good side and its formula.

    Args:
        title: what a sentence calls it, such as `MAE`.
        lower_is_better: True for errors and losses, False for scores.
        collect: the head's scores, n rows, and float64 [n, B], B weightings of them -> the totals it is made of.
        finish: these totals -> float64 [B], NaN where it is undefined.
        bound: these totals -> float64 [B], by how much `finish` may be off where the totals were `kept`, which forgets
            single rows; None for a metric that they give exactly.
    """

    title: str
    lower_is_better: bool
    collect: Callable[[Any, Floats], Totals]
    finish: Callable[..., Floats]
    bound: Callable[..., Floats] | None = None

    def compute(self, scores: Any, weights: Floats) -> Floats:
        """The metric of n rows under each of B weightings [n, B]: float64 [B], NaN where it is undefined."""
        return self.finish(*self.collect(scores, weights))

    @property
    def description(self) -> str:
        """What it is, for the configuration's JSON Schema."""
        return f"{self.title}, {'lower' if self.lower_is_better else 'higher'} is better"


class Scores(Protocol):
    """Rows with the predictions of one model, ready to be scored under any weighting."""

    @property
    def n(self) -> int:
        """Number of rows."""

    def take(self, rows: npt.NDArray[Any]) -> Self:
        """The same, restricted to `rows` (integer indices or a boolean mask of shape [n])."""

    def weighted(self, weights: Floats) -> Mapping[str, Floats]:
        """Metrics under each weighting.

        Args:
            weights: float64 [n, B], not negative; each column is one weighting of the rows. A weight of 2
                counts a row twice, a weight of 0 leaves it out.

        Returns:
            metric name to float64 [B]; NaN where the metric is undefined under that weighting.
        """


def values(scores: Scores) -> dict[str, float]:
    """The metrics of all rows, each counted once; NaN where undefined."""
    weighted = scores.weighted(np.ones((scores.n, 1)))
    return {name: float(result[0]) for name, result in weighted.items()}


def group_sums(codes: Integers, weights: Floats, groups: int) -> Floats:
    """Sums of `weights` over the rows of each group.

    Args:
        codes: int64 [n], the group of each row, in [0, groups).
        weights: float64 [n, B].
        groups: number of groups; one without rows sums to 0.

    Returns:
        float64 [groups, B].
    """
    sums = np.zeros((groups, weights.shape[1]))
    if len(codes):
        order = np.argsort(codes, kind="stable")
        present, starts = np.unique(codes[order], return_index=True)
        sums[present] = np.add.reduceat(weights[order], starts, axis=0)
    return sums


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Element-wise `numerator / denominator`, NaN where the denominator is not positive."""
    result = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result
