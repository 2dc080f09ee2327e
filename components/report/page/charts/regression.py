"""How the regression head errs: predicted against actual values, residuals, and by range of the target."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from components.formats.figures import ErrorRange, Residuals
from components.report.page.charts.axes import LEFT, RIGHT, Scale, bottom_axis, frame, horizontal, left_axis, vertical
from components.report.page.charts.svg import WIDTH, chart, dot, line, node, rect, text
from components.report.page.number_format import estimate, number

_END = 24  # pixels of an open bin, and of its gap


def scatter(figure: Residuals, label: str) -> Markup:
    """Predicted against actual; both axes have the same scale, so that the diagonal is where all is right."""
    actual, predicted = figure.actual, figure.predicted
    x, y = horizontal([*actual, *predicted]), vertical([*actual, *predicted])
    marks = frame(x, y, f"actual {label}", f"predicted {label}")
    marks.append(line(x(x.low), y(x.low), x(x.high), y(x.high), "reference"))
    marks += [
        dot(x(a), y(p), "eval point", f"actual {number(a)}, predicted {number(p)}", radius=2.2)
        for a, p in zip(actual, predicted, strict=True)
    ]
    shown = f"{len(actual):,} of {figure.sampled_from or figure.n:,} rows"
    return chart(marks, f"Predicted against actual {label}", f"{shown}; on the dashed line the prediction is exact.")


def residuals(figure: Residuals, label: str) -> Markup:
    """The histogram of actual minus predicted, with zero marked; a pale bar is all that lies beyond the edges."""
    histogram = figure.histogram
    edges, counts = histogram.edges, histogram.counts
    frame_x, room = Scale(0, 1, LEFT, WIDTH - RIGHT), 0 if histogram.below is None else _END
    x = horizontal([*edges, 0.0], left=LEFT + room, width=WIDTH - room)
    y = vertical([*counts, histogram.below or 0, histogram.above or 0], zero=True, whole=True)
    marks = [*bottom_axis(x, f"actual − predicted {label}", y.start, y.end), *left_axis(frame_x, y, "rows")]
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        said = f"{number(low)} to {number(high)}: {count:,} rows"
        marks.append(rect(x(low), y(count), max(x(high) - x(low) - 1, 0.8), y.start - y(count), "eval", said))
    marks.append(line(x(0), y.start, x(0), y.end, "reference"))
    marks += _ends(figure, frame_x, y)
    drawn = f" drawn from {figure.sampled_from:,}" if figure.sampled_from else ""
    return chart(marks, f"Residuals of {label}", f"{figure.n:,} rows{drawn}; the dashed line is zero.")


def _ends(figure: Residuals, x: Scale, y: Scale) -> list[Markup]:
    """The rows beyond the edges: a pale bar at each end, which has no width on the axis."""
    width, marks = _END - 6, []
    for count, (edge, said), left in zip(
        (figure.histogram.below, figure.histogram.above), _beyond(figure), (x.start, x.end - width), strict=True
    ):
        if count:
            first = left == x.start
            marks.append(rect(left, y(count), width, y.start - y(count), "eval pale", said))
            place, anchor = (left, "start") if first else (x.end, "end")
            marks.append(text(edge, place, y(count) - 4, anchor=anchor, kind="small ink"))
    return marks


def _beyond(figure: Residuals) -> list[tuple[str, str]]:
    """For each end how its bar is called, and what it says: `2 rows below −3, down to −80`."""
    histogram, least, greatest = figure.histogram, number(figure.least), number(figure.greatest)
    low, high = histogram.edges[0], histogram.edges[-1]
    return [
        (f"< {number(low, 3)}", f"{_rows(histogram.below)} below {number(low)}, down to {least}"),
        (f"> {number(high, 3)}", f"{_rows(histogram.above)} above {number(high)}, up to {greatest}"),
    ]


def beyond(figure: Residuals) -> str:
    """Returns what the pale bars of the residuals say, empty where there is none."""
    counts = (figure.histogram.below, figure.histogram.above)
    return " and ".join(said for (_, said), count in zip(_beyond(figure), counts, strict=True) if count)


def _rows(count: int | None) -> str:
    return "1 row" if count == 1 else f"{count or 0:,} rows"


def by_range(ranges: Sequence[ErrorRange], label: str) -> Markup:
    """MAE with its interval, and bias, in equal-count ranges of the target.

    Ranges stand side by side, equally wide: one extreme value would squeeze the others on a scale of the target.
    """
    bounds = [bound for part in ranges for bound in (part.mae.value, part.mae.low, part.mae.high)]
    biases = [part.bias for part in ranges]
    y = vertical([value for value in (*bounds, *biases) if value is not None], zero=True)
    x = Scale(0, len(ranges), LEFT, WIDTH - RIGHT)
    marks = [*left_axis(x, y, f"error of {label}"), line(x.start, y(0), x.end, y(0), "axis")]
    for position, edge in enumerate([*(part.low for part in ranges), ranges[-1].high]):
        marks.append(line(x(position), y.start, x(position), y.end, "grid"))
        # Neighbours would touch: every second edge goes one line down.
        marks.append(
            text(number(edge, 3), x(position), y.start + 12 + 10 * (position % 2), anchor="middle", kind="small")
        )
    marks.append(text(f"ranges of actual {label}", (x.start + x.end) / 2, y.start + 36, anchor="middle", kind="label"))
    for position, part in enumerate(ranges):
        marks += _range(part, x(position + 0.5), y)
    n = sum(part.n for part in ranges)
    said = f"{n:,} rows in {len(ranges)} ranges; dots are MAE with intervals, diamonds are bias."
    return chart(marks, f"Error by range of {label}", said)


def _range(part: ErrorRange, middle: float, y: Scale) -> list[Markup]:
    mae, bias, marks = part.mae, part.bias, []
    said = f"{number(part.low)} to {number(part.high)}, n {part.n:,}: MAE {estimate(mae)}, bias {number(bias)}"
    if mae.low is not None and mae.high is not None:
        marks.append(line(middle, y(mae.low), middle, y(mae.high), "eval stroke"))
    if mae.value is not None:
        marks.append(dot(middle, y(mae.value), "eval", said, radius=4))
    shape = f"M{middle:.1f} {y(bias) - 4:.1f}l4 4l-4 4l-4 -4Z"
    marks.append(node("path", node("title", said), d=shape, class_="bias"))
    return marks
