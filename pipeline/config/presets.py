"""Named sets of values for the network and its training (`preset`); keys of the user's own win over them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Values = dict[str, Any]

PRESETS: dict[str, Values] = {
    "default": {},
    "seed": {
        "model": {
            "trunk": "shared_bottom",
            "hidden": [128, 64],
            "head_hidden": [],
            "number_encoding": "plain",
            "members": 1,
            "class_dropout": 0.0,
        },
        "training": {
            "batch_size": 32,
            "learning_rate": 0.001,
            "weight_decay": 0.0,
            "ema_epochs": 0.0,
            "patience": 20,
            "plateau": 0,
            "regression_loss": "mse",
        },
    },
    "best": {
        "model": {"hidden": [256], "head_hidden": [256]},
        "training": {"patience": 10, "plateau": 5},
    },
}
"""Name -> section -> key -> value; `default` is what the models of `pipeline.config.run` say."""


def with_preset(values: Mapping[str, Any]) -> Values:
    """Returns the values with those of their preset where they give none; an unknown preset changes nothing."""
    return _merged(PRESETS.get(str(values.get("preset")), {}), values)


def preset_keys(name: str) -> Iterator[str]:
    """Yields the dotted keys that a preset sets."""
    for section, values in PRESETS[name].items():
        yield from (f"{section}.{key}" for key in values)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Values:
    merged = copy.deepcopy(dict(below))
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
