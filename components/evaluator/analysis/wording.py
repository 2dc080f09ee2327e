"""Figures in sentences: as many digits as the interval supports, a true minus sign, thousands apart."""

from __future__ import annotations

import math

from components.formats.estimates import Estimated
from components.formats.uncertainty import Intervals


def figure(value: float | None, decimals: int) -> str:
    """`value` with `decimals` digits after the point; `undefined` for None."""
    if value is None:
        return "undefined"
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    return f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "−")


def decimals(interval: Estimated) -> int:
    """Digits after the point that show the interval's width with two digits, or its value with three."""
    size, digits = 0.0, 1
    if interval.low is not None and interval.high is not None:
        size = interval.high - interval.low
    if size <= 1e-9 * abs(interval.value or 0.0):  # no width but that of rounding
        size, digits = abs(interval.value or 0.0), 2
    return min(8, max(0, digits - math.floor(math.log10(size)))) if size > 0 else digits


def estimate(interval: Estimated) -> str:
    """The value with its interval, such as `0.31 [0.24, 0.40]`."""
    places = decimals(interval)
    text = figure(interval.value, places)
    if interval.low is None or interval.high is None:
        return text
    return f"{text} [{figure(interval.low, places)}, {figure(interval.high, places)}]"


def held(intervals: Intervals) -> str:
    """How the intervals of a number did, or why it has none."""
    coverage = intervals.coverage
    if coverage is None:
        return str(intervals.problem)
    low, high = (f"{100 * bound:.1f}" for bound in (coverage.low, coverage.high))
    return (
        f"{100 * intervals.target:g} % intervals hold {100 * coverage.value:.1f} % [{low}, {high}] of "
        f"{coverage.n:,} labels, {coverage.mean_width:.4g} wide on average."
    )
