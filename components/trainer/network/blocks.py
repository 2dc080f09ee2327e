"""Stacks of layers: what trunks, experts and heads are built from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from components.shared.implementations import implementation
from components.trainer.choices import BLOCKS, NORMALISATIONS
from components.trainer.network.architecture import Architecture
from components.trainer.network.members import SharedDense

Join = Callable[[keras.KerasTensor, keras.KerasTensor, Architecture, str], keras.KerasTensor]
"""Takes a block's input, its layer's output [B, U] or [B, M, U], the architecture and a prefix of layer names; returns
the block's output, of the shape of the layer's output."""


def stack(x: keras.KerasTensor, hidden: Sequence[int], architecture: Architecture, name: str) -> keras.KerasTensor:
    """Puts one block per entry of `hidden` on x.

    A plain block is a dense layer, normalisation if asked for, relu, dropout; other kinds join its input and output.

    Args:
        x: float32 [B, D]; with members [B, M, D], or [B, D] as long as no layer has divided it among them.
        hidden: units of each block.
        architecture: block, normalisation, dropout, L2 and members.
        name: put before the layers' names.

    Returns:
        float32 [B, H] with H the last entry of `hidden`, with members [B, M, H]; x itself where `hidden` is empty.
    """
    for position, units in enumerate(hidden):
        x = _block(x, units, architecture, f"{name}_{position}")
    return x


def dense(x: keras.KerasTensor, units: int, architecture: Architecture, **options: Any) -> keras.KerasTensor:
    """Puts a dense layer on x, one that also divides x among the members where that is still to be done.

    Args:
        x: float32 [B, D], or [B, M, D].
        units: outputs U.
        architecture: members; 1 is an ordinary network.
        options: as of `keras.layers.Dense`.

    Returns:
        float32 [B, U], with members [B, M, U].
    """
    if architecture.members > 1 and len(x.shape) == 2:
        return SharedDense(units, architecture.members, architecture.members_per_row, **options)(x)
    return keras.layers.Dense(units, **options)(x)


def residual(x: keras.KerasTensor, y: keras.KerasTensor, architecture: Architecture, name: str) -> keras.KerasTensor:
    """Adds a block's input to its output, `x + dropout(relu(norm(W x + b)))`.

    See He et al. 2016; for tables, Gorishniy et al. 2021.

    Args:
        x: the input, float32 [B, D] or [B, M, D]; a linear layer brings it to the shape of y where they differ.
        y: the output, float32 [B, U] or [B, M, U].
        architecture: L2 and members.
        name: put before the layers' names.

    Returns:
        float32 of the shape of y.
    """
    if x.shape[1:] != y.shape[1:]:
        options = {"use_bias": False, "kernel_regularizer": _penalty(architecture)}
        x = dense(x, y.shape[-1], architecture, name=f"{name}_skip", **options)
    return keras.layers.Add(name=f"{name}_add")([x, y])


def _penalty(architecture: Architecture) -> keras.Regularizer | None:
    return keras.regularizers.L2(architecture.l2) if architecture.l2 else None


def _block(x: keras.KerasTensor, units: int, architecture: Architecture, name: str) -> keras.KerasTensor:
    y = dense(x, units, architecture, name=name, kernel_regularizer=_penalty(architecture))
    if normalisation := implementation(NORMALISATIONS[architecture.normalisation]):
        y = normalisation(name=f"{name}_norm")(y)
    y = keras.layers.ReLU(name=f"{name}_relu")(y)
    if architecture.dropout:
        # Members of an ensemble drop the same units: random numbers would cost as much as all the rest.
        shape = (None, *(1 for _ in y.shape[1:-1]), units)
        y = keras.layers.Dropout(architecture.dropout, noise_shape=shape, name=f"{name}_dropout")(y)
    join: Join | None = implementation(BLOCKS[architecture.block])
    return join(x, y, architecture, name) if join else y
