"""A search for settings: how its objective fell, and which settings went with which objective."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from components.formats.tuning import Trial
from components.report.page.charts.axes import frame, horizontal, vertical
from components.report.page.charts.svg import chart, dot, fitted, line, polyline, text
from components.report.page.number_format import number, short

_WIDTH = 720
_HEIGHT = 300
_TOP, _BOTTOM, _SIDE, _APART = 40, 275, 92, 108


def progress(trials: Sequence[Trial], best: int) -> Markup:
    """The objective of each trial that was completed, and the lowest so far as a staircase.

    Args:
        trials: those that were completed, in their order.
        best: number of the best.
    """
    x = horizontal([trial.number for trial in trials], width=_WIDTH, whole=True)
    y = vertical([1.0, *(trial.score for trial in trials)])
    marks = frame(x, y, "trial", "objective")
    marks.append(line(x.start, y(1.0), x.end, y(1.0), "reference"))
    lowest = itertools.accumulate((trial.score for trial in trials), min)
    steps: list[tuple[float, float]] = []
    for trial, value in zip(trials, lowest, strict=True):
        steps += [(x(trial.number), steps[-1][1])] if steps else []
        steps.append((x(trial.number), y(value)))
    marks.append(polyline(steps, "train-line", "lowest objective so far"))
    for trial in trials:
        said = f"trial {trial.number}: {number(trial.score)}"
        kind = "train" if trial.number == best else "train hollow"
        marks.append(dot(x(trial.number), y(trial.score), kind, said, radius=4))
    found = next(trial.score for trial in trials if trial.number == best)
    return chart(
        marks,
        "Objective of each trial",
        f"{len(trials)} trials; trial {best} is the best with {number(found)}, the first had "
        f"{number(trials[0].score)}.",
        width=_WIDTH,
        kind="whole",
    )


def parallel(trials: Sequence[Trial], space: Mapping[str, Any], best: int) -> Markup:
    """One line per completed trial through its values, from the settings on the left to the objective on the right.

    Args:
        trials: those that were completed.
        space: dotted key -> choices, or a range with `log`.
        best: number of the best.
    """
    axes = [_axis(key, [trial.values[key] for trial in trials], space[key]) for key in space]
    axes.append(_continuous("objective", [trial.score for trial in trials], log=False))
    places = [_SIDE + _APART * position for position in range(len(axes))]
    marks = [line(position, _TOP, position, _BOTTOM, "axis") for position in places]
    for trial in sorted(trials, key=lambda trial: trial.number == best):
        values = [*(trial.values[key] for key in space), trial.score]
        points = [(position, axis.at(value)) for position, axis, value in zip(places, axes, values, strict=True)]
        kind = "best-line" if trial.number == best else "trial-line"
        said = ", ".join(f"{key} {_shown(value)}" for key, value in trial.values.items())
        marks.append(polyline(points, kind, f"trial {trial.number}: {said}; objective {number(trial.score)}"))
    for position, axis in zip(places, axes, strict=True):
        section, _, name = axis.key.rpartition(".")
        marks.append(text(section, position, 12, anchor="middle", kind="small"))
        marks.append(text(fitted(name, _APART - 4), position, 25, anchor="middle", kind="ink"))
        first = position == places[0]
        for value, shown in axis.ticks:
            beside, anchor = (position - 6, "end") if first else (position + 6, "start")
            marks.append(text(fitted(shown, _APART - 22), beside, axis.at(value) + 3, anchor=anchor, kind="small halo"))
    title = f"Settings and objective of {len(trials)} trials"
    width = places[-1] + _SIDE
    said = f"The line of trial {best}, the best, stands out."
    return chart(marks, title, said, width=width, height=_HEIGHT, kind="whole")


@dataclass(frozen=True)
class _Axis:
    """One vertical axis: where each of its values lies, and the values that are written beside it."""

    key: str
    at: Callable[[Any], float]
    ticks: Sequence[tuple[Any, str]]


def _axis(key: str, values: Sequence[Any], allowed: Any) -> _Axis:
    if isinstance(allowed, Mapping):
        return _continuous(key, values, log=allowed["log"])
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    order = {json.dumps(value): value for value in values}
    seen = sorted(order, key=lambda name: order[name]) if numeric else sorted(order, key=lambda name: (len(name), name))
    step = (_BOTTOM - _TOP) / max(len(seen) - 1, 1)
    places = {
        name: _BOTTOM - step * place if len(seen) > 1 else (_TOP + _BOTTOM) / 2 for place, name in enumerate(seen)
    }
    return _Axis(key, lambda value: places[json.dumps(value)], [(order[name], _shown(order[name])) for name in seen])


def _continuous(key: str, values: Sequence[float], *, log: bool) -> _Axis:
    low, high = min(values), max(values)
    scaled: Callable[[float], float] = math.log if log else float
    span = (scaled(high) - scaled(low)) or 1.0

    def at(value: float) -> float:
        return _BOTTOM - (scaled(value) - scaled(low)) / span * (_BOTTOM - _TOP)

    return _Axis(key, at, [(value, _shown(value)) for value in dict.fromkeys((low, high))])


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list) and len(value) > 1 and len(set(map(str, value))) == 1:
        return f"{len(value)} × {value[0]}"
    return short(value if isinstance(value, str) else json.dumps(value).strip("[]"), 40)
