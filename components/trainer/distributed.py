"""Training on several devices in step: each takes its share of every mini-batch, and all have the same weights.

The mini-batches are those of one device with the same seed, so that the losses are those of one device, but for
rounding, and what the devices draw for dropout.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.shared.errors import InputError
from components.shared.splits import TRAIN, VALIDATION
from components.trainer.scan import Tensors, dataset_of, epochs


class DistributedModel(keras.Model):
    """A functional model that a strategy of several replicas trains.

    Over several workers, `fit` of Keras 3.15 fails by itself: before the first step it takes the mean over the replicas
    of a mini-batch, which is a dict, to build the model, and after each step the mean of the metrics along an axis that
    a scalar does not have. Neither is needed: `prepare` says what a mini-batch looks like, and the variables of a
    metric, which add up over the replicas, are read at the end of an epoch.
    """

    def prepare(self, features: Tensors, labels: Tensors, weights: Tensors | None = None) -> None:
        """Makes the variables of metrics and optimizer, each on all replicas.

        Args:
            features: a few rows, each [n, ...].
            labels: their labels, each [n, ...].
            weights: weight of each row in each head, [n], where rows have one.
        """
        with self.distribute_strategy.scope():
            self._symbolic_build(data_batch=keras.utils.pack_x_y_sample_weight(features, labels, weights))

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Does what `prepare` has done."""

    def make_train_function(self, force: bool = False) -> None:
        """Makes the function that takes one step on all replicas."""
        if force or self.train_function is None:  # type: ignore[has-type]  # Keras has no types
            self.train_function = self._on_replicas(self.train_step)

    def make_test_function(self, force: bool = False) -> None:
        """Makes the function that evaluates one mini-batch on all replicas."""
        if force or self.test_function is None:  # type: ignore[has-type]
            self.test_function = self._on_replicas(self.test_step)

    def _on_replicas(self, step: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
        compiled = tf.function(step, jit_compile=True, reduce_retracing=True) if self.jit_compile else step

        @tf.function(reduce_retracing=True)
        def on_replicas(iterator: Any) -> dict[str, Any]:
            self.distribute_strategy.run(compiled, args=(next(iterator),))
            return {}

        return on_replicas

    def _get_metrics_result_or_logs(self, logs: Any) -> Any:
        """Reads the metrics, of which a step returns none."""
        return self.get_metrics_result()


def train_rows(
    strategy: tf.distribute.Strategy,
    features: Tensors,
    labels: Tensors,
    batch_size: int,
    seed: int,
    weights: Tensors | None = None,
) -> tuple[tf.distribute.DistributedDataset, int]:
    """Returns the mini-batches of `chunks`, of which each replica gets an equal share, and how many an epoch has.

    They go on from one epoch to the next: a pass that ended would cost Keras a step without rows.

    This process reads the shares of its own replicas alone. A mini-batch is as large as its shares can be equal; what
    is left at the end of an epoch, fewer rows than there are replicas, has another chance in the next.

    Args:
        strategy: the replicas.
        features: tensors [n, ...], in memory or memory-mapped.
        labels: tensors [n, ...].
        batch_size: rows of a mini-batch, over all replicas.
        seed: seed of the order.
        weights: weight of each row in each head, [n], where rows have one.

    Raises:
        InputError: there are fewer rows than replicas.
    """
    data = keras.utils.pack_x_y_sample_weight(features, labels, weights)
    replicas = strategy.num_replicas_in_sync
    rows = _enough(data, replicas, TRAIN)
    batch_size = max(batch_size // replicas, 1) * replicas

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        own = _own(context)

        def pieces() -> Iterator[Any]:
            for order in itertools.chain.from_iterable(iter(next_epoch, None)):
                share = order.shape[1] // replicas
                if share:
                    shares = order[:, : share * replicas].reshape(len(order), replicas, share)
                    chosen = shares[:, own].reshape(-1, share)
                    yield tf.nest.map_structure(lambda values, chosen=chosen: values[chosen], data)

        next_epoch = epochs(data, batch_size, seed)
        return dataset_of(pieces, data, 2).unbatch()

    return strategy.distribute_datasets_from_function(of_worker), rows // batch_size + (rows % batch_size >= replicas)


def validation_rows(
    strategy: tf.distribute.Strategy, features: Tensors, labels: Tensors, weights: Tensors | None, batch_size: int
) -> tuple[tf.distribute.DistributedDataset, int]:
    """Returns mini-batches to evaluate, of which each replica gets a share, and how many there are.

    Args:
        strategy: the replicas.
        features: tensors [n, ...], in memory or memory-mapped.
        labels: tensors [n, ...].
        weights: weight of each row in each head, [n], where rows have one.
        batch_size: rows that all replicas together evaluate at a time.

    Raises:
        InputError: there are fewer rows than replicas.
    """
    data = keras.utils.pack_x_y_sample_weight(features, labels, weights)
    replicas = strategy.num_replicas_in_sync
    rows = _enough(data, replicas, VALIDATION)
    edges = [*range(0, rows, batch_size), rows]
    if len(edges) > 2 and rows - edges[-2] < replicas:  # a replica without a row would have no mean
        del edges[-2]

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        own = _own(context)

        def pieces() -> Iterator[Any]:
            for first, last in itertools.pairwise(edges):
                cuts = np.linspace(first, last, replicas + 1).astype(int).tolist()
                for share in map(slice, cuts[own], cuts[1:][own]):
                    yield tf.nest.map_structure(lambda values, share=share: values[share], data)

        return dataset_of(pieces, data, 1)

    return strategy.distribute_datasets_from_function(of_worker), len(edges) - 1


def _enough(data: Any, replicas: int, split: str) -> int:
    """Returns how many rows there are, if each replica can have one."""
    rows = len(tf.nest.flatten(data)[0])
    if rows < replicas:
        raise InputError(
            f"The {split} split must have a row for each of {replicas} devices, got {rows}. Train on fewer devices."
        )
    return rows


def _own(context: tf.distribute.InputContext) -> slice:
    """Returns which replicas read through this pipeline."""
    each = context.num_replicas_in_sync // context.num_input_pipelines
    return slice(context.input_pipeline_id * each, (context.input_pipeline_id + 1) * each)
