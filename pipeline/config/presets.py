"""The values of the chosen preset under those of the user (`preset`)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from components.trainer.presets import PRESETS

Values = dict[str, Any]


def with_preset(values: Mapping[str, Any]) -> Values:
    """Returns the values with those of their preset where they give none; an unknown preset changes nothing."""
    name = str(values.get("preset"))
    return _merged(PRESETS[name].sections if name in PRESETS else {}, values)


def preset_keys(name: str) -> Iterator[str]:
    """Yields the dotted keys that a preset sets."""
    for section, values in PRESETS[name].sections.items():
        yield from (f"{section}.{key}" for key in values)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Values:
    merged = copy.deepcopy(dict(below))
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
