"""Every name that `model` and `training` of the configuration can take, and the code behind it.

To add one, write its function or class and one entry here. Nothing here imports TensorFlow, so that a configuration is
checked in no time; the trainer loads the code of what is chosen (`components.shared.implementations`).
"""

from __future__ import annotations

from components.shared.registry import Choice, Registry

AUTO, SHARED_BOTTOM, SEPARATE = "auto", "shared_bottom", "separate"
FIXED = "fixed"

TRUNKS = Registry(
    Choice(
        SHARED_BOTTOM,
        "both heads share its layers",
        "Caruana 1997",
        implementation="components.trainer.network.trunks:shared_bottom",
        searched=True,
    ),
    Choice(
        "mmoe",
        "shared experts, mixed by a gate per head",
        "Ma et al. 2018",
        implementation="components.trainer.network.trunks:mmoe",
        searched=True,
    ),
    Choice(
        "ple",
        "shared experts and some of each head's own",
        "Tang et al. 2020",
        implementation="components.trainer.network.trunks:ple",
        searched=True,
    ),
    Choice(
        SEPARATE,
        "each head has layers of its own",
        implementation="components.trainer.network.trunks:separate",
        searched=True,
    ),
    # No network of its own: `fit` decides between the two.
    Choice(AUTO, f"`{SHARED_BOTTOM}` or `{SEPARATE}`, whichever suits the validation rows", "Vandenhende et al. 2020"),
)
"""What the heads share. An implementation is a `components.trainer.network.trunks.Trunk`."""

BALANCERS = Registry(
    # No balancer: Keras's own step, which also trains on several devices.
    Choice(FIXED, "fixed weights", searched=True),
    Choice(
        "uncertainty",
        "uncertainty weighting",
        "Kendall et al. 2018",
        implementation="components.trainer.balancing.uncertainty:UncertaintyWeighting",
        searched=True,
    ),
    Choice(
        "dwa",
        "dynamic weight averaging",
        "Liu et al. 2019",
        implementation="components.trainer.balancing.dwa:DynamicWeightAveraging",
        searched=True,
    ),
    Choice(
        "gradnorm",
        "GradNorm",
        "Chen et al. 2018",
        implementation="components.trainer.balancing.gradnorm:GradNorm",
        searched=True,
    ),
    Choice(
        "pcgrad",
        "PCGrad, which takes the conflict out of the gradients",
        "Yu et al. 2020",
        implementation="components.trainer.balancing.pcgrad:PCGrad",
        searched=True,
    ),
    Choice("famo", "FAMO", "Liu et al. 2023", implementation="components.trainer.balancing.famo:Famo", searched=True),
)
"""How two losses share one network. An implementation is a `components.trainer.balancing.balancer.Balancer`."""

NUMBER_ENCODINGS = Registry(
    Choice(
        "plain",
        "standardised",
        implementation="components.trainer.network.encoder:standardised",
        searched=True,
    ),
    Choice(
        "robust",
        "scaled by median and quartiles, and smoothly clipped",
        "Holzmüller et al. 2024",
        implementation="components.trainer.network.encoder:robust",
    ),
    Choice(
        "piecewise_linear",
        "`robust`, and the share of each quantile bin that lies below the number",
        "Gorishniy et al. 2022",
        implementation="components.trainer.network.encoder:piecewise_linear",
        searched=True,
    ),
    Choice(
        "periodic",
        "`robust`, and an embedding by learnt frequencies",
        "Gorishniy et al. 2022",
        implementation="components.trainer.network.encoder:periodic",
    ),
)
"""How numbers enter. An implementation is a `components.trainer.network.encoder.NumberEncoding`."""

CATEGORY_ENCODINGS = Registry(
    Choice("one_hot", "one input per text", implementation="components.trainer.network.encoder:one_hot"),
    Choice("embedding", "a learnt vector per text", implementation="components.trainer.network.encoder:embedding"),
)
"""How categories enter. An implementation is a `components.trainer.network.encoder.CategoryEncoding`."""

BLOCKS = Registry(
    Choice("plain", "dense layer, normalisation, relu, dropout"),
    Choice(
        "residual",
        "adds its input to each layer's output",
        "He et al. 2016",
        implementation="components.trainer.network.blocks:residual",
    ),
)
"""What the trunk and the heads' own layers are stacked from. An implementation is a
`components.trainer.network.blocks.Join`; without one, a layer's output is all there is."""

NORMALISATIONS = Registry(
    Choice("none", "no normalisation"),
    Choice("layer", "layer normalisation", "Ba et al. 2016", implementation="keras.layers:LayerNormalization"),
    Choice("batch", "batch normalisation", "Ioffe & Szegedy 2015", implementation="keras.layers:BatchNormalization"),
)
"""What stands before each relu. An implementation is a Keras layer without arguments."""

REGRESSION_LOSSES = Registry(
    Choice("mse", "squared error, whose best answer is the mean", implementation="components.trainer.losses:squared"),
    Choice(
        "mae", "absolute error, whose best answer is the median", implementation="components.trainer.losses:absolute"
    ),
    Choice(
        "huber",
        "squared up to `huber_delta`, absolute beyond",
        "Huber 1964",
        implementation="components.trainer.losses:huber",
    ),
    Choice("log_cosh", "log cosh, a smooth absolute error", implementation="components.trainer.losses:log_cosh"),
    Choice(
        "quantile",
        "pinball loss, whose best answer is the `quantile`",
        "Koenker & Bassett 1978",
        implementation="components.trainer.losses:pinball",
    ),
)
"""Loss of the standardised regression label. An implementation is a `components.trainer.losses.OfError`."""
