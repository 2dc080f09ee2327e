"""The search space: which keys of the configuration vary, over what, and how it is given to KerasTuner.

A space is a mapping from a dotted key (`model.dropout`) to a list of choices or to a range `{min, max, log}`.
KerasTuner knows numbers and texts; any other choice, such as a list of layers, is written as its JSON.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner

Space = Mapping[str, Any]
Sections = dict[str, dict[str, Any]]

# A range is continuous; more digits than these make no difference to a network, and fewer are easier to read.
_DIGITS = 3


def declare(space: Space, start: Sections) -> keras_tuner.HyperParameters:
    """Returns the space as KerasTuner knows it, with the starting configuration in it as the default.

    Args:
        space: dotted key -> choices, or a range with `min`, `max` and `log`.
        start: the sections `model` and `training` that the search starts from; a value that is not in the space
            is added to the choices, or widens the range.
    """
    declared = keras_tuner.HyperParameters()
    for key, allowed in space.items():
        current = value_of(start, key)
        if isinstance(allowed, Mapping):
            low, high = min(allowed["min"], current), max(allowed["max"], current)
            kind, cast = (declared.Int, int) if isinstance(current, int) else (declared.Float, float)
            kind(key, cast(low), cast(high), sampling="log" if allowed["log"] else "linear", default=current)
        else:
            choices = _alike([*allowed, current])
            declared.Choice(key, choices, default=_written(current, choices))
    return declared


def sections_of(values: Mapping[str, Any], space: Space, start: Sections) -> Sections:
    """Returns the two sections of one trial.

    Args:
        values: dotted key -> value as KerasTuner has it.
        space: the search space.
        start: what holds for every key that does not vary.
    """
    sections = copy.deepcopy(start)
    for key in space:
        section, _, name = key.partition(".")
        sections[section][name] = _read(values[key], isinstance(space[key], Mapping), value_of(start, key))
    return sections


def value_of(sections: Sections, key: str) -> Any:
    """Returns the value of a dotted key."""
    section, _, name = key.partition(".")
    return sections[section][name]


def _alike(choices: Sequence[Any]) -> list[Any]:
    """Returns the choices, once each, all of one kind: whole numbers, numbers, or JSON; numbers in their order."""
    kinds = {type(choice) for choice in choices}
    if kinds <= {int}:
        return sorted(set(choices))
    if kinds <= {int, float}:
        return sorted({float(choice) for choice in choices})
    return list(dict.fromkeys(map(json.dumps, choices)))


def _written(value: Any, choices: Sequence[Any]) -> Any:
    return json.dumps(value) if isinstance(choices[0], str) else type(choices[0])(value)


def _read(value: Any, continuous: bool, current: Any) -> Any:
    if isinstance(value, str):
        return json.loads(value)
    if continuous and isinstance(value, float) and value != current:
        return float(f"{value:.{_DIGITS}g}")
    return value
