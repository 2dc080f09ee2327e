"""Trains the multi-task network and its single-task twins, and compares them.

A twin is the same network with the same settings and the other head's weight at 0: the loss of that head then moves
nothing, and early stopping follows the one head that is left. A single loss leaves nothing to balance, so a twin trains
with `balancing: fixed`. Where the trunk is `auto`, the question is whether to share at all, so the multi-task network
is `shared_bottom`. Network and twins of one seed begin with the same weights and see the same mini-batches.
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

from components.evaluator.analysis.metric import Floats
from components.formats.history import COSINE
from components.formats.relatedness import Network, Relatedness
from components.relatedness.cost import cost
from components.relatedness.sharing import RULE, TOLERANCE, judge
from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION, HEADS, REGRESSION
from components.shared.log_loss import row_log_loss
from components.trainer.choices import AUTO, FIXED, SHARED_BOTTOM
from components.trainer.dataset import Dataset, predict
from components.trainer.fit import fit
from components.trainer.model import single_task
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
    resamples: int = 500,
    level: float = 0.95,
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
    if model.get("trunk") == AUTO:
        model = {**model, "trunk": SHARED_BOTTOM}
    chosen = [(training["seed"] + step) % 2**32 for step in range(seeds)]
    kinds = {MULTI_TASK: (model, training)} | {head: twin(model, training, head) for head in HEADS}
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


def twin(model: Mapping[str, Any], training: Mapping[str, Any], head: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the sections that train the network for one head alone.

    Args:
        model: the `model` section of the configuration.
        training: the `training` section of the configuration.
        head: `regression` or `classification`.
    """
    others = {f"{other}_weight": 0.0 for other in HEADS if other != head}
    return dict(model), {**training, **others, "balancing": FIXED}


def row_losses(network: keras.Model, rows: Dataset) -> dict[str, Floats]:
    """Returns each head's losses: absolute error in the user's units, and log loss.

    Rows without a label of the head (weight 0) are left out, and the others count by their weight: the mean of the
    result is the weighted mean of the losses.

    Returns:
        head -> float64 [rows with its label].

    Raises:
        InputError: a prediction is not finite.
    """
    answer = predict(network, rows)
    losses = {
        "regression": np.abs(answer[REGRESSION][:, 0] - rows.regression),
        "classification": row_log_loss(answer[CLASSIFICATION], rows.classes),
    }
    return {head: _weighted(head, values, rows) for head, values in losses.items()}


def _weighted(head: str, losses: Floats, rows: Dataset) -> Floats:
    if rows.weights is not None:
        weights = rows.weights[HEADS[head]].astype(np.float64)
        losses, weights = losses[weights > 0], weights[weights > 0]
        losses = losses * weights / weights.mean()
    if not np.isfinite(losses).all():
        raise InputError(
            f"Predictions of the {head} head must be finite numbers, got others. "
            "Lower training.learning_rate, or look for extreme values in the features."
        )
    return losses


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
    """Returns the seconds of each warm call: of the one network, and of both twins; taken in turns."""
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
