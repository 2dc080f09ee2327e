"""How much a network computes: the multiply-adds of its matrix products for one row, without building it.

Every layer of a batch ensemble works once for each member. A product [B, D] × [D, U] has D · U of them per row; what a
network does besides is small beside them. Keras is not needed to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from components.trainer.choices import SEPARATE
from components.trainer.network.architecture import Architecture, bins_of_each


def multiply_adds(
    architecture: Architecture, numbers: int, texts: int, entries: int, classes: int, *, heads: Sequence[int] = (0, 1)
) -> int:
    """Returns the multiply-adds of one row's answer by all members.

    Args:
        architecture: what the network is made of; trunk `auto` counts as the network it begins with.
        numbers: columns of numbers N, elements of vectors among them. Each is taken to have all the bins it may have.
        texts: columns of categories C.
        entries: entries of their vocabularies V.
        classes: classes K.
        heads: which heads it has: 0 for the number, 1 for the class.
    """
    encoding, width = _encoded(architecture, numbers, texts, entries)
    outputs = [(1, classes)[head] for head in heads]
    dense, shared = _trunk(architecture, width, len(outputs))
    for units in outputs:
        head, last = _stack(architecture, shared, architecture.head_hidden)
        dense += head + last * units
    encoders = len(outputs) if architecture.trunk == SEPARATE else 1
    return encoders * encoding + architecture.members * dense


def _encoded(architecture: Architecture, numbers: int, texts: int, entries: int) -> tuple[int, int]:
    """Returns the multiply-adds of the encoder, and how many inputs D it gives the trunk."""
    work, width = 0, numbers
    if architecture.number_encoding == "piecewise_linear":
        width += numbers * bins_of_each(architecture.bins, numbers)
    elif architecture.number_encoding == "periodic":
        width += numbers * architecture.embedding_size
        work += numbers * 2 * architecture.frequencies * architecture.embedding_size
    width += entries if architecture.category_encoding == "one_hot" else texts * architecture.embedding_size
    return work, width


def _trunk(architecture: Architecture, width: int, heads: int) -> tuple[int, int]:
    """Returns the multiply-adds of the trunk for one member, and the width H of what each head works on."""
    hidden, experts = architecture.hidden, architecture.experts
    stack, last = _stack(architecture, width, hidden)
    if architecture.trunk == SEPARATE:
        return heads * stack, last
    if architecture.trunk == "mmoe":
        return experts * stack + heads * width * experts, last
    if architecture.trunk == "ple":
        return sum(
            (1 + heads) * experts * _stack(architecture, before, [units])[0]
            + heads * before * 2 * experts
            + (before * (1 + heads) * experts if level + 1 < len(hidden) else 0)
            for level, (before, units) in enumerate(pairwise([width, *hidden]))
        ), last
    return stack, last


def _stack(architecture: Architecture, width: int, hidden: Sequence[int]) -> tuple[int, int]:
    """Returns the multiply-adds of a stack of blocks for one member, and the width of what it gives."""
    work = 0
    for before, units in pairwise([width, *hidden]):
        skip = architecture.block == "residual" and before != units
        work += before * units * (2 if skip else 1)
    return work, [width, *hidden][-1]
