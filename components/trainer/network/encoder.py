"""From the transformed columns of a row to the one vector that the trunk takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from components.shared.tensor_names import CATEGORICAL, MISSING, NUMERIC
from components.trainer.network.architecture import Architecture
from components.trainer.network.numeric_features import Periodic, PiecewiseLinear, SmoothClip, bin_edges, robust_scales

_SAMPLE = 500_000


@dataclass(frozen=True)
class FeatureSpace:
    """What the encoder knows of the train split.

    Args:
        columns: tensor name (`numeric`, `missing`, `categorical`) -> number of columns.
        indicators: positions in `missing` of the columns that had missing values.
        owners: the text column that each place `categorical` can point to belongs to.
        edges: bins of each numeric column; see `bin_edges`.
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
            owners: the text column that each place `categorical` can point to belongs to.
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
        """Returns the network's inputs by name, [B, columns] each."""
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
        inputs: what `FeatureSpace.inputs` returned.
        space: what is known of the train split.
        architecture: how numbers and categories are encoded.
        prefix: put before the layers' names.

    Returns:
        float32 [B, D]: the numbers, the missing-value flags, the categories.
    """
    parts = []
    if NUMERIC in inputs:
        parts += _numbers(inputs[NUMERIC], space, architecture, prefix)
    if space.indicators:
        parts.append(keras.ops.take(inputs[MISSING], np.asarray(space.indicators, np.int32), axis=1))
    if space.owners:
        parts.append(_categories(inputs[CATEGORICAL], space, architecture, prefix))
    return keras.layers.Concatenate(name=f"{prefix}features")(parts) if len(parts) > 1 else parts[0]


def _numbers(
    numbers: keras.KerasTensor, space: FeatureSpace, architecture: Architecture, prefix: str
) -> list[keras.KerasTensor]:
    if architecture.number_encoding == "plain":
        return [numbers]
    clipped = SmoothClip(space.centres, space.scales, name=f"{prefix}smooth_clip")(numbers)
    if architecture.number_encoding == "piecewise_linear" and any(space.edges):
        return [clipped, PiecewiseLinear(space.edges, name=f"{prefix}piecewise_linear")(numbers)]
    if architecture.number_encoding == "periodic":
        periodic = Periodic(architecture.frequencies, architecture.embedding_size, name=f"{prefix}periodic")
        return [clipped, periodic(clipped)]
    return [clipped]


def _categories(
    places: keras.KerasTensor, space: FeatureSpace, architecture: Architecture, prefix: str
) -> keras.KerasTensor:
    if architecture.category_encoding == "one_hot":
        return OneHot(space.owners, name=f"{prefix}one_hot")(places)
    embedding = keras.layers.Embedding(len(space.owners), architecture.embedding_size, name=f"{prefix}embedding")
    return keras.layers.Flatten(name=f"{prefix}embedded")(embedding(places))


@keras.saving.register_keras_serializable("mtl")
class OneHot(keras.layers.Layer):
    """All places of all text columns, 1 where a row's text of that column is the one that the place stands for.

    Each place looks at its own column alone, so that memory is that of the result, however many columns there are.

    Args:
        owners: the column that each of P places belongs to.

    Input shape:
        int64 [B, C], the place of each column's text.

    Output shape:
        float32 [B, P].
    """

    def __init__(self, owners: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.owners = list(owners)

    def call(self, inputs: Any) -> Any:
        """Returns the encoded columns."""
        own = keras.ops.take(keras.ops.cast(inputs, "int32"), np.asarray(self.owners, np.int32), axis=1)
        return keras.ops.cast(keras.ops.equal(own, np.arange(len(self.owners), dtype=np.int32)), "float32")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, P)."""
        return input_shape[0], len(self.owners)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"owners": self.owners}
