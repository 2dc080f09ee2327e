"""The sections `model`, `training` and `intervals` of the configuration: the network and how it learns.

Their defaults are the preset `default`; `pipeline.config.presets` has the others.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.base import Fraction, Section


class Model(Section):
    """The network: what its heads share, and how it reads numbers and categories."""

    trunk: Literal["shared_bottom", "mmoe", "ple", "separate", "auto"] = "auto"
    """What the heads share: `shared_bottom`, all layers (Caruana 1997); `mmoe`, experts mixed by a gate per head (Ma et
    al. 2018); `ple`, shared experts and some of each head's own (Tang et al. 2020); `separate`, nothing; `auto`
    begins with `shared_bottom`, then trains each head alone, and keeps what it has of its own where a head loses 1 % of
    its validation loss by sharing; with at least 1,000 validation rows, else it is `shared_bottom`; with more than
    65,536 train rows only where the best epoch of both is not that of each."""
    hidden: list[Annotated[int, Field(ge=1, le=16_384)]] = [128]
    """Units of each relu layer of the trunk; of each expert in `mmoe`, of each level's experts in `ple`."""
    head_hidden: list[Annotated[int, Field(ge=1, le=16_384)]] = [128]
    """Units of each relu layer that a head has to itself, after the trunk."""
    experts: Annotated[int, Field(ge=1, le=64)] = 4
    """Experts of `mmoe`; of each kind and level in `ple`."""
    block: Literal["plain", "residual"] = "plain"
    """`residual` adds its input to each layer's output."""
    normalisation: Literal["none", "layer", "batch"] = "none"
    """Normalisation before each relu."""
    number_encoding: Literal["plain", "robust", "piecewise_linear", "periodic"] = "piecewise_linear"
    """How numbers enter: `plain`, standardised; `robust`, scaled by median and quartiles and smoothly clipped
    (Holzmüller et al. 2024); `piecewise_linear` and `periodic` embed them besides (Gorishniy et al. 2022)."""
    bins: Annotated[int, Field(ge=2, le=256)] = 32
    """Bins per number of `piecewise_linear`, at most."""
    frequencies: Annotated[int, Field(ge=1, le=256)] = 16
    """Frequencies per number of `periodic`."""
    category_encoding: Literal["one_hot", "embedding"] = "one_hot"
    """How categories enter."""
    embedding_size: Annotated[int, Field(ge=1, le=1024)] = 16
    """Length of a category's `embedding` and of a number's `periodic` one."""
    members: Annotated[int, Field(ge=1, le=64)] = 8
    """Members of the batch ensemble: so many networks that share their layers, in the manner of TabM (Gorishniy et al.
    2025); the answer is their mean."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each layer's outputs dropped while training, but for the class's own layers. A number that follows
    closely from its features pays for it."""
    class_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """The same for the class's own layers (`head_hidden`)."""
    l2: Annotated[float, Field(ge=0)] = 0.0
    """L2 penalty on the kernels of the relu layers."""


class Training(Section):
    """How the network is fitted."""

    epochs: Annotated[int, Field(ge=1)] = 200
    """At most this many passes over the train split."""
    batch_size: Annotated[int, Field(ge=1)] | None = None
    """Rows per step; null: the power of two from 32 to 512 that gives about 64 steps per epoch."""
    learning_rate: Annotated[float, Field(gt=0)] = 0.002
    """Adam's learning rate."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0003
    """Decoupled weight decay of the kernels (AdamW)."""
    ema_epochs: Annotated[float, Field(ge=0)] = 1.0
    """How many epochs the moving average of the weights reaches back (cf. Polyak & Juditsky 1992). The average is what
    the validation split judges and what is kept; 0: the weights themselves."""
    patience: Annotated[int, Field(ge=1)] = 6
    """Stop after this many epochs without a lower sum of mean absolute error (standardised) and log loss on the
    validation split; the weights of the best epoch are kept."""
    plateau: Annotated[int, Field(ge=0)] = 3
    """After this many epochs in which that sum did not fall by 0.1 % go on from the best weights with 0.3 times the
    learning rate, or stop where that gained nothing the last time; 0: never."""
    balancing: Literal["fixed", "uncertainty", "dwa", "gradnorm", "pcgrad", "famo"] = "fixed"
    """How the two losses share the network: `fixed` weights; `uncertainty` (Kendall et al. 2018), `dwa` (Liu et al.
    2019), `gradnorm` (Chen et al. 2018), `famo` (Liu et al. 2023) set them as they go; `pcgrad` (Yu et al. 2020)
    takes the conflict out of the gradients. All but `fixed` train on one device."""
    regression_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the regression loss; a balancer's weight multiplies it."""
    classification_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the classification loss; a balancer's weight multiplies it."""
    regression_loss: Literal["mse", "mae", "huber", "log_cosh", "quantile"] = "mae"
    """Loss of the standardised number: with `mae` the answer is the median to be expected, with `mse` the mean."""
    huber_delta: Annotated[float, Field(gt=0)] = 1.0
    """Where `huber` turns from squared to absolute, in standard deviations of the label."""
    quantile: Fraction = 0.5
    """Which quantile `quantile` predicts."""
    focal_gamma: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Focus of the classification loss on rows that are not yet right (Lin et al. 2017); 0 is cross-entropy."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the class label that is spread over all classes."""
    class_weights: Literal["none", "balanced"] | dict[str, Annotated[float, Field(ge=0)]] = "none"
    """Weight of each class in the classification loss: `balanced`, inverse to its rows; or class: weight, 1 for those
    left out."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of initial weights, shuffling and dropout."""
    memory_mb: Annotated[int, Field(ge=1)] = 4096
    """MiB of the train split's features that are kept in memory; larger ones go to a temporary file, from which
    training streams them in chunks."""


class Intervals(Section):
    """The intervals that come with every predicted number; they need a calibration split."""

    coverage: Fraction = 0.9
    """Share of the true numbers that the intervals are to hold."""
    method: Literal["split", "cqr"] = "split"
    """`split`: equally wide for all rows (split conformal prediction; Lei et al. 2018); `cqr`: wide where the data is
    uncertain, by two quantiles learnt beside the number (conformalised quantile regression; Romano et al. 2019)."""
