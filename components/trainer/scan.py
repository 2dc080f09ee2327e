"""Fast training on small mini-batches: many steps scanned inside one XLA-compiled function, under Keras's own `fit`.

A step on 32 rows costs less than the call that starts it. A model of this class takes a chunk of mini-batches at a
time and loops over them in compiled code; losses, metrics, callbacks and early stopping stay Keras's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.shared.head_outputs import OUTPUTS, REGRESSION
from components.shared.mapped_arrays import is_mapped
from components.shared.untuned_datasets import untuned
from components.trainer.balancing.balancer import Balancer

Tensors = dict[str, np.ndarray]

# Mini-batches per chunk, at most, and bytes: a chunk is one more copy of its rows.
_STEPS, _CHUNK_BYTES = 4096, 128 << 20
# Rows that lie together in a file are read together; a chunk is shuffled whole.
_BLOCK = 1024


@keras.saving.register_keras_serializable("mtl")
class ScanningModel(keras.Model):
    """A functional model whose training step takes a chunk of S mini-batches of B rows each.

    `train_step` takes `(features, labels)` or `(features, labels, weights)` where every tensor is [S, B, ...], and does
    what S ordinary steps do, in the same order. Validation and prediction take rows as usual.
    """

    balancer: Balancer | None = None
    """Weighs the losses; without one they count as `loss_weights` says."""
    head_weights: tuple[float, float] = (1.0, 1.0)
    """What the losses are multiplied by before the balancer sees them, regression first."""

    def balance(self, balancer: Balancer, head_weights: tuple[float, float] = (1.0, 1.0)) -> None:
        """Sets how the losses are weighed; before `prepare`.

        Args:
            balancer: the balancer; saved and reloaded with the model.
            head_weights: as `loss_weights` of `compile`, regression first.
        """
        if not balancer.built:
            balancer.build()
        self.balancer = balancer
        self.head_weights = head_weights

    def prepare(self, features: Tensors, labels: Tensors, weights: Tensors | None = None) -> None:
        """Makes the variables of metrics and optimizer, which cannot be made inside a compiled loop.

        Args:
            features: a few rows, each [n, ...].
            labels: their labels, each [n, ...].
            weights: weight of each row in each head, [n], where rows have one.
        """
        data = keras.utils.pack_x_y_sample_weight(features, labels, weights)
        # A step of its own, since `evaluate` would trace a function for these few rows.
        self.test_step(tf.nest.map_structure(tf.convert_to_tensor, data))
        self.reset_metrics()
        self.optimizer.build(self.trainable_variables)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Runs one optimizer step per mini-batch of the chunk and returns the metrics so far."""
        steps = tf.shape(tf.nest.flatten(data)[0])[0]
        step_of = self._balanced_step if self.balancer else super().train_step

        def body(step: tf.Tensor) -> tf.Tensor:
            step_of(tf.nest.map_structure(lambda tensor: tensor[step], data))
            return step + 1

        tf.while_loop(lambda step: step < steps, body, [tf.constant(0)])
        return self.get_metrics_result()

    def make_test_function(self, force: bool = False) -> None:
        """Makes the function that evaluates, without XLA whatever `compile` says.

        XLA would compile it for each number of rows, which takes longer than it saves in all epochs of a fit: to
        evaluate is no loop of small steps.
        """
        compiled = self.jit_compile  # type: ignore[has-type]  # Keras has no types
        self.jit_compile = False
        super().make_test_function(force)
        self.jit_compile = compiled

    def head_losses(
        self, labels: dict[str, Any], prediction: dict[str, Any], weights: dict[str, Any] | None = None
    ) -> list[tf.Tensor]:
        """Returns the two losses of a mini-batch as scalars, regression first, times the weights of the heads."""
        return [
            head_weight * self.loss[head](labels[head], prediction[head], weights[head] if weights else None)
            for head, head_weight in zip(OUTPUTS, self.head_weights, strict=True)
        ]

    def _balanced_step(self, data: Any) -> None:
        """Does what Keras's own step does, with the balancer's losses and gradients."""
        assert self.balancer is not None
        features, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape(persistent=True) as tape:
            prediction = self(features, training=True)
            losses = self.head_losses(labels, prediction, weights)
            penalties = self.losses
            objective = tf.add_n([self.balancer.objective(losses), *penalties])
        variables = self.trainable_variables
        gradients = self.balancer.gradients(tape, objective, losses, penalties, variables)
        # What is shown stays comparable among balancers: the losses as `compile` weighs them.
        shown = self.compute_loss(features, labels, prediction, weights)
        next(metric for metric in self.metrics if metric.name == "loss").update_state(
            shown, sample_weight=tf.shape(labels[REGRESSION])[0]
        )
        self.compute_metrics(features, labels, prediction, weights)
        self.optimizer.apply(gradients, variables)
        self.balancer.after_step(losses, lambda: self.head_losses(labels, self(features, training=True), weights))

    def get_config(self) -> dict[str, Any]:
        """Returns the functional model's description and the balancer's."""
        own = {"balancer": keras.saving.serialize_keras_object(self.balancer), "head_weights": list(self.head_weights)}
        return super().get_config() | (own if self.balancer else {})

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> ScanningModel:
        """Makes the model that `get_config` described."""
        config = dict(config)
        balancer, weights = config.pop("balancer", None), config.pop("head_weights", None)
        model = super().from_config(config, custom_objects)
        if balancer:
            model.balance(keras.saving.deserialize_keras_object(balancer, custom_objects), tuple(weights))
        return model


def chunks(
    features: Tensors, labels: Tensors, batch_size: int, seed: int, weights: Tensors | None = None
) -> tf.data.Dataset:
    """Returns a dataset of chunks for `ScanningModel.fit`; each pass over it is one epoch in a new order.

    Every row comes once per epoch: full chunks, then a shorter chunk, then one smaller mini-batch with the rest. The
    order is that of `shuffled`, wherever the rows are held.

    Args:
        features: tensors [n, ...], in memory or memory-mapped.
        labels: tensors [n, ...].
        batch_size: rows of a mini-batch, B.
        seed: seed of the order.
        weights: weight of each row in each head, [n], where rows have one.

    Returns:
        A dataset of `(features, labels)` or `(features, labels, weights)` with tensors [S, B, ...].
    """
    data = keras.utils.pack_x_y_sample_weight(features, labels, weights)
    next_epoch = epochs(data, batch_size, seed)

    def pieces() -> Iterator[Any]:
        for order in next_epoch():
            yield tf.nest.map_structure(lambda values, order=order: values[order], data)

    rows, steps = len(tf.nest.flatten(data)[0]), _steps(data, batch_size)
    count = -(-(rows // batch_size) // steps) + bool(rows % batch_size)
    return dataset_of(pieces, data, 2).apply(tf.data.experimental.assert_cardinality(count))


def epochs(data: Any, batch_size: int, seed: int) -> Callable[[], Iterator[np.ndarray]]:
    """Returns a function that yields the rows of the next epoch with each call: those of a chunk, int64 [S, B].

    Args:
        data: a nest of tensors [n, ...].
        batch_size: rows of a mini-batch, B.
        seed: seed of the order.
    """
    rows, window = len(tf.nest.flatten(data)[0]), _steps(data, batch_size) * batch_size
    random = np.random.default_rng(seed)

    def epoch() -> Iterator[np.ndarray]:
        for order in shuffled(rows, window, _BLOCK, random):
            whole = len(order) // batch_size * batch_size
            if whole:
                yield order[:whole].reshape(-1, batch_size)
            if whole < len(order):
                yield order[None, whole:]

    return epoch


def _steps(data: Any, batch_size: int) -> int:
    """Returns the mini-batches of a full chunk."""
    row_bytes = sum(values[:1].nbytes for values in tf.nest.flatten(data))
    return int(np.clip(_CHUNK_BYTES // (row_bytes * batch_size), 1, _STEPS))


def shuffled(rows: int, window: int, block: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yields the indices of all rows in a new order, window by window, that can be read in large pieces.

    Blocks of neighbours come in a new order, and rows are shuffled within a window: wholly where one window holds all
    of them, and else as good as that where neighbours have nothing in common, as `ordered_rows` leaves them.

    Args:
        rows: number of rows.
        window: rows that are shuffled together; all windows but the last have as many.
        block: consecutive rows that stay in one window, or in two that follow each other.
        random: where chance comes from.

    Yields:
        int64 [window].
    """
    starts = block * random.permutation(-(-rows // block))
    at_once = -(-window // block)
    held = np.empty(0, np.int64)
    for first in range(0, len(starts), at_once):
        more = (starts[first : first + at_once, None] + np.arange(block)).ravel()
        held = np.concatenate([held, more[more < rows]])
        while len(held) >= window or (len(held) and first + at_once >= len(starts)):
            order, held = held[:window], held[window:]
            random.shuffle(order)
            yield order


def held_out(features: Tensors, labels: Tensors, weights: Tensors | None, batch_size: int) -> Any:
    """Returns rows as the `validation_data` of Keras's `fit`: as they are, or streamed where they are memory-mapped.

    Keras takes a copy of arrays into memory.

    Args:
        features: tensors [n, ...].
        labels: tensors [n, ...].
        weights: weight of each row in each head, [n], where rows have one.
        batch_size: rows of a mini-batch where they are streamed; the last may have fewer.
    """
    data = keras.utils.pack_x_y_sample_weight(features, labels, weights)
    if not any(map(is_mapped, tf.nest.flatten(data))):
        return data
    rows = len(tf.nest.flatten(data)[0])

    def batches() -> Iterator[Any]:
        for first in range(0, rows, batch_size):
            batch = slice(first, first + batch_size)
            yield tf.nest.map_structure(lambda values, batch=batch: values[batch], data)

    count = -(-rows // batch_size)
    return dataset_of(batches, data, 1).apply(tf.data.experimental.assert_cardinality(count))


def dataset_of(pieces: Callable[[], Iterator[Any]], data: Any, axes: int) -> tf.data.Dataset:
    """Returns a dataset of what a function yields, one piece ahead.

    Args:
        pieces: yields pieces of the data.
        data: a nest of tensors [n, ...].
        axes: how many axes a piece has in place of the first one, each of any length.
    """
    signature = tf.nest.map_structure(
        lambda values: tf.TensorSpec((*(None,) * axes, *values.shape[1:]), values.dtype), data
    )
    return untuned(tf.data.Dataset.from_generator(pieces, output_signature=signature).prefetch(1))
