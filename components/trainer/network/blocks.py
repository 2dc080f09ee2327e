"""Stacks of layers: what trunks, experts and heads are built from."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from components.trainer.network.architecture import Architecture

_NORMALISATION = {"layer": keras.layers.LayerNormalization, "batch": keras.layers.BatchNormalization}


def stack(x: keras.KerasTensor, hidden: Sequence[int], architecture: Architecture, name: str) -> keras.KerasTensor:
    """Puts one block per entry of `hidden` on x.

    A plain block is a dense layer, normalisation if asked for, relu, dropout. A residual block adds its input, through
    a linear layer where the widths differ: `x + dropout(relu(norm(W x + b)))` (He et al. 2016; for tables, Gorishniy
    et al. 2021).

    Args:
        x: float32 [B, ..., D].
        hidden: units of each block.
        architecture: block, normalisation, dropout and L2.
        name: put before the layers' names.

    Returns:
        float32 [B, ..., last entry of `hidden`], or x for none.
    """
    for position, units in enumerate(hidden):
        x = _block(x, units, architecture, f"{name}_{position}")
    return x


def _block(x: keras.KerasTensor, units: int, architecture: Architecture, name: str) -> keras.KerasTensor:
    penalty = keras.regularizers.L2(architecture.l2) if architecture.l2 else None
    y = keras.layers.Dense(units, kernel_regularizer=penalty, name=name)(x)
    if architecture.normalisation != "none":
        y = _NORMALISATION[architecture.normalisation](name=f"{name}_norm")(y)
    y = keras.layers.ReLU(name=f"{name}_relu")(y)
    if architecture.dropout:
        # Members of an ensemble drop the same units: random numbers would cost as much as all the rest.
        shape = (None, *(1 for _ in y.shape[1:-1]), units)
        y = keras.layers.Dropout(architecture.dropout, noise_shape=shape, name=f"{name}_dropout")(y)
    if architecture.block == "residual":
        if x.shape[-1] != units:
            x = keras.layers.Dense(units, use_bias=False, kernel_regularizer=penalty, name=f"{name}_skip")(x)
        y = keras.layers.Add(name=f"{name}_add")([x, y])
    return y
