"""FAMO: every step lowers both losses by about the same share, at the cost of one more forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from components.trainer.balancing.balancer import COUNT, Balancer

# Losses are at least 0; the logarithm needs them above it.
_FLOOR = 1e-8


@keras.saving.register_keras_serializable("mtl")
class Famo(Balancer):
    """Fast adaptive multitask optimisation (Liu, Feng, Stone & Liu 2023, algorithm 1).

    With `z = softmax(ξ)` the network descends `c Σ z_i log L_i`, `c = (Σ z_i / L_i)⁻¹`, so the weights are
    `w_i = c z_i / L_i`. After the step, ξ follows `-Jᵀ (log L_before - log L_after)`, J the Jacobian of the softmax:
    a head whose loss fell more than the other's gets less weight. The weights are scaled by 2, so that they add up to
    the same as fixed ones.

    Args:
        rate: learning rate of ξ (Adam).
        decay: weight decay γ of ξ.
    """

    def __init__(self, rate: float = 0.025, decay: float = 0.001, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.decay = decay
        self.ascent = keras.optimizers.Adam(rate)

    def build(self, input_shape: Any = None) -> None:
        """Makes ξ and the weights last used, float32 [2] each."""
        self.logits = self.add_weight(shape=(COUNT,), initializer="zeros", trainable=False, name="logits")
        self.last_weights = self.add_weight(shape=(COUNT,), initializer="ones", trainable=False, name="last_weights")
        self.ascent.build([self.logits])
        self.built = True

    def weights_of_heads(self) -> tf.Tensor:
        """Returns the weights of the last step; they add up to 2."""
        return tf.convert_to_tensor(self.last_weights)

    def objective(self, losses: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns the weighted losses; the weights depend on the losses but count as constants."""
        stacked = tf.stack(losses)
        shares = tf.nn.softmax(self.logits) / tf.stop_gradient(stacked + _FLOOR)
        # A mini-batch without any label of a head says nothing of the balance: its loss is 0.
        weights = tf.where(tf.reduce_all(stacked > 0), COUNT * shares / tf.reduce_sum(shares), self.last_weights)
        self.last_weights.assign(weights)
        return tf.reduce_sum(weights * stacked)

    def after_step(self, losses: Sequence[tf.Tensor], again: Callable[[], list[tf.Tensor]]) -> None:
        """Compares both losses with those after the step."""
        self.update(tf.stack(losses), tf.stack(again()))

    def update(self, before: tf.Tensor, after: tf.Tensor) -> None:
        """Makes one step of ξ.

        Args:
            before: losses before the network's step, float32 [2].
            after: losses of the same rows after it, float32 [2].
        """
        fell = tf.math.log(before + _FLOOR) - tf.math.log(after + _FLOOR)
        shares = tf.nn.softmax(self.logits)
        gradient = shares * (fell - tf.reduce_sum(shares * fell)) + self.decay * self.logits
        gradient *= tf.cast(tf.reduce_all(before > 0), gradient.dtype)
        self.ascent.apply([gradient], [self.logits])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"rate": self.rate, "decay": self.decay}
