"""Values with their intervals along one axis: differences, importances, and a slice against the whole."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from components.formats.estimates import Estimated
from components.formats.importance import ColumnImportance
from components.report.page.charts.axes import Scale, bottom_axis, horizontal
from components.report.page.charts.svg import WIDTH, chart, dot, fitted, line, rect, text, text_width
from components.report.page.number_format import estimate, short

_BAR = 20
_SMALL = (132, 18)


def difference(other: str, found: Estimated, metric: str, better: str) -> Markup:
    """This model's difference to another predictor with its interval, and the good side of zero shaded.

    Args:
        other: what the predictor is called.
        found: the difference, whose value is known.
        metric: what is compared.
        better: `left` or `right`, the good side of zero.
    """
    top, bottom = 20, 46
    x = horizontal([0.0, *_bounds(found)], left=14)
    good = (x.start, x(0)) if better == "left" else (x(0), x.end)
    said = f"{other}: {estimate(found)}"
    # A long name gives way to the figures.
    name = fitted(f"against {other}", WIDTH - 20 - text_width(f": {estimate(found)}"))
    marks = [
        text(f"{name}: {estimate(found)}", x.start, 13, kind="ink"),
        rect(good[0], top, good[1] - good[0], bottom - top, "good", f"{better} of zero is better"),
        *bottom_axis(x, f"{metric}: this model − the other; {better} of 0 is better", bottom, top),
        line(x(0), bottom, x(0), top, "reference"),
        *_interval(found, x, (top + bottom) / 2, "train", said),
    ]
    title = f"Difference of {metric} to {other}"
    return chart(marks, title, f"{estimate(found)}; {better} of zero is better.", height=bottom + 38)


def importance(rows: Sequence[ColumnImportance], metric: str, label: str) -> Markup:
    """How much the primary metric rises when one column is shuffled, with intervals, largest first."""
    left = 118
    x = horizontal([value for row in rows for value in (row.value, row.low, row.high)], zero=True, left=left)
    bottom = 6 + _BAR * len(rows)
    marks = bottom_axis(x, f"rise of {metric} when shuffled", bottom, 4)
    for position, row in enumerate(rows):
        y = 6 + _BAR * position
        said = f"{short(row.column, 60)}: {estimate(row)}"
        start, end = sorted((x(0), x(row.value)))
        marks.append(text(fitted(row.column, left - 8), left - 6, y + 13, anchor="end", kind="ink"))
        marks.append(rect(start, y + 3, max(end - start, 0.8), _BAR - 6, "train pale", said))
        marks.append(line(x(row.low), y + _BAR / 2, x(row.high), y + _BAR / 2, "ink-stroke"))
    marks.append(line(x(0), bottom, x(0), 4, "axis"))
    said = "; ".join(f"{short(row.column, 40)}: {estimate(row)}" for row in rows[:5])
    return chart(marks, f"Permutation importance for {label}", f"Largest: {said}.", height=bottom + 38)


def small(
    interval: Estimated, span: tuple[float, float], whole: float | None, title: str, said: str | None = None
) -> Markup:
    """One interval in a table's cell, on the scale of all its rows, with the value over all rows dashed.

    Args:
        interval: the interval.
        span: the ends of the scale.
        whole: what is dashed; None for nothing.
        title: what is drawn.
        said: the interval in words, if not as `estimate` says it.
    """
    if interval.value is None:
        return Markup("")
    width, height = _SMALL
    low, high = span if span[0] < span[1] else (span[0] - 0.5, span[1] + 0.5)
    x = Scale(low, high, 5, width - 5)
    said = said or estimate(interval)
    marks = _interval(interval, x, height / 2, "eval", said)
    if whole is not None:
        marks.insert(0, line(x(whole), 1, x(whole), height - 1, "reference"))
    return chart(marks, title, said, width=width, height=height, kind="tiny")


def _interval(interval: Estimated, x: Scale, y: float, kind: str, said: str) -> list[Markup]:
    marks = []
    if interval.low is not None and interval.high is not None:
        low, high = x(interval.low), x(interval.high)
        marks.append(line(low, y, high, y, f"{kind} stroke"))
        marks += [line(end, y - 4, end, y + 4, f"{kind} stroke") for end in (low, high)]
    return marks if interval.value is None else [*marks, dot(x(interval.value), y, kind, said, radius=4)]


def _bounds(interval: Estimated) -> list[float]:
    return [bound for bound in (interval.value, interval.low, interval.high) if bound is not None]
