"""Lines over time: losses over the epochs of one run, and a metric over the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from components.report.page.charts.axes import frame, horizontal, vertical
from components.report.page.charts.svg import chart, dot, line, polyline, text
from components.report.page.numbers import number


def learning(epochs: Sequence[int], series: Mapping[str, Sequence[float | None]], best_epoch: int, head: str) -> Markup:
    """Train and validation loss of one head by epoch, the epoch whose weights were kept marked."""
    lines = {
        name: [(epoch, loss) for epoch, loss in zip(epochs, losses, strict=True) if loss is not None]
        for name, losses in series.items()
    }
    points = [point for line_points in lines.values() for point in line_points]
    x = horizontal([epoch for epoch, _ in points] or [1], whole=True)
    y = vertical([loss for _, loss in points], zero=True)
    marks = frame(x, y, "epoch", f"loss of {head}")
    if x.low <= best_epoch <= x.high:
        marks.append(line(x(best_epoch), y.start, x(best_epoch), y.end, "reference"))
        near_end = x(best_epoch) > (x.start + x.end) / 2
        place, anchor = (x(best_epoch) - 5, "end") if near_end else (x(best_epoch) + 5, "start")
        marks.append(text(f"best epoch {best_epoch}", place, y.end + 9, anchor=anchor, kind="small ink"))
    for name, kind in (("train", "train-line"), ("validation", "eval-line")):
        placed = [(x(epoch), y(loss)) for epoch, loss in lines.get(name, [])]
        if placed:
            marks.append(polyline(placed, kind, f"{name} loss"))
            marks.append(
                dot(*placed[-1], kind.removesuffix("-line"), f"{name} loss, last: {number(lines[name][-1][1])}")
            )
    last = "; ".join(f"{name} ends at {number(found[-1][1])}" for name, found in lines.items() if found)
    return chart(marks, f"Learning curves of {head}", f"Best epoch {best_epoch}; {last}.")


def history(runs: Sequence[Mapping[str, Any]], metric: str, title: str) -> Markup:
    """A metric over the runs that have it, oldest first; filled dots were pushed.

    Args:
        runs: each with `id`, `value` and `version` (None where nothing was pushed).
        metric: what the vertical axis shows.
        title: name of the drawing.
    """
    width = 720
    x = horizontal(range(1, len(runs) + 1), width=width, whole=True)
    y = vertical(run["value"] for run in runs)
    marks = frame(x, y, "run, oldest first", metric)
    places = [(x(position), y(run["value"])) for position, run in enumerate(runs, 1)]
    if len(places) > 1:
        marks.append(polyline(places, "train-line"))
    for run, place in zip(runs, places, strict=True):
        pushed = f"version {run['version']}" if run["version"] else "not pushed"
        kind = "train" if run["version"] else "train hollow"
        marks.append(dot(*place, kind, f"{run['id']}: {number(run['value'])}, {pushed}", radius=4))
        if run["version"] and len(runs) <= 30:
            marks.append(text(f"v{run['version']}", place[0], place[1] - 8, anchor="middle", kind="small ink"))
    return chart(marks, title, f"{len(runs)} runs; filled dots were pushed.", width=width)
