"""What every balancer is: two losses and their gradients in, one step of the shared network out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from components.shared.head_outputs import OUTPUTS
from components.trainer.model import BALANCER

COUNT = len(OUTPUTS)
"""Number of losses; what belongs to each comes in the order of `OUTPUTS`."""


class Balancer(keras.layers.Layer):
    """Weighs the losses of the two heads; this one leaves every weight at 1 (`training.balancing: fixed`).

    A subclass overrides the part of a step it changes. Losses come as two scalars, regression first, already
    multiplied by the weights of the configuration. All of it runs inside a loop that XLA compiles, so state lives in
    variables made by `build`, and nothing depends on the value of a tensor in Python.
    """

    def __init__(self, name: str = BALANCER, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Makes the state; a balancer knows its shapes without an input."""
        self.built = True

    def objective(self, losses: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns the scalar that the network descends: the weighted sum of the losses."""
        weights = tf.unstack(self.weights_of_heads())
        return tf.add_n([weight * loss for weight, loss in zip(weights, losses, strict=True)])

    def weights_of_heads(self) -> tf.Tensor:
        """Returns the present weights, float32 [2], regression first."""
        return tf.ones(COUNT)

    def gradients(
        self,
        tape: tf.GradientTape,
        objective: tf.Tensor,
        losses: Sequence[tf.Tensor],
        penalties: Sequence[tf.Tensor],
        variables: Sequence[tf.Variable],
    ) -> list[tf.Tensor]:
        """Returns the gradient to apply to each variable.

        Args:
            tape: a persistent tape that has recorded everything below.
            objective: what `objective` returned, plus the penalties.
            losses: the two losses.
            penalties: scalars that the layers add, such as L2; often none.
            variables: all trainable variables.
        """
        del losses, penalties
        return list(tape.gradient(objective, variables))

    def after_step(self, losses: Sequence[tf.Tensor], again: Callable[[], list[tf.Tensor]]) -> None:
        """Updates the balancer's state once the network has made its step.

        Args:
            losses: the losses before the step.
            again: computes the losses of the same rows again.
        """

    def after_epoch(self) -> None:
        """Updates the state after each epoch, outside the compiled step."""

    def call(self, losses: Any) -> Any:
        """Returns the weighted losses, float32 [2]; makes the balancer an ordinary Keras layer."""
        return tf.stack(losses) * self.weights_of_heads()
