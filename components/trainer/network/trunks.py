"""What the two heads share, and what they do not: the trunks of `model.trunk`.

Layers that serve one head alone bear the name of that head's output, which is how `is_shared` tells them. H stands for
the last entry of `architecture.hidden`; where `hidden` is empty, a trunk returns the encoded rows [B, D] as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from components.shared.head_outputs import OUTPUTS
from components.trainer.network.architecture import Architecture
from components.trainer.network.blocks import dense, stack

Features = Callable[[str], keras.KerasTensor]
"""Takes a prefix of layer names and returns the encoded rows, float32 [B, D]; each call makes an encoder of its own."""
Trunk = Callable[[Features, Architecture], list[keras.KerasTensor]]
"""Takes the features and the architecture; returns what each head works on, in the order of `OUTPUTS`: float32 [B, H],
with M members [B, M, H]."""


def shared_bottom(features: Features, architecture: Architecture) -> list[keras.KerasTensor]:
    """Lets both heads see the same layers (Caruana 1997).

    Returns:
        The same tensor twice, float32 [B, H], with members [B, M, H].
    """
    x = stack(features(""), architecture.hidden, architecture, "shared")
    return [x, x]


def separate(features: Features, architecture: Architecture) -> list[keras.KerasTensor]:
    """Gives each head a network of its own; nothing is shared but the optimizer's steps.

    Returns:
        For each head float32 [B, H], with members [B, M, H].
    """
    return [stack(features(f"{head}_"), architecture.hidden, architecture, f"{head}_trunk") for head in OUTPUTS]


def mmoe(features: Features, architecture: Architecture) -> list[keras.KerasTensor]:
    """Mixes shared experts by a gate per head, `Σ_i softmax(W_h x)_i f_i(x)` (MMoE, Ma et al. 2018).

    Returns:
        For each head float32 [B, H], with members [B, M, H], each of which has gates of its own scaling.
    """
    x = features("")
    experts = [stack(x, architecture.hidden, architecture, f"expert_{place}") for place in range(architecture.experts)]
    return [_gated(x, experts, architecture, f"{head}_gate") for head in OUTPUTS]


def ple(features: Features, architecture: Architecture) -> list[keras.KerasTensor]:
    """Adds experts of each head's own, level by level (progressive layered extraction, Tang et al. 2020).

    Each entry of `hidden` is one level with `experts` shared experts and as many for each head. A head's gate mixes its
    own and the shared ones; the shared path of the next level mixes all of them.

    Returns:
        For each head float32 [B, H], with members [B, M, H].
    """
    shared = features("")
    own = [shared] * len(OUTPUTS)
    for level, units in enumerate(architecture.hidden):

        def experts(x: keras.KerasTensor, name: str, units: int = units) -> list[keras.KerasTensor]:
            return [stack(x, [units], architecture, f"{name}_{place}") for place in range(architecture.experts)]

        common = experts(shared, f"level_{level}_expert")
        theirs = [experts(x, f"{head}_level_{level}_expert") for head, x in zip(OUTPUTS, own, strict=True)]
        mixed = [
            _gated(x, [*mine, *common], architecture, f"{head}_level_{level}_gate")
            for head, x, mine in zip(OUTPUTS, own, theirs, strict=True)
        ]
        if level + 1 < len(architecture.hidden):
            everyone = [*common, *(expert for mine in theirs for expert in mine)]
            shared = _gated(shared, everyone, architecture, f"level_{level}_gate")
        own = mixed
    return own


def _gated(
    x: keras.KerasTensor, experts: Sequence[keras.KerasTensor], architecture: Architecture, name: str
) -> keras.KerasTensor:
    """Returns the experts' outputs, float32 [B, H] or [B, M, H], weighed by a softmax over x, [B, D] or [B, M, D]."""
    # Experts without a layer have not divided the rows among the members.
    members = architecture if len(experts[0].shape) == 3 else architecture.model_copy(update={"members": 1})
    shares = keras.ops.softmax(dense(x, len(experts), members, use_bias=False, name=name))
    outputs = keras.ops.stack(list(experts), axis=-2)
    return keras.ops.sum(keras.ops.expand_dims(shares, -1) * outputs, axis=-2)
