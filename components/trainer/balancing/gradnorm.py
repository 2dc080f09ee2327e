"""GradNorm: both heads pull at the shared layers with strengths that match how fast they learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from components.trainer.balancing.balancer import COUNT, Balancer
from components.trainer.model import is_shared


@keras.saving.register_keras_serializable("mtl")
class GradNorm(Balancer):
    """Learns the weights so that gradient norms follow relative learning speeds (Chen et al. 2018).

    With `G_i = ‖∇_W w_i L_i‖` on the kernel W of the last shared layer and `r_i = (L_i / L_i(0)) / mean`, the weights
    descend `Σ |G_i - mean(G) r_i^α|`, the second term taken as constant, and are scaled to add up to 2.

    Args:
        alpha: α, how strongly a slow head is favoured; 1.5 as in the paper.
        rate: learning rate of the weights (Adam).
    """

    def __init__(self, alpha: float = 1.5, rate: float = 0.025, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.rate = rate
        self.descent = keras.optimizers.Adam(rate)

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights and the first losses, float32 [2] each."""
        self.head_weights = self.add_weight(shape=(COUNT,), initializer="ones", trainable=False, name="head_weights")
        self.first = self.add_weight(shape=(COUNT,), initializer="zeros", trainable=False, name="first_losses")
        self.descent.build([self.head_weights])
        self.built = True

    def weights_of_heads(self) -> tf.Tensor:
        """Returns the present weights; they add up to 2."""
        return tf.convert_to_tensor(self.head_weights)

    def gradients(
        self,
        tape: tf.GradientTape,
        objective: tf.Tensor,
        losses: Sequence[tf.Tensor],
        penalties: Sequence[tf.Tensor],
        variables: Sequence[tf.Variable],
    ) -> list[tf.Tensor]:
        """Returns the gradients under the present weights, then updates the weights."""
        gradients = list(tape.gradient(objective, variables))
        kernels = [variable for variable in variables if is_shared(variable) and len(variable.shape) > 1]
        if kernels:  # two separate networks share none
            norms = tf.stack([tf.norm(tape.gradient(loss, kernels[-1])) for loss in losses])
            self.update(tf.stack(losses), norms)
        return gradients

    def update(self, losses: tf.Tensor, norms: tf.Tensor) -> None:
        """Makes one descent step of the weights.

        Args:
            losses: float32 [2].
            norms: float32 [2], norms of the gradients of the unweighted losses on W.
        """
        self.first.assign(tf.where(tf.convert_to_tensor(self.first) > 0, self.first, losses))
        speed = losses / tf.maximum(self.first, keras.config.epsilon())
        relative = speed / tf.maximum(tf.reduce_mean(speed), keras.config.epsilon())
        weighted = self.head_weights * norms
        target = tf.reduce_mean(weighted) * relative**self.alpha
        # A mini-batch without any label of a head says nothing of the balance: its loss is 0.
        both = tf.cast(tf.reduce_all(losses > 0), norms.dtype)
        self.descent.apply([both * tf.sign(weighted - target) * norms], [self.head_weights])
        positive = tf.maximum(self.head_weights, 1e-3)
        self.head_weights.assign(COUNT * positive / tf.reduce_sum(positive))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"alpha": self.alpha, "rate": self.rate}
