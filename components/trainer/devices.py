"""Where a network is trained: on one device, on all GPUs of this machine, or on several workers in step.

Several workers are processes, on one machine or several, that run the same training on the same rows. Each is told of
the others by `TF_CONFIG`, TensorFlow's own environment variable, and of its place among them:

    {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from components.shared.errors import InputError
from components.trainer.choices import FIXED

_CHIEF, _WORKER = "chief", "worker"


def strategy_for(balancing: str) -> tf.distribute.Strategy:
    """Returns a strategy over the workers of `TF_CONFIG`, else over all GPUs if there are several, else one device.

    With several workers it waits for all of them, and must come before anything else that TensorFlow does.

    Args:
        balancing: how the losses are balanced; all ways but `fixed` train on one device.

    Raises:
        InputError: there are several workers, and the losses are balanced otherwise than `fixed`, or TensorFlow has
            been used before in this process.
    """
    if _workers() > 1:
        if balancing != FIXED:
            raise InputError(
                f"training.balancing must be {FIXED} where TF_CONFIG names several workers, got {balancing}. "
                "Set it, or unset TF_CONFIG."
            )
        return _over_workers()
    if balancing == FIXED and len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief() -> bool:
    """Returns whether this process is the one of several workers that writes what has been trained."""
    if _workers() <= 1:
        return True
    task = _config()["task"]
    return task["type"] == _CHIEF or (_CHIEF not in _config()["cluster"] and task["index"] == 0)


def clock_of(strategy: tf.distribute.Strategy) -> Callable[[], float]:
    """Returns a clock, in seconds since some moment, on which all workers read the same time.

    Workers that judged by clocks of their own whether the time is up would end training in different epochs, and wait
    for each other. So each reading is the mean of all of them, and all must read the clock equally often.
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return time.monotonic
    began = time.monotonic()

    def now() -> float:
        own = strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(time.monotonic() - began, tf.float64)
        )
        return float(strategy.reduce(tf.distribute.ReduceOp.MEAN, own, axis=None))

    return now


@functools.cache
def _over_workers() -> tf.distribute.Strategy:
    """Returns the one strategy of this process that is connected to the other workers."""
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise InputError(
            "A process that trains with several workers must begin with the training, got one that has used TensorFlow "
            "before. Start the Trainer in a process of its own, or unset TF_CONFIG."
        ) from error


def _config() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(os.environ.get("TF_CONFIG") or "{}")
    return found


def _workers() -> int:
    cluster = _config().get("cluster", {})
    return sum(len(cluster.get(kind, [])) for kind in (_CHIEF, _WORKER))
