"""The section `tuning` of the configuration, and the space that is searched when the file names none."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from components.shared.registry import searched
from components.trainer.choices import BALANCERS, NUMBER_ENCODINGS, TRUNKS
from pipeline.config.base import Section

# What trials are compared by cannot itself be tried, nor what is the same for all of them.
HELD = ("training.epochs", "training.minutes", "training.seed", "training.memory_mb")
SECTIONS = ("model", "training")


class SearchRange(Section):
    """All values between two bounds."""

    min: float
    """Lowest value."""
    max: float
    """Highest value."""
    log: bool = False
    """Whether values are drawn evenly on a logarithmic scale."""

    @model_validator(mode="after")
    def _in_order(self) -> SearchRange:
        if self.min >= self.max:
            raise ValueError(f"min must be below max, got {self.min:g} and {self.max:g}. Swap them")
        if self.log and self.min <= 0:
            raise ValueError(f"min must be above 0 on a logarithmic scale, got {self.min:g}. Raise it")
        return self


RANGE = "range"
"""How pydantic calls the second of the two forms below where it tells of an error."""


def _form(value: Any) -> str:
    return RANGE if isinstance(value, dict | SearchRange) else "values"


Allowed = Annotated[Annotated[list[Any], Tag("values")] | Annotated[SearchRange, Tag(RANGE)], Discriminator(_form)]

WIDTHS = (64, 128, 256)


def default_space() -> dict[str, list[Any] | SearchRange]:
    """Returns what varies unless `tuning.space` says otherwise: dotted key -> choices, or a range."""
    return {
        "model.trunk": searched(TRUNKS),
        "model.hidden": [[width] * depth for depth in (1, 2, 3) for width in WIDTHS],
        "model.head_hidden": [[], [64], [128]],
        "model.number_encoding": searched(NUMBER_ENCODINGS),
        "model.members": [1, 4, 8],
        "model.dropout": [0.0, 0.1, 0.2, 0.3],
        "model.class_dropout": [0.0, 0.2, 0.4],
        "training.learning_rate": SearchRange(min=0.0003, max=0.01, log=True),
        "training.weight_decay": [0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01],
        "training.batch_size": [64, 128, 256, 512],
        "training.balancing": searched(BALANCERS),
    }


class Tuning(Section):
    """How `mtl tune` searches; no other verb reads it."""

    trials: Annotated[int, Field(ge=1)] = 30
    """At most this many settings are tried, the starting configuration first; those of an earlier, interrupted or
    smaller search count."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """No trial starts after this many minutes; left out: as long as it takes."""
    epochs: Annotated[int, Field(ge=1)] | None = None
    """At most this many epochs per trial; left out: `training.epochs`."""
    method: Literal["bayesian", "random", "hyperband"] = "bayesian"
    """`bayesian`: a Gaussian process (Snoek et al. 2012); `random`; `hyperband` (Li et al. 2018): many short trials of
    which the best are trained longer, for some hundred `trials`."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Seed of what is tried."""
    space: dict[str, Allowed] = {}
    """What varies: a key of `model` or `training` with a list of values or `{min, max, log}`; left out, the space in
    components/tuner/README.md."""

    @property
    def searched(self) -> dict[str, list[Any] | SearchRange]:
        """The space: the file's, or the default one."""
        return self.space or default_space()
