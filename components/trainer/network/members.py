"""Several networks in one: the batch ensemble, in the manner of TabM (Gorishniy et al. 2025, "TabM-mini").

Members share every layer of the trunk. What makes them differ is a learnt scaling of the input, which begins with
random signs, and heads of their own. Each is trained on its own loss; the network's answer is their mean.

Shapes, with B rows, M members and U units: the features [B, D] are the same for all members; the first layer of a stack
(`SharedDense`) makes them [B, M, U], which all later layers keep, up to the heads' answers [B, M, U] (`MemberDense`)
and their mean [B, U] (`MeanOfMembers`). In training, k of the members see a row, and M is k in these shapes.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("mtl")
class SharedDense(keras.layers.Layer):
    """A dense layer that all members share, each behind a scaling of the input that is its own.

    Member m answers `(x ∘ r_m) W + b`. That is x times the columns of all `diag(r_m) W` side by side, which is one
    product of matrices, and one more for its gradient: half the work of scaling the rows, which are many, first.

    Args:
        units: outputs U.
        members: number of members M.
        per_row: members k that each row trains, a divisor of M; all when left out. The rows of a mini-batch are dealt
            to M / k groups of members, so that a step costs k / M of its time, and every member learns from its share.
        use_bias: whether there is a bias.
        kernel_regularizer: as of `keras.layers.Dense`.

    Input shape:
        float32 [B, D].

    Output shape:
        float32 [B, M, U]; in training [B, k, U].
    """

    def __init__(
        self,
        units: int,
        members: int,
        per_row: int | None = None,
        use_bias: bool = True,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.members = members
        self.per_row = per_row or members
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

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns what the layer makes of the rows [B, D] as each member sees them, float32 [B, M, U] or [B, k, U]."""
        scaling = keras.ops.expand_dims(keras.ops.transpose(self.scaling), 2)
        kernels = scaling * keras.ops.expand_dims(self.kernel, 1)
        if training and self.per_row < self.members:
            groups = self.members // self.per_row
            kernels = keras.ops.reshape(kernels, (-1, groups, self.per_row * self.units))
            outputs = undealt(dealt(inputs, groups) @ keras.ops.transpose(kernels, (1, 0, 2)), inputs)
            outputs = keras.ops.reshape(outputs, (-1, self.per_row, self.units))
        else:
            kernels = keras.ops.reshape(kernels, (-1, self.members * self.units))
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
            "per_row": self.per_row,
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
        float32 [B, M, D], or [B, k, D] of the k members that each row trains, see `SharedDense`.

    Output shape:
        float32 [B, M, U], or [B, k, U].
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
        """Returns each member's answer to its own rows [B, M, D], float32 [B, M, U]; or to [B, k, D], [B, k, U]."""
        members, per_row = self.kernel.shape[0], inputs.shape[1]
        if per_row == members:
            return self.activation(keras.ops.einsum("bmd,mdu->bmu", inputs, self.kernel) + self.bias)
        groups = members // per_row
        kernel, bias = (
            keras.ops.reshape(values, (groups, per_row, *values.shape[1:])) for values in (self.kernel, self.bias)
        )
        answers = keras.ops.einsum("gbmd,gmdu->gbmu", dealt(inputs, groups), kernel) + keras.ops.expand_dims(bias, 1)
        return self.activation(undealt(answers, inputs))

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
        float32 [B, U]; in training as the input.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the mean float32 [B, U], or in training what it got, [B, M, U] or [B, k, U]."""
        return inputs if training else keras.ops.mean(inputs, axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, U), the shape of an answer."""
        return input_shape[0], input_shape[2]


def dealt(rows: Any, groups: int) -> Any:
    """Returns rows [B, ...] in equal parts, [G, ceil(B / G), ...]; what the last part lacks is 0.

    Args:
        rows: a tensor; rows are taken to be in random order.
        groups: number of parts G.
    """
    padding = -keras.ops.shape(rows)[0] % groups
    padded = tf.pad(rows, [[0, padding], *([[0, 0]] * (len(rows.shape) - 1))])
    return keras.ops.reshape(padded, (groups, -1, *rows.shape[1:]))


def undealt(parts: Any, rows: Any) -> Any:
    """Returns parts [G, b, ...] one after the other, [B, ...], without what `dealt` added.

    Args:
        parts: what was made of the parts.
        rows: the tensor that was dealt.
    """
    return keras.ops.reshape(parts, (-1, *parts.shape[2:]))[: keras.ops.shape(rows)[0]]
