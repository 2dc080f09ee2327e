"""Dynamic weight averaging: the head whose loss falls more slowly gets more weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from components.trainer.balancing.balancer import COUNT, Balancer


@keras.saving.register_keras_serializable("mtl")
class DynamicWeightAveraging(Balancer):
    """Sets the weights after each epoch from how the mean losses changed (Liu, Johns & Davison 2019, eq. 7).

    `w = 2 softmax(r / T)` with `r = L(t-1) / L(t-2)`, the mean losses of the last two epochs; 1 in the first two.

    Args:
        temperature: T; the larger, the more equal the weights. 2 as in the paper.
    """

    def __init__(self, temperature: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.temperature = temperature

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights and the means they come from, float32 [2] each."""

        def state(name: str, value: str = "zeros", shape: tuple[int, ...] = (COUNT,)) -> Any:
            return self.add_weight(shape=shape, initializer=value, trainable=False, name=name)

        self.head_weights = state("head_weights", "ones")
        self.total = state("total")
        self.steps = state("steps", shape=())
        self.last_mean = state("last_mean")
        self.built = True

    def weights_of_heads(self) -> tf.Tensor:
        """Returns the weights of this epoch; they add up to 2."""
        return tf.convert_to_tensor(self.head_weights)

    def after_step(self, losses: Sequence[tf.Tensor], again: Callable[[], list[tf.Tensor]]) -> None:
        """Adds the losses of a step to the epoch's sums."""
        self.total.assign_add(tf.stack(losses))
        self.steps.assign_add(1.0)

    def after_epoch(self) -> None:
        """Compares the epoch's mean losses with those of the epoch before."""
        mean = self.total / self.steps
        if float(tf.reduce_max(self.last_mean)) > 0:
            ratio = mean / tf.maximum(self.last_mean, keras.config.epsilon())
            self.head_weights.assign(COUNT * tf.nn.softmax(ratio / self.temperature))
        self.last_mean.assign(mean)
        self.total.assign(tf.zeros(COUNT))
        self.steps.assign(0.0)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"temperature": self.temperature}
