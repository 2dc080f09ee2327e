"""The network: one shared trunk, one number and one class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from components.outputs import CATEGORICAL, CLASSIFICATION, MISSING, NUMERIC, REGRESSION

BALANCER = "balancer"

HEAD_LOSSES: dict[str, keras.losses.Loss] = {
    REGRESSION: keras.losses.MeanSquaredError(),
    CLASSIFICATION: keras.losses.SparseCategoricalCrossentropy(),
}
"""Output -> its loss, a mean over rows."""


def build_multi_task_model(
    input_shape: tuple[int, ...],
    num_classes: int,
    *,
    hidden: Sequence[int] = (128, 64),
    dropout: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Builds and compiles the shared-bottom network (Caruana 1997).

    With `input_shape=(10,)` and `num_classes=3` and nothing else it has 9,924 parameters.

    Args:
        input_shape: shape of one row, `(D,)`.
        num_classes: number of classes K.
        hidden: units of each shared relu layer.
        dropout: share of each shared layer's outputs dropped in training, in [0, 1).
        l2: L2 penalty on the shared kernels.

    Returns:
        A model from float32 [B, D] to `regression_output` float32 [B, 1] and `classification_output` float32 [B, K]
        (softmax probabilities), compiled with Adam, mean squared error and sparse categorical cross-entropy.
    """
    model = _shared_bottom(input_shape, num_classes, hidden, dropout, l2)
    compile_model(model)
    return model


def is_shared(variable: keras.Variable) -> bool:
    """Returns whether a variable of a two-headed model is the trunk's: no head's and no balancer's."""
    return not {REGRESSION, CLASSIFICATION, BALANCER} & set(variable.path.split("/"))


def _shared_bottom(
    input_shape: tuple[int, ...], num_classes: int, hidden: Sequence[int], dropout: float, l2: float
) -> keras.Model:
    inputs = keras.Input(input_shape)
    x = inputs
    penalty = keras.regularizers.L2(l2) if l2 else None
    for units in hidden:
        x = keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty)(x)
        if dropout:
            x = keras.layers.Dropout(dropout)(x)
    outputs = {
        REGRESSION: keras.layers.Dense(1, name=REGRESSION)(x),
        CLASSIFICATION: keras.layers.Dense(num_classes, activation="softmax", name=CLASSIFICATION)(x),
    }
    return keras.Model(inputs, outputs, name="multi_task")


def compile_model(
    model: keras.Model,
    *,
    learning_rate: float = 0.001,
    loss_weights: Mapping[str, float] | None = None,
    jit_compile: bool | str = "auto",
) -> None:
    """Compiles a two-headed model with Adam and the loss and metric of each head, in place.

    Args:
        model: a model with the outputs `regression_output` and `classification_output`.
        learning_rate: Adam's learning rate.
        loss_weights: output name -> weight of its loss in the sum; 1 each when left out.
        jit_compile: whether XLA compiles the training step; Keras's "auto" does not on a CPU.
    """
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=dict(HEAD_LOSSES),
        loss_weights=dict(loss_weights) if loss_weights else None,
        metrics={REGRESSION: ["mae"], CLASSIFICATION: ["accuracy"]},
        jit_compile=jit_compile,
    )


@keras.saving.register_keras_serializable("mtl")
class FeatureEncoder(keras.layers.Layer):
    """Joins the transformed columns of a row into one vector for the trunk.

    Numbers pass as they are; each column of `indicators` adds its missing-value flag; the categories of a row light
    up their places in one vector.

    Args:
        indicators: positions in `missing` of the columns that had missing values in train.
        categories: number of places that `categorical` can point to.

    Input shape:
        A dict with any of `numeric` float32 [B, N], `missing` float32 [B, N], `categorical` int64 [B, C].

    Output shape:
        float32 [B, N + len(indicators) + categories].
    """

    def __init__(self, indicators: Sequence[int], categories: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.indicators = list(indicators)
        self.categories = categories

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Returns the joined vector of each row."""
        parts = []
        if NUMERIC in inputs:
            parts.append(inputs[NUMERIC])
        if self.indicators:
            parts.append(keras.ops.take(inputs[MISSING], self.indicators, axis=1))
        if self.categories:
            parts.append(keras.ops.multi_hot(inputs[CATEGORICAL], self.categories, dtype="float32"))
        return keras.ops.concatenate(parts, axis=1)

    def compute_output_shape(self, input_shape: Mapping[str, tuple[int | None, ...]]) -> tuple[int | None, int]:
        """Returns (B, width of the joined vector)."""
        batch = next(iter(input_shape.values()))[0]
        numeric = input_shape[NUMERIC][1] if NUMERIC in input_shape else 0
        return batch, (numeric or 0) + len(self.indicators) + self.categories

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {"indicators": self.indicators, "categories": self.categories}
        return super().get_config() | own


def build_table_model(
    columns: Mapping[str, int],
    indicators: Sequence[int],
    categories: int,
    num_classes: int,
    *,
    hidden: Sequence[int],
    dropout: float,
    l2: float,
    model_class: type[keras.Model] = keras.Model,
) -> keras.Model:
    """Builds the network on transformed columns: the encoder, then that of `build_multi_task_model`.

    Args:
        columns: tensor name (`numeric`, `missing`, `categorical`) -> number of columns.
        indicators: see `FeatureEncoder`.
        categories: see `FeatureEncoder`.
        num_classes: number of classes K.
        hidden: see `build_multi_task_model`.
        dropout: see `build_multi_task_model`.
        l2: see `build_multi_task_model`.
        model_class: class of the result, for another training step.

    Returns:
        An uncompiled model from a dict of tensors [B, columns] to the two outputs.
    """
    inputs = {
        name: keras.Input((width,), name=name, dtype="int64" if name == CATEGORICAL else "float32")
        for name, width in columns.items()
    }
    encoded = FeatureEncoder(indicators, categories, name="features")(inputs)
    network = _shared_bottom((encoded.shape[1],), num_classes, hidden, dropout, l2)
    return model_class(inputs, network(encoded), name="table")
