"""`tuning.json`: what a search for settings found, beside TFX's own files, for the terminal and the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.formats.json_file import JsonFile


@dataclass(frozen=True)
class Trial:
    """What one trial came to; a head is `regression` or `classification`.

    Args:
        number: its place in the order of the starts, from 1.
        values: dotted key -> value it was trained with.
        objective: the mean of `ratios`; None for a trial that failed, as all but `problem` is then.
        ratios: head -> its loss divided by its single-task reference.
        losses: head -> its loss on the validation split.
        seconds: what the training took.
        epochs: epochs run.
        parameters: number of trained weights.
        problem: why it failed.
    """

    number: int
    values: dict[str, Any]
    objective: float | None
    ratios: dict[str, float] | None = None
    losses: dict[str, float] | None = None
    seconds: float | None = None
    epochs: int | None = None
    parameters: int | None = None
    problem: str | None = None

    @property
    def score(self) -> float:
        """The objective of a trial that was completed."""
        assert self.objective is not None, "only a completed trial has a score"
        return self.objective


@dataclass(frozen=True)
class Tuning(JsonFile, file="tuning.json"):
    """What a search found.

    Args:
        method: `random`, `bayesian` or `hyperband`.
        seed: seed of what was tried.
        epochs: at most this many epochs per trial.
        metrics: head -> the loss it is judged by, in words.
        references: head -> the loss of the network that learns this head alone.
        space: dotted key -> choices, or a range: `min`, `max` and `log`.
        start: dotted key -> value that the search started from.
        trials: those that have ended, in the order of their starts.
    """

    method: str
    seed: int
    epochs: int
    metrics: dict[str, str]
    references: dict[str, float]
    space: dict[str, Any]
    start: dict[str, Any]
    trials: tuple[Trial, ...]

    @property
    def completed(self) -> list[Trial]:
        """The trials that did not fail."""
        return [trial for trial in self.trials if trial.objective is not None]

    @property
    def best(self) -> Trial:
        """The trial with the lowest objective, the earliest where several have it."""
        return min(self.completed, key=lambda trial: trial.score)
