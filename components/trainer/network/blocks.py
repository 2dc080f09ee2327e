"""Stacks of layers: what trunks, experts and heads are built from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from components.trainer.network.architecture import Architecture
from components.trainer.network.members import SharedDense

_NORMALISATION = {"layer": keras.layers.LayerNormalization, "batch": keras.layers.BatchNormalization}


def stack(x: keras.KerasTensor, hidden: Sequence[int], architecture: Architecture, name: str) -> keras.KerasTensor:
    """Puts one block per entry of `hidden` on x.

    A plain block is a dense layer, normalisation if asked for, relu, dropout. A residual block adds its input, through
    a linear layer where the widths differ: `x + dropout(relu(norm(W x + b)))` (He et al. 2016; for tables, Gorishniy
    et al. 2021).

    Args:
        x: float32 [B, D]; with members [B, M, D], or [B, D] as long as no layer has divided it among them.
        hidden: units of each block.
        architecture: block, normalisation, dropout, L2 and members.
        name: put before the layers' names.

    Returns:
        float32 [B, last entry of `hidden`], with members [B, M, last entry of `hidden`]; or x for none.
    """
    for position, units in enumerate(hidden):
        x = _block(x, units, architecture, f"{name}_{position}")
    return x


def dense(x: keras.KerasTensor, units: int, members: int, **options: Any) -> keras.KerasTensor:
    """Puts a dense layer on x, one that also divides x among the members where that is still to be done.

    Args:
        x: float32 [B, D], or [B, M, D].
        units: outputs U.
        members: number of members M; 1 is an ordinary network.
        options: as of `keras.layers.Dense`.

    Returns:
        float32 [B, U], with members [B, M, U].
    """
    if members > 1 and len(x.shape) == 2:
        return SharedDense(units, members, **options)(x)
    return keras.layers.Dense(units, **options)(x)


def _block(x: keras.KerasTensor, units: int, architecture: Architecture, name: str) -> keras.KerasTensor:
    penalty = keras.regularizers.L2(architecture.l2) if architecture.l2 else None
    y = dense(x, units, architecture.members, name=name, kernel_regularizer=penalty)
    if architecture.normalisation != "none":
        y = _NORMALISATION[architecture.normalisation](name=f"{name}_norm")(y)
    y = keras.layers.ReLU(name=f"{name}_relu")(y)
    if architecture.dropout:
        # Members of an ensemble drop the same units: random numbers would cost as much as all the rest.
        shape = (None, *(1 for _ in y.shape[1:-1]), units)
        y = keras.layers.Dropout(architecture.dropout, noise_shape=shape, name=f"{name}_dropout")(y)
    if architecture.block == "residual":
        if x.shape[1:] != y.shape[1:]:
            x = dense(x, units, architecture.members, name=f"{name}_skip", use_bias=False, kernel_regularizer=penalty)
        y = keras.layers.Add(name=f"{name}_add")([x, y])
    return y
