"""The user's search space, checked before anything is trained: every value must be one the configuration allows."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.messages import explain, shown
from pipeline.config.run import Config
from pipeline.config.tuning import HELD, SECTIONS, SearchRange, default_space
from pipeline.errors import ConfigError, did_you_mean

_PLACE = "tuning.space"


def checked_space(
    config: Config, values: Mapping[str, Any], origins: Mapping[str, str], file: Path | None
) -> dict[str, list[Any] | SearchRange]:
    """Returns the space with its values as the configuration has them, `16.0` rows of a batch as `16`.

    Args:
        config: the valid configuration; its own values are where a search starts.
        values: what it was made from.
        origins: dotted key -> where its value comes from.
        file: the configuration file, None when there is none.

    Raises:
        ConfigError: a key cannot be searched, or a value of it is not allowed; one sentence per problem.
    """
    space: dict[str, list[Any] | SearchRange] = {}
    problems: list[str] = []
    for key, allowed in config.tuning.space.items():
        section, _, name = key.partition(".")
        if section not in SECTIONS or not name or key in HELD:
            hint = (section not in SECTIONS and did_you_mean(key, default_space())) or " Take it out."
            problems.append(f'{_PLACE} must name keys of model or training that may vary, got "{key}".{hint}')
            continue
        tried = [allowed.min, allowed.max] if isinstance(allowed, SearchRange) else allowed
        if not tried:
            problems.append(f"{_PLACE}: {key} must have at least one value, got none. Name one.")
            continue
        found = []
        for value in tried:
            changed = copy.deepcopy(dict(values))
            changed[section] = dict(changed.get(section) or {}) | {name: value}
            try:
                found.append(getattr(getattr(Config.model_validate(changed), section), name))
            except ValidationError as error:
                problems += explain(error, changed, {**origins, key: _PLACE}, file)
        if len(found) == len(tried):
            space[key] = _range(key, found, allowed, config, problems) if isinstance(allowed, SearchRange) else found
    if problems:
        raise ConfigError("\n".join(dict.fromkeys(problems)))
    return space


def _range(key: str, bounds: list[Any], allowed: SearchRange, config: Config, problems: list[str]) -> SearchRange:
    """Returns the range between two allowed values, and notes where it cannot hold the value to start from."""
    section, _, name = key.partition(".")
    start = getattr(getattr(config, section), name)
    if not isinstance(start, int | float) or isinstance(start, bool):
        problems.append(f"{_PLACE}: {key} must be a list of values, got a range, and {shown(start)} is no number.")
    elif allowed.log and start <= 0:
        problems.append(
            f"{key} must be above 0 to be searched on a logarithmic scale, got {start:g}. "
            f"Set it, or give a list of values in {_PLACE}."
        )
    return allowed.model_copy(update=dict(zip(("min", "max"), bounds, strict=True)))
