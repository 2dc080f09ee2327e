"""An estimate in one sentence."""

from __future__ import annotations

from pipeline.config.runtime import LOCAL
from pipeline.sizing.estimate import RELATEDNESS, TRAINER, Estimate

ON_ENGINE = ("ExampleGen", "StatisticsGen", "DataValidator", "Transform", "Evaluator")
"""The steps that are Beam jobs, which another engine than `local` runs elsewhere."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def in_a_sentence(found: Estimate, engine: str, *, tfma: bool = False) -> str:
    """Returns what a run takes in all, its training, and what that hangs on.

    Args:
        found: the estimate.
        engine: what runs the Beam steps; only what this machine does is told.
        tfma: whether TensorFlow Model Analysis is part of the run, which the estimate does not know.
    """
    elsewhere = () if engine == LOCAL else ON_ENGINE
    here = [step for step in found.seconds if step not in elsewhere]
    seconds = sum(found.seconds[step] for step in here)
    memory = max(found.memory[step] for step in here if step in found.memory)
    without = [f"the Beam steps by {engine}"] if elsewhere else []
    without += ["TensorFlow Model Analysis"] if tfma else []
    beside = f" beside {' and '.join(without)}" if without else ""
    training = found.seconds[TRAINER] + found.seconds.get(RELATEDNESS, 0.0)
    epochs = f"{found.epochs} epoch{'' if found.epochs == 1 else 's'}"
    usual = f"; {found.fewest} to {found.most} are usual" if found.fewest < found.most else ""
    return (
        f"about {in_words(seconds)} and {in_gibibytes(memory)} of memory here{beside} "
        f"(training {in_words(training)} at {epochs}{usual})"
    )


def in_words(seconds: float) -> str:
    """Returns seconds as roughly as an estimate knows them: `40 seconds`, `14 minutes`, `3 hours`, `2 days`."""
    if seconds < 1.5 * _MINUTE:
        return _count(max(5 * round(seconds / 5), 5), "second")
    if seconds < 1.5 * _HOUR:
        return _count(round(seconds / _MINUTE), "minute")
    if seconds < 2 * _DAY:
        return _count(round(seconds / _HOUR), "hour")
    return _count(round(seconds / _DAY), "day")


def in_gibibytes(mebibytes: float) -> str:
    """Returns MiB as `1.4 GiB` or `23 GiB`."""
    gibibytes = mebibytes / 1024
    return f"{gibibytes:.1f} GiB" if gibibytes < 9.95 else f"{gibibytes:,.0f} GiB"


def _count(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'' if number == 1 else 's'}"
