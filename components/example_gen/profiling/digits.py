"""Which columns need more digits than 32 bits hold, and what a user should know of those that get no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from components.example_gen.cells.cells import Kind
from components.example_gen.roles import Roles
from components.shared.errors import InputError
from components.shared.exact_numbers import SUFFIX, is_companion, loses_digits, needs_64_bits, rounding


def check_names(columns: Iterable[str]) -> None:
    """Refuses features with the name that the digits of another one would have.

    Raises:
        InputError: there is such a column.
    """
    for name in columns:
        if is_companion(name):
            raise InputError(f'The name of a column must not end in "{SUFFIX}", got "{name}". Rename the column.')


def wide_columns(samples: Mapping[str, np.ndarray], roles: Roles) -> frozenset[str]:
    """Returns the label and the features whose values are written with all 64 bits.

    Args:
        samples: column → a sample of its values, float64 `[n]`; columns of whole numbers, which lose nothing, have
            an empty one.
        roles: what each column is for; an element of a vector has 32 bits always.
    """
    alone = {roles.regression, *roles.features}
    return frozenset(name for name, sample in samples.items() if name in alone and needs_64_bits(sample))


def digit_warnings(samples: Mapping[str, np.ndarray], kinds: Mapping[str, Kind], roles: Roles) -> tuple[str, ...]:
    """Returns a sentence for each label and feature that loses digits all the same.

    Args:
        samples: column → a sample of its values, float64 `[n]`.
        kinds: column → what it holds.
        roles: what each column is for.
    """
    vectors = {name: (name,) for name in roles.features if kinds[name] == Kind.VECTOR} | dict(roles.vectors)
    warnings = []
    for name in (roles.regression, *roles.features):
        if name not in vectors and loses_digits(samples[name], np.float64):
            warnings.append(_sentence(name, 64, rounding(samples[name], np.float64)))
    for name, members in vectors.items():
        coarse = [samples[member] for member in members if needs_64_bits(samples[member])]
        if coarse:
            warnings.append(_sentence(name, 32, max(rounding(values) for values in coarse)))
    return tuple(warnings)


def _sentence(name: str, width: int, error: float) -> str:
    return f"{name}: {width} bits hold its values to ±{error:g} only. Subtract a constant from them."
