"""PCGrad: where the two heads pull in opposite directions, each gives up what contradicts the other."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from components.trainer.balancing.balancer import Balancer
from components.trainer.model import is_shared


@keras.saving.register_keras_serializable("mtl")
class PCGrad(Balancer):
    """Projects conflicting gradients of the shared variables onto each other's normal plane (Yu et al. 2020).

    If `g₁·g₂ < 0`, then `g₁ ← g₁ - (g₁·g₂ / ‖g₂‖²) g₂`, and g₂ likewise with the original g₁; the step is their sum.
    With two heads the order of the paper's loop does not matter.
    """

    def gradients(
        self,
        tape: tf.GradientTape,
        objective: tf.Tensor,
        losses: Sequence[tf.Tensor],
        penalties: Sequence[tf.Tensor],
        variables: Sequence[tf.Variable],
    ) -> list[tf.Tensor]:
        """Returns the summed gradients, with the conflict on the shared variables taken out."""
        first, second = (gradient(tape, loss, variables) for loss in losses)
        parts = [first, second, *(gradient(tape, penalty, variables) for penalty in penalties)]
        total = [tf.add_n(list(part)) for part in zip(*parts, strict=True)]
        places = [place for place, variable in enumerate(variables) if is_shared(variable)]
        shared = ([part[place] for place in places] for part in (first, second))
        for place, added in zip(places, correction(*shared), strict=True):
            total[place] += added
        return total


def gradient(tape: tf.GradientTape, loss: tf.Tensor, variables: Sequence[tf.Variable]) -> list[tf.Tensor]:
    """Returns the gradient of a loss on each variable, zeros where it does not depend on it."""
    found = tape.gradient(loss, variables)
    return [
        tf.zeros(variable.shape) if part is None else tf.convert_to_tensor(part)  # an embedding's comes as slices
        for variable, part in zip(variables, found, strict=True)
    ]


def correction(first: Sequence[tf.Tensor], second: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Returns what is added to `first + second` to take their conflict out; zeros where there is none.

    Args:
        first: gradients of one head, one tensor per variable.
        second: those of the other head.
    """
    product = inner(first, second)
    conflict = tf.minimum(product, 0.0)
    onto_second = conflict / tf.maximum(inner(second, second), keras.config.epsilon())
    onto_first = conflict / tf.maximum(inner(first, first), keras.config.epsilon())
    return [-onto_second * b - onto_first * a for a, b in zip(first, second, strict=True)]


def inner(first: Sequence[tf.Tensor], second: Sequence[tf.Tensor]) -> tf.Tensor:
    """Returns the inner product of two lists of tensors, taken as one vector each."""
    return sum((tf.reduce_sum(a * b) for a, b in zip(first, second, strict=True)), 0.0)
