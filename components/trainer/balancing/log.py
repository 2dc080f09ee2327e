"""How the two heads get on: their weights and the angle between their gradients, after every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.formats.history import COSINE, WEIGHTS
from components.trainer.balancing.pcgrad import gradient, inner
from components.trainer.model import is_shared


class BalanceLog(keras.callbacks.Callback):
    """Adds figures to the logs of each epoch, and so to the history and to TensorBoard.

    - `gradient_cosine`, in [-1, 1]: cosine of the angle between the two heads' gradients on the shared layers, over
      the given rows; negative where the heads contradict each other, 0 if one of the gradients is zero. Left out where
      nothing is shared.
    - `weight_regression_output` and `weight_classification_output`, where a balancer sets them.

    Args:
        features: rows to compare the gradients on, tensors [n, ...].
        labels: their labels.
        weights: their weights in each head, where rows have weights.
    """

    def __init__(
        self,
        features: Mapping[str, np.ndarray],
        labels: Mapping[str, np.ndarray],
        weights: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        super().__init__()
        self.rows = features, labels, weights

    def set_model(self, model: keras.Model) -> None:
        """Compiles the comparison for a model."""
        super().set_model(model)
        self._shared = any(map(is_shared, model.trainable_variables))
        self._cosine = tf.function(lambda: gradient_cosine(model, *self.rows))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Lets the balancer finish its epoch, and writes the figures."""
        balancer = getattr(self.model, "balancer", None)
        assert logs is not None, "Keras passes the logs of the epoch"
        if balancer is not None:
            logs |= dict(zip(WEIGHTS.values(), balancer.weights_of_heads().numpy().tolist(), strict=True))
            balancer.after_epoch()
        if self._shared:
            logs[COSINE] = float(self._cosine())


def gradient_cosine(
    model: keras.Model,
    features: Mapping[str, Any],
    labels: Mapping[str, Any],
    weights: Mapping[str, Any] | None = None,
) -> tf.Tensor:
    """Returns the cosine between the gradients of the two losses on the shared variables, a scalar.

    Args:
        model: a compiled two-headed model that shares at least one variable.
        features: tensors [n, ...].
        labels: tensors [n, ...], by output name.
        weights: tensors [n], by output name, where rows have weights.
    """
    shared = [variable for variable in model.trainable_variables if is_shared(variable)]
    with tf.GradientTape(persistent=True) as tape:
        prediction = model(features, training=False)
        losses = [model.loss[head](labels[head], prediction[head], weights and weights[head]) for head in WEIGHTS]
    first, second = (gradient(tape, loss, shared) for loss in losses)
    return tf.math.divide_no_nan(inner(first, second), tf.sqrt(inner(first, first) * inner(second, second)))
