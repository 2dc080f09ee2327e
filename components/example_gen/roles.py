"""What each column of the table is for: label, feature, element of a vector, key of the split."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Mapping, Sequence

from components.example_gen.spec import IngestSpec
from components.shared.errors import InputError, did_you_mean


@dataclasses.dataclass(frozen=True)
class Roles:
    """The columns of a table by what they are for.

    Args:
        regression: column of the regression label.
        classification: column of the class label.
        features: columns that are features on their own; a Parquet list is a vector feature.
        vectors: feature name → the columns that are its elements, in natural order (`p2` before `p10`).
        split: column that decides the split; None for a split by row.
        weight: column of the row weights; None where all rows count alike.
        recalled: columns read only because a pushed model's split went by them.
    """

    regression: str
    classification: str
    features: tuple[str, ...]
    vectors: Mapping[str, tuple[str, ...]]
    split: str | None
    weight: str | None = None
    recalled: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, str]:
        """The columns of the two labels."""
        return self.regression, self.classification

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that feed a feature, vectors' elements included."""
        return self.features + tuple(name for members in self.vectors.values() for name in members)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that must be read, each one once."""
        others = tuple(name for name in (self.split, self.weight) if name is not None)
        return tuple(dict.fromkeys((self.regression, self.classification, *self.inputs, *others, *self.recalled)))


def assign_roles(spec: IngestSpec, columns: Sequence[str], index: Sequence[str] = ()) -> Roles:
    """Returns the role of each column.

    Args:
        spec: what the user says of the columns.
        columns: all columns of the table.
        index: those with row numbers, which are features only where the spec names them.

    Raises:
        InputError: a name in the spec is no column, the labels are the same or left out, a pattern
            matches nothing, or no feature is left.
    """
    _check_names(spec, columns)
    labels = (spec.regression, spec.classification)
    named = {*spec.numeric, *spec.categorical, *spec.types}
    unused = (*spec.ignore, *(name for name in index if name not in named))
    free = [name for name in columns if name not in (*labels, spec.weight, *unused)]
    vectors: dict[str, tuple[str, ...]] = {}
    owner: dict[str, str] = {}
    for feature, pattern in spec.vectors.items():
        members = vector_members(pattern, free)
        if not members:
            raise InputError(
                f'The pattern of the vector "{feature}" must match at least one feature column, '
                f'got none for "{pattern}".'
            )
        for name in members:
            if name in owner:
                raise InputError(
                    f'A column must belong to one vector, got "{name}" in "{owner[name]}" and "{feature}". '
                    f"Narrow one of the patterns."
                )
            owner[name] = feature
        vectors[feature] = members
    features = tuple(name for name in free if name not in owner)
    for feature in vectors:
        if feature in features or feature in labels:
            raise InputError(f'A vector must have a name of its own, got "{feature}", a column. Rename the vector.')
    if not features and not vectors:
        raise InputError("The data must have at least one feature column, got labels and left-out columns only.")
    return Roles(spec.regression, spec.classification, features, vectors, spec.column, spec.weight)


def vector_members(pattern: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Returns the columns that a vector's glob pattern names, `p2` before `p10`."""
    return tuple(sorted(fnmatch.filter(columns, pattern), key=_natural))


def _check_names(spec: IngestSpec, columns: Sequence[str]) -> None:
    for what, label in (("regression", spec.regression), ("class", spec.classification)):
        if label not in columns:
            hint = did_you_mean(label, columns)
            if len(columns) == 1 and label in columns[0]:
                hint = f' The header reads as one column, "{columns[0]}": name what separates them as data.delimiter.'
            raise InputError(f'The {what} label must be a column of the data, got "{label}".{hint}')
        if label in spec.ignore:
            raise InputError(f'A label must not be listed in data.ignore, got "{label}". Remove it from the list.')
    if spec.regression == spec.classification:
        raise InputError(f'The two labels must be different columns, got "{spec.regression}" for both.')
    lists = {
        "data.ignore": spec.ignore,
        "features.numeric": spec.numeric,
        "features.categorical": spec.categorical,
        "data.split.column": () if spec.column is None else (spec.column,),
        "labels.weight": () if spec.weight is None else (spec.weight,),
    }
    for place, names in lists.items():
        for name in names:
            if name not in columns:
                raise InputError(
                    f'A name in {place} must be a column of the data, got "{name}".{did_you_mean(name, columns)}'
                )
    for name in spec.numeric:
        if name in spec.categorical:
            raise InputError(
                f'A column must be numeric or categorical, got "{name}" in both lists. Remove it from one.'
            )
    if spec.weight is not None:
        _check_weight(spec.weight, spec)
    if spec.column in (spec.regression, spec.classification):
        raise InputError(f'The split column must not be a label, got "{spec.column}". Choose another column.')


def _check_weight(weight: str, spec: IngestSpec) -> None:
    taken: dict[str, tuple[str | None, ...]] = {
        "a label": (spec.regression, spec.classification),
        "the split column": (spec.column,),
        "listed in data.ignore": spec.ignore,
    }
    for what, names in taken.items():
        if weight in names:
            raise InputError(f'The weight must not be {what}, got "{weight}". Choose another column.')


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key under which `p2` comes before `p10`."""
    parts = re.split(r"(\d+)", name)
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]
