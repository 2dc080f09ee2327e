"""Lines over time: losses, their weights and their gradients over the epochs of one run, a metric over the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from components.formats.report import GradientCosine
from components.report.page.charts.axes import Scale, frame, horizontal, vertical
from components.report.page.charts.svg import chart, dot, line, polyline, text
from components.report.page.number_format import number, percent

LINE_KINDS = {"regression": "series-2", "classification": "series-7"}
"""Head -> kind of its line: none of the colours of train and eval, and one of them dashed."""

_Points = list[tuple[float, float]]


def learning(epochs: Sequence[int], series: Mapping[str, Sequence[float | None]], best_epoch: int, head: str) -> Markup:
    """Train and validation loss of one head by epoch, the epoch whose network was kept marked."""
    lines = {name: _known(epochs, losses) for name, losses in series.items()}
    y = vertical([loss for points in lines.values() for _, loss in points], zero=True)
    kinds = {"train": "train-line", "validation": "eval-line"}
    drawn = [(f"{name} loss", kinds[name], points) for name, points in lines.items()]
    marks = _over_epochs(epochs, y, f"loss of {head}", best_epoch, drawn)
    return chart(marks, f"Learning curves of {head}", f"Best epoch {best_epoch}; {_ends(lines)}.")


def loss_weights(epochs: Sequence[int], weights: Mapping[str, Sequence[float | None]], best_epoch: int) -> Markup:
    """What each head's loss was multiplied by, by epoch, with a line at 1, where nothing is changed."""
    lines = {head: _known(epochs, values) for head, values in weights.items()}
    greatest = max([1.0, *(weight for points in lines.values() for _, weight in points)])
    y = vertical([1.1 * greatest], zero=True)  # the words at the mark stand above the lines
    drawn = [(f"weight of {head}", LINE_KINDS[head], points) for head, points in lines.items()]
    marks = _over_epochs(epochs, y, "weight of the loss", best_epoch, drawn, level=1.0)
    return chart(marks, "Weights of the losses by epoch", f"Best epoch {best_epoch}; {_ends(lines)}.")


def gradient_cosine(epochs: Sequence[int], found: GradientCosine, best_epoch: int) -> Markup:
    """The cosine between the two heads' gradients by epoch, from -1 to 1, with a line at 0.

    Args:
        epochs: those that are drawn.
        found: the cosine of these epochs, and what is said of all.
        best_epoch: the epoch to mark.
    """
    points = _known(epochs, found.values)
    drawn = [("cosine", "train-line", points)]
    marks = _over_epochs(epochs, vertical([-1.0, 1.0]), "cosine", best_epoch, drawn, level=0.0)
    said = f"mean {number(found.mean)}, below 0 in {percent(found.below_zero)} of {found.n:,} epochs"
    return chart(
        marks,
        "Cosine between the heads' gradients by epoch",
        f"Best epoch {best_epoch}; {said}; {_ends({'the cosine': points})}.",
    )


def _known(epochs: Sequence[int], values: Sequence[float | None]) -> _Points:
    return [(epoch, value) for epoch, value in zip(epochs, values, strict=True) if value is not None]


def _ends(lines: Mapping[str, _Points]) -> str:
    return "; ".join(f"{name} ends at {number(points[-1][1])}" for name, points in lines.items() if points)


def _over_epochs(
    epochs: Sequence[int],
    y: Scale,
    label: str,
    best_epoch: int,
    lines: Sequence[tuple[str, str, _Points]],
    *,
    level: float | None = None,
) -> list[Markup]:
    """Lines over the epochs: each with its name, its kind and its points."""
    x = horizontal(epochs or [1], whole=True)
    marks = frame(x, y, "epoch", label)
    if level is not None:
        marks.append(line(x.start, y(level), x.end, y(level), "axis"))
    marked = x.low <= best_epoch <= x.high
    if marked:
        marks.append(line(x(best_epoch), y.start, x(best_epoch), y.end, "reference"))
    for name, kind, points in lines:
        if points:
            placed = [(x(epoch), y(value)) for epoch, value in points]
            marks.append(polyline(placed, kind, name))
            marks.append(dot(*placed[-1], kind.removesuffix("-line"), f"{name}, last: {number(points[-1][1])}"))
    if marked:  # last, so that it can be read where a line crosses it
        near_end = x(best_epoch) > (x.start + x.end) / 2
        place, anchor = (x(best_epoch) - 5, "end") if near_end else (x(best_epoch) + 5, "start")
        marks.append(text(f"best epoch {best_epoch}", place, y.end + 9, anchor=anchor, kind="small halo"))
    return marks


class Judged(NamedTuple):
    """A run's value of a metric, and the version it pushed, None where it pushed none."""

    run: str
    value: float
    version: int | None


def history(runs: Sequence[Judged], metric: str, title: str) -> Markup:
    """A metric over the runs that have it, oldest first; filled dots were pushed.

    Args:
        runs: at least one.
        metric: what the vertical axis shows.
        title: name of the drawing.
    """
    width = 720
    x = horizontal(range(1, len(runs) + 1), width=width, whole=True)
    y = vertical(run.value for run in runs)
    marks = frame(x, y, "run, oldest first", metric)
    places = [(x(position), y(run.value)) for position, run in enumerate(runs, 1)]
    if len(places) > 1:
        marks.append(polyline(places, "train-line"))
    for run, place in zip(runs, places, strict=True):
        pushed = f"version {run.version}" if run.version else "not pushed"
        kind = "train" if run.version else "train hollow"
        marks.append(dot(*place, kind, f"{run.run}: {number(run.value)}, {pushed}", radius=4))
        if run.version and len(runs) <= 30:
            marks.append(text(f"v{run.version}", place[0], place[1] - 8, anchor="middle", kind="small ink"))
    return chart(marks, title, f"{len(runs)} runs; filled dots were pushed.", width=width)
