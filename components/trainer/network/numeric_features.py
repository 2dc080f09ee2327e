"""Numbers for a network: what is learnt from the train split, and the layers that apply it.

All of it works on the columns that Transform standardised, [n, N], with 0 where a value is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np

from components.trainer.network.architecture import bins_of_each

# How far, in widths of the outermost bin, a value beyond the train split's range still counts.
_BEYOND = 1.0


def bin_edges(values: np.ndarray, missing: np.ndarray | None, bins: int) -> list[list[float]]:
    """Returns the edges of each column's bins: its quantiles, or its distinct values where these are few.

    Args:
        values: float32 [n, N].
        missing: float32 [n, N], 1 where the value was missing.
        bins: bins per column, at most.

    Returns:
        N lists of at most `bins + 1` ascending edges; empty for a column without spread.
    """
    bins = bins_of_each(bins, values.shape[1])
    edges = []
    for position in range(values.shape[1]):
        present = _present(values, missing, position)
        distinct = np.unique(present)
        if len(distinct) > bins + 1:
            distinct = np.unique(np.quantile(present, np.linspace(0, 1, bins + 1)))
        edges.append(distinct.tolist() if len(distinct) > 1 else [])
    return edges


def robust_scales(values: np.ndarray, missing: np.ndarray | None) -> tuple[list[float], list[float]]:
    """Returns each column's median and its interquartile range, or half its range where that is 0, or 1.

    Args:
        values: float32 [n, N].
        missing: float32 [n, N], 1 where the value was missing.
    """
    centres, scales = [], []
    for position in range(values.shape[1]):
        present = _present(values, missing, position)
        low, centre, high = np.quantile(present, [0.25, 0.5, 0.75]) if len(present) else (0.0, 0.0, 0.0)
        half_range = np.ptp(present) / 2 if len(present) else 0.0
        centres.append(float(centre))
        scales.append(float(high - low) or float(half_range) or 1.0)
    return centres, scales


def _present(values: np.ndarray, missing: np.ndarray | None, position: int) -> np.ndarray:
    column = values[:, position]
    return column if missing is None else column[missing[:, position] == 0]


@keras.saving.register_keras_serializable("mtl")
class SmoothClip(keras.layers.Layer):
    """Robust scaling and smooth clipping, `z / sqrt(1 + (z / 3)²)` with `z = (x - median) / IQR`.

    Outliers end between -3 and 3, and the order of values is kept (RealMLP, Holzmüller et al. 2024).

    Args:
        centres: median of each column.
        scales: interquartile range of each column.

    Input and output shape:
        float32 [B, N].
    """

    def __init__(self, centres: Sequence[float], scales: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.centres = list(centres)
        self.scales = list(scales)

    def call(self, inputs: Any) -> Any:
        """Returns the clipped columns."""
        scaled = (inputs - np.asarray(self.centres, np.float32)) / np.asarray(self.scales, np.float32)
        return scaled * keras.ops.rsqrt(1.0 + keras.ops.square(scaled / 3.0))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"centres": self.centres, "scales": self.scales}


@keras.saving.register_keras_serializable("mtl")
class PiecewiseLinear(keras.layers.Layer):
    """Piecewise-linear encoding of numbers (Gorishniy, Rubachev & Babenko 2022, section 3.2).

    A column with edges `b_0 < … < b_T` becomes T numbers `(x - b_{t-1}) / (b_t - b_{t-1})`, clipped to [0, 1]; the
    first is not clipped below and the last not above, up to one width beyond the range seen in train.

    Args:
        edges: ascending edges of each column; none leave the column out.

    Input shape:
        float32 [B, N].

    Output shape:
        float32 [B, number of bins of all columns].
    """

    def __init__(self, edges: Sequence[Sequence[float]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.edges = [list(column) for column in edges]
        counts = [max(len(column) - 1, 0) for column in self.edges]
        self._column = np.repeat(np.arange(len(counts)), counts).astype("int32")
        pairs = [(low, high) for column in self.edges for low, high in pairwise(column)]
        self._low = np.array([low for low, _ in pairs], np.float32)
        self._width = np.array([high - low for low, high in pairs], np.float32)
        firsts = [place == 0 for count in counts for place in range(count)]
        lasts = [place == count - 1 for count in counts for place in range(count)]
        self._least = np.where(firsts, -_BEYOND, 0.0).astype("float32")
        self._most = np.where(lasts, 1.0 + _BEYOND, 1.0).astype("float32")

    def call(self, inputs: Any) -> Any:
        """Returns the encoded columns, one after the other."""
        share = (keras.ops.take(inputs, self._column, axis=1) - self._low) / self._width
        return keras.ops.minimum(keras.ops.maximum(share, self._least), self._most)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, number of bins)."""
        return input_shape[0], len(self._column)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"edges": self.edges}


@keras.saving.register_keras_serializable("mtl")
class Periodic(keras.layers.Layer):
    """Periodic embedding of numbers (Gorishniy, Rubachev & Babenko 2022, section 3.3, "PLR").

    Each column has its own learnt frequencies c, starting from N(0, σ²): `relu(W [sin 2πcx, cos 2πcx] + b)`, with W and
    b of its own.

    Args:
        frequencies: number of frequencies k.
        size: length of the embedding.
        sigma: σ, standard deviation of the first frequencies.

    Input shape:
        float32 [B, N].

    Output shape:
        float32 [B, N * size].
    """

    def __init__(self, frequencies: int, size: int, sigma: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.frequencies = frequencies
        self.size = size
        self.sigma = sigma

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the frequencies and the linear layer of each column."""
        columns = input_shape[1]
        random = keras.initializers.RandomNormal(stddev=self.sigma)
        uniform = keras.initializers.VarianceScaling(mode="fan_in", distribution="uniform")
        self.rates = self.add_weight(shape=(columns, self.frequencies), initializer=random, name="rates")
        self.kernel = self.add_weight(
            shape=(columns, 2 * self.frequencies, self.size),
            initializer=lambda shape, dtype: keras.ops.stack([uniform(shape[1:], dtype) for _ in range(shape[0])]),
            name="kernel",
        )
        self.bias = self.add_weight(shape=(columns, self.size), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Returns the embedded columns, one after the other."""
        angle = 2 * np.pi * keras.ops.expand_dims(inputs, 2) * self.rates
        waves = keras.ops.concatenate([keras.ops.sin(angle), keras.ops.cos(angle)], axis=2)
        embedded = keras.ops.relu(keras.ops.einsum("bnk,nks->bns", waves, self.kernel) + self.bias)
        return keras.ops.reshape(embedded, (-1, inputs.shape[1] * self.size))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (B, N * size)."""
        return input_shape[0], (input_shape[1] or 0) * self.size

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {"frequencies": self.frequencies, "size": self.size, "sigma": self.sigma}
        return super().get_config() | own
