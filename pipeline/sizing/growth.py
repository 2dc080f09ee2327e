"""The tables of the READMEs: what the sizing model was fitted to, and what it says of larger tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from components.trainer.presets import PRESETS
from pipeline.sizing.estimate import Constants, Epochs, Job, constants, costs
from pipeline.sizing.shape import Shape

Rows = list[tuple[str, ...]]

_TABLE = Shape(rows=1_000_000, columns=10, numbers=10)
_EPOCHS = Epochs(10)
_PREDICTED = (100_000_000, 1_000_000_000)
# Steps that take less than so many seconds, and as much more of another million rows, are put together.
_FIXED, _SLOPE = 5.0, 1.0


def growth_rows(known: Constants | None = None) -> Rows:
    """Returns heading and rows by step: what it takes of a million rows more, of 10⁸ and of 10⁹.

    The table has ten numbers; the seed network is trained for ten epochs in mini-batches of 32, on the reference
    machine.

    Args:
        known: what was measured; `constants()` when left out.
    """
    known = known or constants()
    one, two, many, most = (_run(rows, known) for rows in (_TABLE.rows, 2 * _TABLE.rows, *_PREDICTED))
    small = [step for step, seconds in one[0].items() if seconds < _FIXED and two[0][step] - seconds < _SLOPE]
    groups = [(step, [step]) for step in one[0] if step not in small]
    words = ("s, fixed", "s per 10⁶ rows", "10⁸ rows", "10⁹ rows", "GiB, fixed", "GiB per 10⁶ rows", "GiB, 10⁹ rows")
    found: Rows = [("Step", *words)]
    for name, steps in [*groups, ("all others", small), ("whole run", list(one[0]))]:
        seconds = [sum(run[0][step] for step in steps) for run in (one, two, many, most)]
        held = [max((run[1].get(step, 0.0) for step in steps), default=0.0) / 1024 for run in (one, two, most)]
        slope, growth = seconds[1] - seconds[0], held[1] - held[0]
        found.append(
            (
                name,
                f"{max(seconds[0] - slope, 0.0):.1f}",
                f"{slope:.1f}",
                *(f"{span / 3600:,.1f} h" for span in seconds[2:]),
                *(f"{max(held[0] - growth, 0.0):.1f}", f"{growth:.2f}", f"{held[2]:,.1f}"),
            )
        )
    return found


def run_rows(known: Constants | None = None) -> Rows:
    """Returns heading and rows: the runs that the model was fitted to, and what it says of them.

    Args:
        known: what was measured; `constants()` when left out.
    """
    known = known or constants()
    found: Rows = [
        ("Rows", "Numbers", "Categories", "Network", "Epochs", "s, run", "s, model", "GiB, run", "GiB, model"),
    ]
    for run in known.runs:
        times, memory = costs(job_of(run), known.speed, known)
        shape, (both, alone) = run["shape"], run["epochs"]
        found.append(
            (
                *(f"{shape[size]:,}" for size in ("rows", "numbers", "texts")),
                run["preset"],
                f"{both} + {alone}" if alone else f"{both}",
                f"{sum(run['seconds'].values()):.0f}",
                f"{sum(times[step] for step in run['seconds']):.0f}",
                f"{max(run['memory'].values()) / 1024:.1f}",
                f"{max(memory[step] for step in run['memory']) / 1024:.1f}",
            )
        )
    return found


def job_of(run: Mapping[str, Any]) -> Job:
    """Returns what the seconds of a measured run depend on, from its entry in `constants.json`."""
    preset = PRESETS[run["preset"]]
    recipe = preset.recipe(**run["training"])
    return Job(Shape(**run["shape"]), preset.architecture(), recipe, Epochs(*run["epochs"]))


def _run(rows: int, known: Constants) -> tuple[dict[str, float], dict[str, float]]:
    seed = PRESETS["seed"]
    job = Job(replace(_TABLE, rows=rows), seed.architecture(), seed.recipe(), _EPOCHS)
    return costs(job, known.speed, known)
