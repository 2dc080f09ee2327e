"""Scales, ticks and the frame that charts with two axes share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from components.report.page.charts.svg import HEIGHT, WIDTH, line, text

LEFT, RIGHT, TOP, BOTTOM = 52, 12, 14, 42
_AIR = 0.03


@dataclass(frozen=True)
class Scale:
    """A linear map from values to pixels.

    Args:
        low, high: the values at the two ends.
        start, end: their pixels; `start > end` for an axis that grows upwards.
        whole: the values are counts, so ticks are whole numbers.
    """

    low: float
    high: float
    start: float
    end: float
    whole: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values inside the scale: steps of 1, 2 or 5 times a power of ten."""
        step = _step(self.high - self.low, about)
        if self.whole:
            step = max(1.0, step)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [position * step for position in range(first, last + 1)]


def _step(span: float, about: int) -> float:
    raw = span / about
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))


def horizontal(
    values: Iterable[float], *, zero: bool = False, left: float = LEFT, width: float = WIDTH, whole: bool = False
) -> Scale:
    """A scale from left to right over all values."""
    low, high = _span(values, zero)
    return Scale(low, high, left, width - RIGHT, whole)


def vertical(values: Iterable[float], *, zero: bool = False, height: float = HEIGHT, whole: bool = False) -> Scale:
    """A scale from bottom to top over all values; bars need `zero`, or their lengths would lie."""
    low, high = _span(values, zero)
    return Scale(low, high, height - BOTTOM, TOP, whole)


def _span(values: Iterable[float], zero: bool) -> tuple[float, float]:
    """The lowest and the highest value with a little air around them; bars stand on zero without any."""
    known = [*values, *([0.0] if zero else [])]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    air = (high - low) * _AIR or abs(high) / 2 or 0.5
    return low - air * (not (zero and low == 0)), high + air * (not (zero and high == 0 > low))


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """The ticks with as many decimals as tell them apart."""
    largest = max((abs(tick) for tick in ticks), default=0.0)
    step = min((b - a for a, b in itertools.pairwise(ticks)), default=largest or 1.0)
    if largest >= 1e7 or 0 < largest < 1e-4:
        return [f"{tick:.3g}".replace("-", "−").replace("e+0", "e") for tick in ticks]
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{tick + 0.0:,.{places}f}".replace("-", "−") for tick in ticks]


def frame(x: Scale, y: Scale, x_label: str, y_label: str) -> list[Markup]:
    """Both axes with ticks, a grid and labels, to draw under the marks."""
    return [*bottom_axis(x, x_label, y.start, y.end), *left_axis(x, y, y_label)]


def left_axis(x: Scale, y: Scale, label: str) -> list[Markup]:
    """The vertical axis alone, with its grid over the width of `x` and the line it stands on."""
    ticks = y.ticks()
    marks = []
    for tick, shown in zip(ticks, tick_labels(ticks), strict=True):
        marks.append(line(x.start, y(tick), x.end, y(tick), "grid"))
        marks.append(text(shown, x.start - 5, y(tick) + 4, anchor="end"))
    marks.append(line(x.start, y.start, x.end, y.start, "axis"))
    marks.append(text(label, 11, (y.start + y.end) / 2, anchor="middle", kind="label", turned=True))
    return marks


def bottom_axis(x: Scale, label: str, bottom: float, top: float) -> list[Markup]:
    """The horizontal axis alone, with its grid from `bottom` to `top`."""
    ticks = x.ticks()
    marks = []
    for tick, shown in zip(ticks, tick_labels(ticks), strict=True):
        marks.append(line(x(tick), bottom, x(tick), top, "grid"))
        marks.append(text(shown, x(tick), bottom + 14, anchor="middle"))
    marks.append(text(label, (x.start + x.end) / 2, bottom + 31, anchor="middle", kind="label"))
    return marks
