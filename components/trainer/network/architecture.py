"""What the network is made of: the section `model` of the configuration. Its defaults are the preset `default`."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from components.shared.section import OneOf, Section
from components.trainer.choices import AUTO, BLOCKS, CATEGORY_ENCODINGS, NORMALISATIONS, NUMBER_ENCODINGS, TRUNKS

MANY_ROWS = 50_000
"""Train rows above which training saves time where that costs no accuracy."""
MIN_ROWS = 1000
"""Validation rows with its label that each head needs for trunk `auto` to train it alone: fewer do not tell a gain of
1 % from chance."""
_FEW_MEMBERS = 2
# Inputs that all piecewise-linear columns may have together; wide feature vectors get fewer bins each.
_WIDEST = 4096

Widths = list[Annotated[int, Field(ge=1, le=16_384)]]


class Architecture(Section):
    """The network: what its heads share, and how it reads numbers and categories."""

    trunk: Annotated[str, OneOf(TRUNKS)] = AUTO
    """What the heads share. `auto` begins with `shared_bottom`, then trains each head alone, and keeps what it has of
    its own where a head loses 1 % of its validation loss by sharing; with at least 1,000 validation rows, else it is
    `shared_bottom`; with more than 50,000 train rows only where the best epoch of both is not that of each."""
    hidden: Widths = [128]
    """Units of each relu layer of the trunk; of each expert in `mmoe`, of each level's experts in `ple`."""
    head_hidden: Widths = [128]
    """Units of each relu layer that a head has to itself, after the trunk."""
    experts: Annotated[int, Field(ge=1, le=64)] = 4
    """Experts of `mmoe`; of each kind and level in `ple`."""
    block: Annotated[str, OneOf(BLOCKS)] = "plain"
    """What the layers of trunk and heads are."""
    normalisation: Annotated[str, OneOf(NORMALISATIONS)] = "none"
    """Normalisation before each relu."""
    number_encoding: Annotated[str, OneOf(NUMBER_ENCODINGS)] = "piecewise_linear"
    """How numbers enter."""
    bins: Annotated[int, Field(ge=2, le=256)] = 32
    """Bins per number of `piecewise_linear`, at most."""
    frequencies: Annotated[int, Field(ge=1, le=256)] = 16
    """Frequencies per number of `periodic`."""
    category_encoding: Annotated[str, OneOf(CATEGORY_ENCODINGS)] = "one_hot"
    """How categories enter."""
    embedding_size: Annotated[int, Field(ge=1, le=1024)] = 16
    """Length of a category's `embedding` and of a number's `periodic` one."""
    members: Annotated[int, Field(ge=1, le=64)] = 8
    """Members of the batch ensemble: so many networks that share their layers, in the manner of TabM (Gorishniy et al.
    2025); the answer is their mean."""
    members_per_row: Annotated[int, Field(ge=1, le=64)] | None = None
    """Members that each row trains, a divisor of `members`; all of them answer. Null: all, or 2 with more than 50,000
    train rows, where an epoch then takes half the time. Each member learns from fewer rows, so the learning rate is
    multiplied by √(members / members_per_row)."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each layer's outputs dropped while training, but for the classification head's own layers. It
    costs accuracy where the regression label follows closely from the features."""
    class_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """The same for the classification head's own layers (`head_hidden`)."""
    l2: Annotated[float, Field(ge=0)] = 0.0
    """L2 penalty on the kernels of the relu layers."""

    @model_validator(mode="after")
    def _divides(self) -> Architecture:
        if self.members_per_row is not None and self.members % self.members_per_row:
            raise ValueError(f"members_per_row must divide members, {self.members}, got {self.members_per_row}")
        return self

    @property
    def rate_factor(self) -> float:
        """What the learning rate is multiplied by."""
        return math.sqrt(self.members / (self.members_per_row or self.members))

    def trained_on(self, rows: int) -> Architecture:
        """Returns it with the `members_per_row` that so many train rows ask for."""
        few = math.gcd(self.members, _FEW_MEMBERS)
        chosen = self.members_per_row or (few if rows > MANY_ROWS else self.members)
        return self.model_copy(update={"members_per_row": chosen})


def bins_of_each(bins: int, columns: int) -> int:
    """Returns how many bins each of so many piecewise-linear columns may have: `bins`, or fewer where they are many."""
    return max(2, min(bins, _WIDEST // max(columns, 1)))
