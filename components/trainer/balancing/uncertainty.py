"""Weighing by homoscedastic uncertainty: each head learns how noisy its label is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from components.trainer.balancing.balancer import COUNT, Balancer

# A Gaussian likelihood has ½ before the squared error, a softmax likelihood 1 before the cross-entropy.
_LIKELIHOOD = (0.5, 1.0)


@keras.saving.register_keras_serializable("mtl")
class UncertaintyWeighting(Balancer):
    """Learns a log variance s per head, together with the network (Kendall, Gal & Cipolla 2018, eq. 10).

    The objective is `½ exp(-s₁) L₁ + ½ s₁ + exp(-s₂) L₂ + ½ s₂`, with s = log σ² starting at 0.
    """

    def build(self, input_shape: Any = None) -> None:
        """Makes the log variances, float32 [2]."""
        self.log_variance = self.add_weight(shape=(COUNT,), initializer="zeros", name="log_variance")
        self.built = True

    def weights_of_heads(self) -> tf.Tensor:
        """Returns `[½ exp(-s₁), exp(-s₂)]`."""
        return tf.constant(_LIKELIHOOD) * tf.exp(-tf.convert_to_tensor(self.log_variance))

    def objective(self, losses: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns the weighted losses and the price of a large variance."""
        return super().objective(losses) + 0.5 * tf.reduce_sum(tf.convert_to_tensor(self.log_variance))
