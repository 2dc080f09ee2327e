"""Small drawings of one column in one split: a histogram, or bars of its most frequent values.

Both splits of a column share the edges and the height of the tallest bar, so that their shapes can be compared at a
glance; heights are shares of the split's rows, because splits differ in size.
"""

from __future__ import annotations

from itertools import pairwise

from markupsafe import Markup

from components.formats.columns import ColumnStatistics
from components.report.page.charts.axes import Scale
from components.report.page.charts.svg import chart, fitted, line, rect, text
from components.report.page.number_format import number, percent, short
from components.shared.histogram_bins import Histogram

WIDTH, HEIGHT = 168, 64
_FOOT = 14
_ROW = 15
_VALUES = 6
_LONGEST = 120
_END = 12  # pixels of an open bin, and of its gap


def pair(name: str, train: ColumnStatistics | None, evaluation: ColumnStatistics | None) -> tuple[Markup, Markup]:
    """The drawings of a column in the train and the eval split; empty where there is nothing to draw."""
    splits = (("train", train), ("eval", evaluation))
    tallest = max((max(_shares(stats), default=0.0) for _, stats in splits if stats), default=0.0)
    train_drawing, eval_drawing = (_drawing(name, split, stats, tallest) for split, stats in splits)
    return train_drawing, eval_drawing


def _shares(stats: ColumnStatistics) -> list[float]:
    counts = _counts(stats)
    return [count / max(stats.n, 1) for count in counts]


def _counts(stats: ColumnStatistics) -> list[int]:
    if histogram := stats.histogram:
        return [histogram.below or 0, *histogram.counts, histogram.above or 0]
    return [value.count for value in (stats.top or ())[:_VALUES]]


def _drawing(name: str, split: str, stats: ColumnStatistics | None, tallest: float) -> Markup:
    if not stats or not _counts(stats) or not tallest:
        return Markup("")
    title = f"{short(name, _LONGEST)}, {split} split"
    if stats.histogram:
        return _histogram(title, split, stats, stats.histogram, tallest)
    return _bars(title, split, stats, tallest)


def _histogram(title: str, split: str, stats: ColumnStatistics, histogram: Histogram, tallest: float) -> Markup:
    base, edges, is_open = HEIGHT - _FOOT, histogram.edges, histogram.below is not None
    x = Scale(edges[0], edges[-1], _END * is_open, WIDTH - _END * is_open)
    places = [(x(low), x(high), f"{number(low)} to {number(high)}") for low, high in pairwise(edges)]
    left = (0, _END - 3, f"below {number(edges[0])}, down to {number(stats.min)}")
    right = (WIDTH - _END + 3, WIDTH, f"above {number(edges[-1])}, up to {number(stats.max)}")
    marks = [line(0, base, WIDTH, base, "axis")]
    bars = zip([left, *places, right], _counts(stats), _shares(stats), strict=True)
    for position, ((start, end, said), count, share) in enumerate(bars):
        if count:
            height, kind = share / tallest * (base - 2), split
            if position in (0, len(places) + 1):  # few rows, but there to be seen
                height, kind = max(height, 1.5), f"{split} pale"
            said = f"{said}: {count:,} rows, {percent(share)}"
            marks.append(rect(start, base - height, max(end - start - 0.6, 0.8), height, kind, said))
    marks.append(text(("< " if is_open else "") + number(edges[0], 3), 0, HEIGHT - 2, kind="small"))
    marks.append(text(("> " if is_open else "") + number(edges[-1], 3), WIDTH, HEIGHT - 2, anchor="end", kind="small"))
    beyond = ", the pale bars are all beyond" if is_open else ""
    spread = f"from {number(edges[0])} to {number(edges[-1])}{beyond}"
    description = f"Histogram of {stats.n:,} rows {spread}, as shares of rows."
    return chart(marks, title, description, width=WIDTH, height=HEIGHT, kind="tiny")


def _bars(title: str, split: str, stats: ColumnStatistics, tallest: float) -> Markup:
    top = (stats.top or ())[:_VALUES]
    marks = []
    for position, (value, share) in enumerate(zip(top, _shares(stats), strict=True)):
        y = position * _ROW
        said = f"{short(value.value, _LONGEST)}: {value.count:,} rows, {percent(share)}"
        marks.append(rect(0, y + 1, share / tallest * WIDTH, _ROW - 2, f"{split} pale", said))
        marks.append(text(fitted(value.value, WIDTH - 46), 3, y + 11, kind="small ink"))
        marks.append(text(percent(share), WIDTH - 2, y + 11, anchor="end", kind="small ink"))
    description = f"Shares of the {len(top)} most frequent values among {stats.n:,} rows."
    return chart(marks, title, description, width=WIDTH, height=max(len(top), 1) * _ROW, kind="tiny")
