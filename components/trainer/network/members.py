"""Several networks in one: the batch ensemble, in the manner of TabM (Gorishniy et al. 2025, "TabM-mini").

Members share every layer of the trunk. What makes them differ is a learnt scaling of the input, which begins with
random signs, and heads of their own. Each is trained on its own loss; the network's answer is their mean.

Shapes, with B rows, M members and U units: the features [B, D] are the same for all members; the first layer of a stack
(`SharedDense`) makes them [B, M, U], which all later layers keep, up to the heads' answers [B, M, U] (`MemberDense`)
and their mean [B, U] (`MeanOfMembers`).
"""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("mtl")
class SharedDense(keras.layers.Layer):
    """A dense layer that all members share, each behind a scaling of the input that is its own.

    Member m answers `(x ∘ r_m) W + b`. That is x times the columns of all `diag(r_m) W` side by side, which is one
    product of matrices, and one more for its gradient: half the work of scaling the rows, which are many, first.

    Args:
        units: outputs U.
        members: number of members M.
        use_bias: whether there is a bias.
        kernel_regularizer: as of `keras.layers.Dense`.

    Input shape:
        float32 [B, D].

    Output shape:
        float32 [B, M, U].
    """

    def __init__(
        self, units: int, members: int, use_bias: bool = True, kernel_regularizer: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.members = members
        self.use_bias = use_bias
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the kernel, the bias and the scaling of each member: random signs."""
        width = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(width, self.units),
            initializer="glorot_uniform",
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias") if self.use_bias else None
        self.scaling = self.add_weight(
            shape=(self.members, width),
            initializer=lambda shape, dtype: keras.ops.sign(keras.random.uniform(shape, -1.0, 1.0, dtype)),
            name="scaling",
        )

    def call(self, inputs: Any) -> Any:
        """Returns what the layer makes of the rows [B, D] as each member sees them, float32 [B, M, U]."""
        scaling = keras.ops.expand_dims(keras.ops.transpose(self.scaling), 2)
        kernels = keras.ops.reshape(scaling * keras.ops.expand_dims(self.kernel, 1), (-1, self.members * self.units))
        outputs = keras.ops.reshape(inputs @ kernels, (-1, self.members, self.units))
        return outputs if self.bias is None else outputs + self.bias

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, M, U)."""
        return input_shape[0], self.members, self.units

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {
            "units": self.units,
            "members": self.members,
            "use_bias": self.use_bias,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
        return super().get_config() | own


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

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Makes a kernel and a bias per member."""
        _, members, width = input_shape
        # Glorot's bound for one member; an initializer of Keras says the same whenever it is called.
        bound = (6 / (width + self.units)) ** 0.5
        self.kernel = self.add_weight(
            shape=(members, width, self.units),
            initializer=lambda shape, dtype: keras.random.uniform(shape, -bound, bound, dtype),
            name="kernel",
        )
        self.bias = self.add_weight(shape=(members, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Returns each member's answer to its own rows [B, M, D], float32 [B, M, U]."""
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
        """Returns the mean float32 [B, U], or in training what it got, [B, M, U]."""
        return inputs if training else keras.ops.mean(inputs, axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, U), the shape of an answer."""
        return input_shape[0], input_shape[2]
