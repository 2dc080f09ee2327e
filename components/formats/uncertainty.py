"""Whether the model knows what it does not know: how its intervals and its probabilities did on the eval rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """How the prediction intervals did on n rows.

    Args:
        value: share of the labels that lie within their interval.
        low, high: the binomial interval around that share.
        covered: number of these labels.
        n: number of rows.
        mean_width: how wide the intervals are on average, in the label's units.
    """

    value: float
    low: float
    high: float
    covered: int
    n: int
    mean_width: float


@dataclass(frozen=True)
class Intervals:
    """The prediction intervals of the regression head.

    Args:
        rows: calibration rows behind them, those with a number.
        target: share of the labels that they are to hold.
        method: `split` for equally wide ones, `cqr` for those wide where the data is uncertain.
        coverage: what they held on the eval rows; None where there are none.
        problem: a sentence that says why there are none.
    """

    rows: int
    target: float
    method: str
    coverage: Coverage | None
    problem: str | None


@dataclass(frozen=True)
class Temperature:
    """The calibration of the class probabilities.

    Args:
        rows: calibration rows behind it, those with a class that the model knows.
        value: the temperature; 1 leaves the network's probabilities as they are.
        before: calibration error and log loss of the network's own probabilities on the eval rows.
        after: the same of what the model answers.
    """

    rows: int
    value: float
    before: dict[str, float]
    after: dict[str, float]


@dataclass(frozen=True)
class Uncertainty:
    """Both heads; None for a head whose predictions are not finite."""

    regression: Intervals | None
    classification: Temperature | None
