"""From the transformed columns of a row to the one vector that the trunk takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from components.shared.implementations import implementation
from components.shared.tensor_names import CATEGORICAL, MISSING, NUMERIC
from components.trainer.choices import CATEGORY_ENCODINGS, NUMBER_ENCODINGS
from components.trainer.network.architecture import Architecture
from components.trainer.network.numeric_features import Periodic, PiecewiseLinear, SmoothClip, bin_edges, robust_scales

_SAMPLE = 500_000


@dataclass(frozen=True)
class FeatureSpace:
    """What the encoder knows of the train split.

    Args:
        columns: tensor name (`numeric`, `missing`, `categorical`) -> number of columns.
        indicators: positions in `missing` of the columns that had missing values.
        owners: for each of the V entries of the vocabulary, which `categorical` holds indices into, the position of
            its text column.
        edges: bin edges of each of the N numeric columns; see `bin_edges`.
        centres: median of each numeric column.
        scales: interquartile range of each numeric column.
    """

    columns: Mapping[str, int]
    indicators: list[int] = field(default_factory=list)
    owners: Sequence[int] = ()
    edges: list[list[float]] = field(default_factory=list)
    centres: list[float] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, features: Mapping[str, np.ndarray], owners: Sequence[int], bins: int) -> FeatureSpace:
        """Learns it from train rows.

        Args:
            features: `numeric`, `missing` float32 [n, N], `categorical` int64 [n, C]; any may be absent.
            owners: the text column of each of the V entries of the vocabulary.
            bins: bins per numeric column, at most.
        """
        columns = {name: values.shape[1] for name, values in features.items()}
        missing = features.get(MISSING)
        indicators = [] if missing is None else np.flatnonzero(missing.any(axis=0)).tolist()
        if NUMERIC not in features:
            return cls(columns, indicators, owners)
        # Quantiles need no more rows than this, evenly spread.
        some = slice(None, None, -(-len(features[NUMERIC]) // _SAMPLE))
        numbers, missing = np.array(features[NUMERIC][some]), missing if missing is None else np.array(missing[some])
        return cls(columns, indicators, owners, bin_edges(numbers, missing, bins), *robust_scales(numbers, missing))

    def inputs(self) -> dict[str, keras.KerasTensor]:
        """Returns the network's inputs by name: `numeric`, `missing` float32 [B, N], `categorical` int64 [B, C]."""
        types = {CATEGORICAL: "int64"}
        return {
            name: keras.Input((width,), name=name, dtype=types.get(name, "float32"))
            for name, width in self.columns.items()
        }


def encode(
    inputs: Mapping[str, keras.KerasTensor], space: FeatureSpace, architecture: Architecture, prefix: str = ""
) -> keras.KerasTensor:
    """Joins the columns of a row into one vector.

    Args:
        inputs: what `FeatureSpace.inputs` returned: float32 [B, N] and [B, N], int64 [B, C].
        space: what is known of the train split.
        architecture: how numbers and categories are encoded.
        prefix: put before the layers' names.

    Returns:
        float32 [B, D]: the encoded numbers, a flag for each column that had missing values, the encoded categories.
        Members share it; the first layer of a stack divides it among them (`blocks.dense`).
    """
    parts = []
    if NUMERIC in inputs:
        numbers: NumberEncoding = implementation(NUMBER_ENCODINGS[architecture.number_encoding])
        parts += numbers(inputs[NUMERIC], space, architecture, prefix)
    if space.indicators:
        parts.append(keras.ops.take(inputs[MISSING], np.asarray(space.indicators, np.int32), axis=1))
    if space.owners:
        categories: CategoryEncoding = implementation(CATEGORY_ENCODINGS[architecture.category_encoding])
        parts.append(categories(inputs[CATEGORICAL], space, architecture, prefix))
    return keras.layers.Concatenate(name=f"{prefix}features")(parts) if len(parts) > 1 else parts[0]


NumberEncoding = Callable[[keras.KerasTensor, FeatureSpace, Architecture, str], list[keras.KerasTensor]]
"""Takes the standardised numbers float32 [B, N], 0 where missing, what is known of the train split, the architecture
and a prefix of layer names; returns tensors float32 [B, any width], which are put side by side."""


def standardised(
    numbers: keras.KerasTensor, space: FeatureSpace, architecture: Architecture, prefix: str
) -> list[keras.KerasTensor]:
    """Leaves the numbers as Transform standardised them, [B, N]."""
    del space, architecture, prefix
    return [numbers]


def robust(
    numbers: keras.KerasTensor, space: FeatureSpace, architecture: Architecture, prefix: str
) -> list[keras.KerasTensor]:
    """Scales by median and quartiles and clips smoothly, [B, N]; see `SmoothClip`."""
    del architecture
    return [SmoothClip(space.centres, space.scales, name=f"{prefix}smooth_clip")(numbers)]


def piecewise_linear(
    numbers: keras.KerasTensor, space: FeatureSpace, architecture: Architecture, prefix: str
) -> list[keras.KerasTensor]:
    """Adds piecewise-linear encodings to `robust`, [B, N] and [B, bins of all columns]; see `PiecewiseLinear`."""
    clipped = robust(numbers, space, architecture, prefix)
    if not any(space.edges):
        return clipped
    return [*clipped, PiecewiseLinear(space.edges, name=f"{prefix}piecewise_linear")(numbers)]


def periodic(
    numbers: keras.KerasTensor, space: FeatureSpace, architecture: Architecture, prefix: str
) -> list[keras.KerasTensor]:
    """Adds periodic embeddings to `robust`, [B, N] and [B, N * embedding size]; see `Periodic`."""
    (clipped,) = robust(numbers, space, architecture, prefix)
    layer = Periodic(architecture.frequencies, architecture.embedding_size, name=f"{prefix}periodic")
    return [clipped, layer(clipped)]


CategoryEncoding = Callable[[keras.KerasTensor, FeatureSpace, Architecture, str], keras.KerasTensor]
"""Takes the vocabulary indices int64 [B, C], what is known of the train split, the architecture and a prefix of layer
names; returns float32 [B, any width]."""


def one_hot(
    indices: keras.KerasTensor, space: FeatureSpace, architecture: Architecture, prefix: str
) -> keras.KerasTensor:
    """Gives each of the V entries of the vocabulary an input of its own, [B, V]; see `OneHot`."""
    del architecture
    return OneHot(space.owners, name=f"{prefix}one_hot")(indices)


def embedding(
    indices: keras.KerasTensor, space: FeatureSpace, architecture: Architecture, prefix: str
) -> keras.KerasTensor:
    """Gives each of the V entries of the vocabulary a learnt vector, [B, C * embedding size]."""
    layer = keras.layers.Embedding(len(space.owners), architecture.embedding_size, name=f"{prefix}embedding")
    return keras.layers.Flatten(name=f"{prefix}embedded")(layer(indices))


@keras.saving.register_keras_serializable("mtl")
class OneHot(keras.layers.Layer):
    """One-hot encoding of all text columns, which share one vocabulary: 1 for the entry of each column's text.

    Each entry looks at its own column alone, so that memory is that of the result, however many columns there are.

    Args:
        owners: the text column of each of the V entries of the vocabulary.

    Input shape:
        int64 [B, C], the index in the vocabulary of each column's text.

    Output shape:
        float32 [B, V].
    """

    def __init__(self, owners: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.owners = list(owners)

    def call(self, inputs: Any) -> Any:
        """Returns the encoded columns, float32 [B, V]."""
        own = keras.ops.take(keras.ops.cast(inputs, "int32"), np.asarray(self.owners, np.int32), axis=1)
        return keras.ops.cast(keras.ops.equal(own, np.arange(len(self.owners), dtype=np.int32)), "float32")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, V)."""
        return input_shape[0], len(self.owners)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"owners": self.owners}
