"""A figure with its interval, as the evaluation writes it and the report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Estimated(Protocol):
    """Whatever has a value with bounds around it; None where that is undefined."""

    @property
    def value(self) -> float | None:
        """The figure."""

    @property
    def low(self) -> float | None:
        """The lower bound."""

    @property
    def high(self) -> float | None:
        """The upper bound."""


@dataclass(frozen=True)
class Estimate:
    """A figure with bounds around it, and nothing of how they were found.

    Args:
        value: None where it is undefined.
        low, high: bounds of the interval; None where there is none.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Interval:
    """A metric and how far it may be off for want of rows.

    Args:
        value: the metric on all rows; None where it is undefined.
        low, high: bounds of the interval; None with too few rows to draw from, or where the metric is undefined or was
            so in more than half of the draws.
        level: the share of draws between the bounds, such as 0.95.
        resamples: number of draws.
        dropped: draws in which the metric was undefined (AUC when only one class was drawn), left out.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float
    resamples: int
    dropped: int


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference of one metric between two models on the same rows: `value = ours - theirs`.

    Args:
        ours: the metric of the first model; None where undefined.
        theirs: the metric of the second model; None where undefined.
        below: share of the counted draws in which the difference is negative; None without an interval.
        above: share in which it is positive. Ties belong to neither.
    """

    ours: float | None
    theirs: float | None
    below: float | None
    above: float | None
