"""Trains the multi-task network and its single-task baselines (`components.trainer.single_task`), and compares them.

Where the trunk is `auto`, the question is whether to share at all, so the multi-task network is `shared_bottom`. All
networks of one seed begin with the same weights and see the same mini-batches.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.evaluator.analysis.bootstrap import LEVEL, RESAMPLES
from components.evaluator.analysis.metric import Floats
from components.formats.history import COSINE
from components.formats.relatedness import Network, Relatedness
from components.relatedness.cost import cost
from components.relatedness.sharing import RULE, TOLERANCE, judge
from components.shared.errors import InputError
from components.shared.head_outputs import HEADS
from components.trainer.choices import AUTO, SHARED_BOTTOM
from components.trainer.dataset import Dataset
from components.trainer.fit import fit
from components.trainer.model import single_task
from components.trainer.network.architecture import Architecture
from components.trainer.single_task import row_losses, single_task_settings
from components.trainer.task import Task

MULTI_TASK = "multi_task"
_CALLS, _WARM_UP = 200, 20


def relate(
    task: Task,
    judged: Dataset,
    model: Mapping[str, Any],
    training: Mapping[str, Any],
    *,
    seeds: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Relatedness:
    """Trains three networks per seed and compares the heads on rows that none of them has seen.

    Args:
        task: what there is to learn.
        judged: the rows to judge on, in the user's units; a row of an unknown class counts as wholly wrong.
        model: the `model` section of the configuration.
        training: the `training` section of the configuration; its seed is the first one.
        seeds: number of seeds, at least 2.
        resamples: bootstrap draws of the rows.
        level: level of the intervals.

    Raises:
        InputError: a head's weight is 0, a class weight's class is unknown, or training left no finite prediction.
    """
    for head in HEADS:
        if not training[f"{head}_weight"] > 0:
            raise InputError(
                f"training.{head}_weight must be above 0 to compare both heads with networks of their own, "
                f"got {training[f'{head}_weight']}. Set it, or leave the comparison out."
            )
    if Architecture(**model).trunk == AUTO:
        model = {**model, "trunk": SHARED_BOTTOM}
    chosen = [(training["seed"] + step) % 2**32 for step in range(seeds)]
    kinds = {MULTI_TASK: (model, training)} | {head: single_task_settings(model, training, head) for head in HEADS}
    trained: dict[str, list[_Trained]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as logs:
        for seed in chosen:
            for name, (layers, settings) in kinds.items():
                began = time.perf_counter()
                network, history = fit(task, layers, {**settings, "seed": seed}, f"{logs}/{name}{seed}")
                seconds = time.perf_counter() - began
                losses = row_losses(network, judged)
                if name != MULTI_TASK:
                    network = single_task(network, HEADS[name])
                trained[name].append(_Trained(network, history, seconds, losses))
    first = {name: runs[0].network for name, runs in trained.items()}
    networks = {
        name: Network(
            parameters=first[name].count_params(),
            seconds=tuple(run.seconds for run in runs),
            epochs=tuple(len(run.history["loss"]) for run in runs),
        )
        for name, runs in trained.items()
    }
    one, two = _time_calls(first, judged.take(slice(1)).features)
    return Relatedness(
        seeds=tuple(chosen),
        level=level,
        tolerance=TOLERANCE,
        rule=RULE,
        heads={
            head: judge(
                head, _losses(trained[MULTI_TASK], head), _losses(trained[head], head), resamples=resamples, level=level
            )
            for head in HEADS
        },
        gradient_cosine=tuple(_mean(run.history.get(COSINE, [])) for run in trained[MULTI_TASK]),
        networks=networks,
        cost=cost(networks[MULTI_TASK], [networks[head] for head in HEADS], one, two),
    )


@dataclass(frozen=True)
class _Trained:
    network: keras.Model
    history: dict[str, list[float]]
    seconds: float
    losses: dict[str, Floats]


def _losses(runs: Sequence[_Trained], head: str) -> Floats:
    return np.stack([run.losses[head] for run in runs])


def _mean(values: Sequence[float]) -> float | None:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else None


def _time_calls(networks: Mapping[str, keras.Model], row: Mapping[str, np.ndarray]) -> tuple[list[float], list[float]]:
    """Returns the seconds of each warm call: of the multi-task network, of both single-task ones; in turns."""
    tensors = {name: tf.constant(values) for name, values in row.items()}
    one = [_compiled(networks[MULTI_TASK])]
    two = [_compiled(networks[head]) for head in HEADS]
    seconds: tuple[list[float], list[float]] = ([], [])
    for call in range(_WARM_UP + _CALLS):
        for functions, taken in zip((one, two), seconds, strict=True):
            began = time.perf_counter()
            for function in functions:
                for answer in function(tensors).values():
                    answer.numpy()  # waits for an accelerator
            if call >= _WARM_UP:
                taken.append(time.perf_counter() - began)
    return seconds


def _compiled(network: keras.Model) -> Any:
    return tf.function(lambda rows: network(rows, training=False))
