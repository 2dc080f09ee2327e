"""What the network is made of: the `model` section of the configuration, as the trainer reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

AUTO, SHARED_BOTTOM, SEPARATE = "auto", "shared_bottom", "separate"
"""Trunks: with `AUTO`, `fit` decides between the other two."""


@dataclass(frozen=True)
class Architecture:
    """The `model` section; the defaults are the seed network.

    Args:
        trunk: `shared_bottom`, `mmoe`, `ple`, `separate`, or `AUTO`.
        hidden: units of each layer of the trunk.
        head_hidden: units of each layer that a head has to itself.
        experts: experts of `mmoe`; of each kind in `ple`.
        block: `plain` or `residual`.
        normalisation: `none`, `layer` or `batch`, before each activation.
        number_encoding: `plain`, `robust`, `piecewise_linear` or `periodic`.
        bins: bins of a piecewise-linear encoding, at most.
        frequencies: frequencies of a periodic embedding.
        category_encoding: `one_hot` or `embedding`.
        embedding_size: length of a category's or a number's learnt embedding.
        members: members of the batch ensemble; 1 is an ordinary network.
        dropout: share of each layer's outputs dropped in training, but for the class's own layers.
        class_dropout: the same for the class's own layers.
        l2: L2 penalty on the kernels of the trunk.
    """

    trunk: str = SHARED_BOTTOM
    hidden: Sequence[int] = (128, 64)
    head_hidden: Sequence[int] = ()
    experts: int = 4
    block: str = "plain"
    normalisation: str = "none"
    number_encoding: str = "plain"
    bins: int = 32
    frequencies: int = 16
    category_encoding: str = "one_hot"
    embedding_size: int = 16
    members: int = 1
    dropout: float = 0.0
    class_dropout: float = 0.0
    l2: float = 0.0
