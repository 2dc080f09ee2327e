"""How the classification head errs: confusion, reliability of its probabilities, ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from components.formats.confusion import Confusion, ReliabilityBin
from components.formats.figures import Curves
from components.report.page.charts.axes import Scale, frame
from components.report.page.charts.svg import HEIGHT, chart, dot, fitted, line, polyline, rect, text
from components.report.page.number_format import number, percent, short

SERIES = 8  # Okabe and Ito's palette has eight colours
_UNIT_X = Scale(0.0, 1.0, 52, 348)
_UNIT_Y = Scale(0.0, 1.0, HEIGHT - 42, 14)


def confusion(figure: Confusion, label: str) -> Markup:
    """Rows by actual (down) and predicted (across) class, the same ones; shades are shares of the actual class."""
    classes, counts = figure.labels, figure.counts
    longest = max((len(name) for name in classes), default=1)
    cell, edge = (46, 108) if len(classes) <= 6 else (30, 96), min(max(longest * 6.5 + 30, 60), 128)
    side, margin = cell[0], edge
    size = margin + side * len(classes) + 6
    marks = [
        text(
            f"actual {short(label, 18)}",
            11,
            margin + side * len(classes) / 2,
            anchor="middle",
            kind="label",
            turned=True,
        ),
        text(f"predicted {short(label, 18)}", margin + side * len(classes) / 2, 11, anchor="middle", kind="label"),
    ]
    for row, name in enumerate(classes):
        middle = margin + (row + 0.5) * side
        marks.append(text(fitted(name, margin - 26), margin - 5, middle + 4, anchor="end"))
        marks.append(text(fitted(name, margin - 26), middle + 4, margin - 5, turned=True))
        total = sum(counts[row])
        for column, count in enumerate(counts[row]):
            marks += _cell(margin + column * side, margin + row * side, side, count, total, (name, classes[column]))
    title = f"Confusion of {label}"
    said = f"{sum(map(sum, counts)):,} rows; actual classes down, predicted classes across, shaded by share of the row."
    return chart(marks, title, said, width=size, height=size, kind="whole")


def _cell(x: float, y: float, side: float, count: int, total: int, names: tuple[str, str]) -> list[Markup]:
    share = count / total if total else 0.0
    actual, predicted = (short(name, 60) for name in names)
    said = f"actual {actual}, predicted {predicted}: {count:,} of {total:,} rows, {percent(share)}"
    marks = [
        rect(x, y, side - 1, side - 1, "cell", ""),
        rect(x, y, side - 1, side - 1, "series-0", said, opacity=round(share, 3)),
    ]
    if count:
        kind = "small inverse" if share > 0.5 else "small ink"
        marks.append(text(_compact(count), x + side / 2, y + side / 2 + 4, anchor="middle", kind=kind))
    return marks


def _compact(count: int) -> str:
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def reliability(found: Sequence[ReliabilityBin], n: int, label: str) -> Markup:
    """How often the top class is right, by the probability it was given; dots grow with the rows of a bin."""
    bins = [part for part in found if part.confidence is not None and part.accuracy is not None]
    marks = frame(_UNIT_X, _UNIT_Y, "probability of the predicted class", "share that is right")
    marks.append(line(_UNIT_X(0), _UNIT_Y(0), _UNIT_X(1), _UNIT_Y(1), "reference"))
    places = [(_UNIT_X(part.confidence or 0.0), _UNIT_Y(part.accuracy or 0.0)) for part in bins]
    if len(places) > 1:
        marks.append(polyline(places, "eval-thin"))
    for part, (x, y) in zip(bins, places, strict=True):
        said = f"n {part.n:,}: mean probability {number(part.confidence)}, right {percent(part.accuracy)}"
        radius = 3 + 7 * (part.n / max(n, 1)) ** 0.5
        marks.append(dot(x, y, "eval point", said, radius))
    said = f"{n:,} rows in bins; on the dashed line probabilities are what they claim to be."
    return chart(marks, f"Reliability of {label}", said)


def roc(curves: Sequence[Curves]) -> Markup:
    """True against false positive rate, each class against the rest."""
    marks = frame(_UNIT_X, _UNIT_Y, "false positive rate", "true positive rate")
    marks.append(line(_UNIT_X(0), _UNIT_Y(0), _UNIT_X(1), _UNIT_Y(1), "reference"))
    said = [(curve.name, f"AUC {number(curve.auc)}") for curve in curves]
    marks += _lines([curve.roc for curve in curves], said)
    return chart(marks, "ROC of each class against the rest", _named(said))


def precision_recall(curves: Sequence[Curves]) -> Markup:
    """Precision against recall, each class against the rest."""
    marks = frame(_UNIT_X, _UNIT_Y, "recall", "precision")
    said = [(curve.name, f"average precision {number(curve.average_precision)}") for curve in curves]
    marks += _lines([curve.pr for curve in curves], said)
    return chart(marks, "Precision and recall of each class against the rest", _named(said))


def _lines(curves: Sequence[Sequence[tuple[float, float]]], said: Sequence[tuple[str, str]]) -> list[Markup]:
    return [
        polyline(
            [(_UNIT_X(x), _UNIT_Y(y)) for x, y in points],
            f"series-{position % SERIES} dash-{position // SERIES % 3}",
            f"{short(name, 60)}: {figure}",
        )
        for position, (points, (name, figure)) in enumerate(zip(curves, said, strict=True))
        if points
    ]


def _named(said: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{short(name, 40)}: {figure}" for name, figure in said)
