"""Seconds and memory of a run, step by step, from the size of its table and its network: what `mtl check` tells.

The seconds of a step are a sum of terms, `coefficient · amount`: a fixed part, and what grows with columns, rows,
cells, or, of the Trainer, with the multiply-adds of its network (`terms`). The coefficients are those of the reference
machine, fitted by non-negative least squares of the relative errors to whole runs on tables of several shapes:
`constants.json`, which `python -m tests.benchmarks.sizing` measures and writes. Here they are scaled by how long this
machine takes for a loop in Python, and for products of matrices where it is a network that works. More processors than
those of the reference machine are taken to be no faster, since that was not measured.

How many epochs early stopping takes depends on what there is to learn, which nobody knows before. The estimate says the
median of the public sets on which the preset was measured, and their tenth and ninetieth percentile.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from components.evaluator.analysis.importance import repeats_for, rows_for
from components.trainer.choices import AUTO
from components.trainer.network.architecture import MANY_ROWS, MIN_ROWS, Architecture
from components.trainer.network.work import multiply_adds
from components.trainer.presets import DEFAULT
from components.trainer.recipe import Recipe
from pipeline.sizing.shape import Shape
from pipeline.sizing.speed import Speed

CONSTANTS = Path(__file__).with_name("constants.json")
TRAINER, EVALUATOR, RELATEDNESS = "Trainer", "Evaluator", "Relatedness"
AROUND = "check and end"
"""What a run does before its first step and after its last: it looks at the table, and ends its process."""
BY_NETWORK = "network"
"""The term whose seconds are those of products of matrices; all others go by the speed of a loop."""
HELD = "held"
"""The term of what the Trainer holds in memory, in MiB."""
# Steps that do the same whatever the table, and those that look at its columns, never at a row.
_SAME = ("Start", "Baseline", "DataGate")
_BY_COLUMN = (*_SAME, "SchemaGen", "Pusher", "Report")
# Multiply-adds of an optimizer's step on a row, in those of its answer: the answer, and two gradients.
_STEP = 3
BATCH = 65_536
"""Rows of a file of examples, as of `components.example_gen.examples.writer`, which imports TensorFlow."""
# Bytes of a row's labels as training holds them: its number as it is and standardised, and the index of its class.
_LABELS = 8 + 4 + 8
_MILLION = 1e6

Terms = dict[str, float]


@dataclass(frozen=True)
class Epochs:
    """How many epochs a training takes.

    Args:
        both: of the network of both heads.
        alone: of each head alone, together, where trunk `auto` tries that.
    """

    both: int
    alone: int = 0


@dataclass(frozen=True)
class Job:
    """What the seconds of a run depend on.

    Args:
        shape: the size of its table.
        architecture: its network.
        recipe: its training.
        epochs: how long that goes on; `expected` puts in what is usual.
        seeds: networks of each kind that `evaluation.relatedness` compares; 0 for none.
    """

    shape: Shape
    architecture: Architecture
    recipe: Recipe
    epochs: Epochs = Epochs(1)
    seeds: int = 0

    @property
    def branches(self) -> bool:
        """Whether each head is trained alone too: always with few rows, and seldom with more."""
        few = self.shape.train_rows <= MANY_ROWS and self.shape.validation_rows >= MIN_ROWS
        return self.architecture.trunk == AUTO and few and all(self.recipe.head_weights.values())

    def answer(self, *heads: int) -> int:
        """Returns the multiply-adds of one row's answer, of both heads when none is named."""
        shape = self.shape
        sizes = (shape.numbers, shape.texts, shape.entries, shape.classes)
        return multiply_adds(self.architecture, *sizes, heads=heads or (0, 1))

    def epoch(self, *heads: int) -> float:
        """Returns the multiply-adds of one epoch, validation and all."""
        trained = self.architecture.trained_on(self.shape.train_rows)
        share = (trained.members_per_row or trained.members) / trained.members
        return self.answer(*heads) * (_STEP * share * self.shape.train_rows + self.shape.validation_rows)

    @property
    def steps(self) -> int:
        """Mini-batches of an epoch."""
        return -(-self.shape.train_rows // self.recipe.batch_size_for(self.shape.train_rows))


def terms(step: str, job: Job) -> Terms:
    """Returns term -> amount of what the seconds of a step grow with.

    Args:
        step: name of a step of a run.
        job: table, network and training.
    """
    shape = job.shape
    rows = {TRAINER: shape.train_rows, EVALUATOR: shape.eval_rows}.get(step, shape.rows)
    common = {"fixed": 1.0} if step in _SAME else {"fixed": 1.0, "columns": float(shape.columns)}
    if step in _BY_COLUMN:
        return common
    common |= {
        "categories": float(shape.texts),
        "rows": rows / _MILLION,
        "numbers": rows * shape.numbers / _MILLION,
        "texts": rows * shape.texts / _MILLION,
    }
    if step == TRAINER:
        alone = job.epochs.alone * (job.epoch(0) + job.epoch(1)) / 2
        return common | {
            "trainings": 3.0 if job.epochs.alone else 1.0,
            "steps": job.steps * (job.epochs.both + job.epochs.alone) / _MILLION,
            BY_NETWORK: (job.epochs.both * job.epoch() + alone) / _MILLION**2,
        }
    if step == EVALUATOR:
        asked = min(rows, rows_for(shape.columns))
        shuffled = shape.columns * repeats_for(shape.columns, asked) * asked
        return common | {BY_NETWORK: (rows + shuffled) * job.answer() / _MILLION**2}
    return common


def held(step: str, job: Job) -> Terms:
    """Returns term -> amount of what the memory of a step grows with, in MiB where it is known.

    The Trainer holds train and validation, each up to `training.memory_mb`; the Evaluator holds the eval rows. Besides,
    every step holds batches, at most what a file has of rows.
    """
    shape = job.shape
    common = {"fixed": 1.0} if step in _SAME else {"fixed": 1.0, "columns": float(shape.columns)}
    if step in _BY_COLUMN:
        return common
    rows = {TRAINER: shape.train_rows, EVALUATOR: shape.eval_rows}.get(step, shape.rows)
    common |= {"batch": min(rows, BATCH) * (shape.numbers + shape.texts) / _MILLION}
    if step == TRAINER:
        splits = [
            count * (shape.feature_bytes + _LABELS) / 2**20 for count in (shape.train_rows, shape.validation_rows)
        ]
        common |= {HELD: sum(min(size, job.recipe.memory_mb) for size in splits)}
    if step == EVALUATOR:
        common |= {"rows": rows / _MILLION}
    return common


@dataclass(frozen=True)
class Constants:
    """What was measured.

    Args:
        speed: of the reference machine.
        seconds: step -> term -> seconds there.
        memory: step -> term -> MiB.
        epochs: preset -> tenth percentile, median and ninetieth percentile of its epochs, and the median of those of
            the heads alone, together.
        runs: the runs by which the others were fitted, see `tests.benchmarks.sizing`.
    """

    speed: Speed
    seconds: Mapping[str, Terms]
    memory: Mapping[str, Terms]
    epochs: Mapping[str, tuple[int, int, int, int]]
    runs: tuple[Mapping[str, Any], ...]


@cache
def constants() -> Constants:
    """Returns what `constants.json` holds."""
    found = json.loads(CONSTANTS.read_text(encoding="utf-8"))
    epochs = {preset: tuple(figures) for preset, figures in found["epochs"].items()}
    return Constants(Speed(**found["speed"]), found["seconds"], found["memory"], epochs, tuple(found["runs"]))


@dataclass(frozen=True)
class Estimate:
    """What a run takes.

    Args:
        seconds: step -> seconds.
        memory: step -> peak memory in MiB.
        epochs: those of the network of both heads.
        fewest: those of an easy table, or of one where there is little to learn.
        most: those of a table that the network goes on learning from.
    """

    seconds: Mapping[str, float]
    memory: Mapping[str, float]
    epochs: int
    fewest: int
    most: int


def costs(job: Job, speed: Speed, known: Constants) -> tuple[dict[str, float], dict[str, float]]:
    """Returns step -> seconds and step -> MiB of a run whose training goes on for so many epochs.

    Args:
        job: table, network and training.
        speed: of the machine that is to run it.
        known: what was measured.
    """
    loop, product = speed.loop / known.speed.loop, speed.product / known.speed.product
    # Nobody has measured that more processors train faster; fewer do not.
    product *= max(known.speed.cores / speed.cores, 1)

    def seconds(step: str, amounts: Terms) -> float:
        return sum(
            (product if term == BY_NETWORK else loop) * coefficient * amounts.get(term, 0.0)
            for term, coefficient in known.seconds[step].items()
        )

    times = {step: seconds(step, terms(step, job)) for step in known.seconds}
    memory = {step: _sum(coefficients, held(step, job)) for step, coefficients in known.memory.items()}
    if job.seeds:
        # For each seed the network of both heads and one for each, as long as they train together.
        each = Epochs(job.epochs.both, 2 * job.epochs.both)
        times[RELATEDNESS] = job.seeds * seconds(TRAINER, terms(TRAINER, replace(job, epochs=each)))
        memory[RELATEDNESS] = memory[TRAINER]
    return times, memory


def expected(job: Job, preset: str, speed: Speed, known: Constants) -> Estimate:
    """Returns what a run takes whose training ends by early stopping, by `training.epochs` or `training.minutes`.

    Args:
        job: table, network and training.
        preset: the preset that the configuration begins with; its epochs are those of `default` where none are known.
        speed: of the machine that is to run it.
        known: what was measured.
    """
    fewest, usual, most, alone = known.epochs.get(preset, known.epochs[DEFAULT])
    limit, in_time = job.recipe.epochs, math.inf
    if job.recipe.minutes is not None:
        one, two = (costs(replace(job, epochs=Epochs(both)), speed, known)[0][TRAINER] for both in (1, 2))
        in_time = max(math.ceil(60 * job.recipe.minutes / (two - one)), 1)
        limit = min(limit, in_time)
    # Where the time is up with the network of both heads, none is left for one of them alone.
    branches = job.branches and usual < in_time
    epochs = Epochs(min(usual, limit), min(alone, 2 * limit) if branches else 0)
    times, memory = costs(replace(job, epochs=epochs), speed, known)
    return Estimate(times, memory, epochs.both, min(fewest, limit), min(most, limit))


def _sum(coefficients: Terms, amounts: Terms) -> float:
    return sum(coefficient * amounts.get(term, 0.0) for term, coefficient in coefficients.items())
