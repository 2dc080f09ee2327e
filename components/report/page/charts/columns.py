"""Small drawings of one column in one split: a histogram, or bars of its most frequent values.

Both splits of a column share the edges and the height of the tallest bar, so that their shapes can be compared at a
glance; heights are shares of the split's rows, because splits differ in size.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from components.report.page.charts.svg import chart, fitted, line, rect, text
from components.report.page.numbers import number, percent, short

WIDTH, HEIGHT = 168, 64
_FOOT = 14
_ROW = 15
_VALUES = 6
_LONGEST = 120


def pair(name: str, train: Mapping[str, Any] | None, evaluation: Mapping[str, Any] | None) -> tuple[Markup, Markup]:
    """The drawings of a column in the train and the eval split; empty where there is nothing to draw."""
    splits = (("train", train), ("eval", evaluation))
    tallest = max((max(_shares(stats), default=0.0) for _, stats in splits if stats), default=0.0)
    train_drawing, eval_drawing = (_drawing(name, split, stats, tallest) for split, stats in splits)
    return train_drawing, eval_drawing


def _shares(stats: Mapping[str, Any]) -> list[float]:
    counts = _counts(stats)
    return [count / max(stats["n"], 1) for count in counts]


def _counts(stats: Mapping[str, Any]) -> list[int]:
    if stats.get("histogram"):
        return list(stats["histogram"]["counts"])
    return [value["count"] for value in (stats.get("top") or [])[:_VALUES]]


def _drawing(name: str, split: str, stats: Mapping[str, Any] | None, tallest: float) -> Markup:
    if not stats or not _counts(stats) or not tallest:
        return Markup("")
    title = f"{short(name, _LONGEST)}, {split} split"
    if stats.get("histogram"):
        return _histogram(title, split, stats, tallest)
    return _bars(title, split, stats, tallest)


def _histogram(title: str, split: str, stats: Mapping[str, Any], tallest: float) -> Markup:
    edges = stats["histogram"]["edges"]
    span, base = (edges[-1] - edges[0]) or 1.0, HEIGHT - _FOOT
    marks = [line(0, base, WIDTH, base, "axis")]
    for (low, high), count, share in zip(pairwise(edges), _counts(stats), _shares(stats), strict=True):
        if count:
            left, right = ((edge - edges[0]) / span * WIDTH for edge in (low, high))
            height = share / tallest * (base - 2)
            said = f"{number(low)} to {number(high)}: {count:,} rows, {percent(share)}"
            marks.append(rect(left, base - height, max(right - left - 0.6, 0.8), height, split, said))
    marks.append(text(number(edges[0], 3), 0, HEIGHT - 2, kind="small"))
    marks.append(text(number(edges[-1], 3), WIDTH, HEIGHT - 2, anchor="end", kind="small"))
    description = f"Histogram of {stats['n']:,} rows from {number(edges[0])} to {number(edges[-1])}, as shares of rows."
    return chart(marks, title, description, width=WIDTH, height=HEIGHT, kind="tiny")


def _bars(title: str, split: str, stats: Mapping[str, Any], tallest: float) -> Markup:
    top = stats["top"][:_VALUES]
    marks = []
    for position, (value, share) in enumerate(zip(top, _shares(stats), strict=True)):
        y = position * _ROW
        said = f"{short(value['value'], _LONGEST)}: {value['count']:,} rows, {percent(share)}"
        marks.append(rect(0, y + 1, share / tallest * WIDTH, _ROW - 2, f"{split} pale", said))
        marks.append(text(fitted(value["value"], WIDTH - 46), 3, y + 11, kind="small ink"))
        marks.append(text(percent(share), WIDTH - 2, y + 11, anchor="end", kind="small ink"))
    description = f"Shares of the {len(top)} most frequent values among {stats['n']:,} rows."
    return chart(marks, title, description, width=WIDTH, height=max(len(top), 1) * _ROW, kind="tiny")
