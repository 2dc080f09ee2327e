"""How the predicted number errs: against the actual number, as residuals, and by range of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from components.report.page.charts.axes import Scale, frame, horizontal, vertical
from components.report.page.charts.svg import chart, dot, line, node, rect
from components.report.page.numbers import estimate, number


def scatter(figure: Mapping[str, Any], label: str) -> Markup:
    """Predicted against actual; both axes have the same scale, so that the diagonal is where all is right."""
    actual, predicted = figure["actual"], figure["predicted"]
    x, y = horizontal([*actual, *predicted]), vertical([*actual, *predicted])
    marks = frame(x, y, f"actual {label}", f"predicted {label}")
    marks.append(line(x(x.low), y(x.low), x(x.high), y(x.high), "reference"))
    marks += [
        dot(x(a), y(p), "eval point", f"actual {number(a)}, predicted {number(p)}", radius=2.2)
        for a, p in zip(actual, predicted, strict=True)
    ]
    shown = f"{figure['shown']:,} of {figure['n']:,} rows"
    return chart(marks, f"Predicted against actual {label}", f"{shown}; on the dashed line the prediction is exact.")


def residuals(figure: Mapping[str, Any], label: str) -> Markup:
    """The histogram of actual minus predicted, with zero marked."""
    edges, counts = figure["edges"], figure["counts"]
    x, y = horizontal([*edges, 0.0]), vertical(counts, zero=True, whole=True)
    marks = frame(x, y, f"actual − predicted {label}", "rows")
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        said = f"{number(low)} to {number(high)}: {count:,} rows"
        marks.append(rect(x(low), y(count), max(x(high) - x(low) - 1, 0.8), y.start - y(count), "eval", said))
    marks.append(line(x(0), y.start, x(0), y.end, "reference"))
    return chart(marks, f"Residuals of {label}", f"{figure['n']:,} rows; the dashed line is zero.")


def by_range(ranges: Sequence[Mapping[str, Any]], label: str) -> Markup:
    """MAE with its interval, and bias, in equal-count ranges of the target."""
    known = [part for part in ranges if part["mae"]["value"] is not None]
    bounds = [value for part in known for value in part["mae"].values() if value is not None]
    x = horizontal([edge for part in ranges for edge in (part["low"], part["high"])])
    y = vertical([*bounds, *(part["bias"] for part in known if part["bias"] is not None)], zero=True)
    marks = frame(x, y, f"actual {label}", f"error of {label}")
    marks.append(line(x.start, y(0), x.end, y(0), "axis"))
    for part in known:
        marks += _range(part, x, y)
    title = f"Error by range of {label}"
    n = sum(part["n"] for part in ranges)
    return chart(marks, title, f"{n:,} rows in {len(ranges)} ranges; dots are MAE with intervals, diamonds are bias.")


def _range(part: Mapping[str, Any], x: Scale, y: Scale) -> list[Markup]:
    mae, bias = part["mae"], part["bias"]
    middle = x((part["low"] + part["high"]) / 2)
    said = f"{number(part['low'])} to {number(part['high'])}, n {part['n']:,}: MAE {estimate(mae)}, bias {number(bias)}"
    marks = [line(x(part["low"]), y(mae["value"]), x(part["high"]), y(mae["value"]), "eval stroke")]
    if mae["low"] is not None and mae["high"] is not None:
        marks.append(line(middle, y(mae["low"]), middle, y(mae["high"]), "eval stroke"))
    marks.append(dot(middle, y(mae["value"]), "eval", said))
    if bias is not None:
        px, py = middle, y(bias)
        shape = f"M{px:.1f} {py - 4:.1f}l4 4l-4 4l-4 -4Z"
        marks.append(node("path", node("title", said), d=shape, class_="bias"))
    return marks
