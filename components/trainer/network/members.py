"""Several networks in one: the batch ensemble, in the manner of TabM (Gorishniy et al. 2025, "TabM-mini").

Members share every layer of the trunk. What makes them differ is a learnt scaling of the input, which begins with
random signs, and heads of their own. Each is trained on its own loss; the network's answer is their mean.
"""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("mtl")
class Members(keras.layers.Layer):
    """Scales the input once per member.

    Args:
        count: number of members M.

    Input shape:
        float32 [B, D].

    Output shape:
        float32 [B, M, D].
    """

    def __init__(self, count: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = count

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the scaling of each member: random signs."""
        self.scaling = self.add_weight(
            shape=(self.count, input_shape[-1]),
            initializer=lambda shape, dtype: keras.ops.sign(keras.random.uniform(shape, -1.0, 1.0, dtype)),
            name="scaling",
        )

    def call(self, inputs: Any) -> Any:
        """Returns the rows as each member sees them."""
        return keras.ops.expand_dims(inputs, 1) * self.scaling

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"count": self.count}


@keras.saving.register_keras_serializable("mtl")
class MemberDense(keras.layers.Layer):
    """A dense layer of each member's own.

    Args:
        units: outputs U.
        activation: as of `keras.layers.Dense`.

    Input shape:
        float32 [B, M, D].

    Output shape:
        float32 [B, M, U].
    """

    def __init__(self, units: int, activation: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes a kernel and a bias per member."""
        _, members, width = input_shape
        glorot = keras.initializers.GlorotUniform()
        self.kernel = self.add_weight(
            shape=(members, width, self.units),
            initializer=lambda shape, dtype: keras.ops.stack([glorot(shape[1:], dtype) for _ in range(shape[0])]),
            name="kernel",
        )
        self.bias = self.add_weight(shape=(members, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Returns each member's answer."""
        return self.activation(keras.ops.einsum("bmd,mdu->bmu", inputs, self.kernel) + self.bias)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, M, U)."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {"units": self.units, "activation": keras.activations.serialize(self.activation)}
        return super().get_config() | own


@keras.saving.register_keras_serializable("mtl")
class MeanOfMembers(keras.layers.Layer):
    """Averages the members' answers, but for training, where each member has a loss of its own.

    Input shape:
        float32 [B, M, U].

    Output shape:
        float32 [B, U]; in training [B, M, U].
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the mean, or in training what it got."""
        return inputs if training else keras.ops.mean(inputs, axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, U), the shape of an answer."""
        return input_shape[0], input_shape[2]
