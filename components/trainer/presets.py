"""Named sets of values for the network and its training (`preset`).

The defaults stand in `Architecture` and `Recipe`; a preset says what differs from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from components.shared.registry import Entry, Registry
from components.trainer.choices import SHARED_BOTTOM
from components.trainer.network.architecture import Architecture
from components.trainer.recipe import Recipe

DEFAULT = "default"


@dataclass(frozen=True)
class Preset(Entry):
    """What differs from the defaults.

    Args:
        name: as of `Entry`.
        words: as of `Entry`.
        citation: as of `Entry`.
        model: key of the section `model` -> value.
        training: key of the section `training` -> value.
    """

    model: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def sections(self) -> dict[str, dict[str, Any]]:
        """Section -> key -> value, without sections that are as by default."""
        sections = {"model": self.model, "training": self.training}
        return {name: values for name, values in sections.items() if values}

    def architecture(self, **values: Any) -> Architecture:
        """Returns the network of this preset.

        Args:
            values: values that win over the preset's.
        """
        return Architecture(**self.model | values)

    def recipe(self, **values: Any) -> Recipe:
        """Returns the training of this preset.

        Args:
            values: values that win over the preset's.
        """
        return Recipe(**self.training | values)


SEED = Preset(
    "seed",
    "the plain network of two layers",
    model={
        "trunk": SHARED_BOTTOM,
        "hidden": [128, 64],
        "head_hidden": [],
        "number_encoding": "plain",
        "members": 1,
        "class_dropout": 0.0,
    },
    training={
        "batch_size": 32,
        "learning_rate": 0.001,
        "weight_decay": 0.0,
        "ema_epochs": 0.0,
        "patience": 20,
        "plateau": 0,
        "regression_loss": "mse",
    },
)

PRESETS = Registry(
    SEED,
    Preset(DEFAULT, "robust and fast"),
    Preset(
        "best",
        "larger and slower",
        model={"hidden": [256], "head_hidden": [256]},
        training={"patience": 10, "plateau": 5},
    ),
)
