"""The features to write: which columns, of which kind, and what a user should know about them."""

from __future__ import annotations

import dataclasses

from components.example_gen.cells.cells import Kind
from components.example_gen.cells.forms import PLAIN, Meaning
from components.example_gen.cells.notes import feature_notes, label_notes, missing_notes
from components.example_gen.profiling.column import ColumnProfile
from components.example_gen.profiling.profile import Profile
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.table import Table
from components.shared.errors import InputError


@dataclasses.dataclass(frozen=True)
class Feature:
    """One feature of the examples.

    Args:
        name: its name there.
        kind: INT, FLOAT, BYTES or VECTOR.
        columns: the column it comes from; for a vector of columns, its elements in order.
        length: numbers in a vector, else 1.
        non_finite: infinite numbers, which are written as missing.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    length: int
    non_finite: int


def choose_features(table: Table, found: Profile, spec: IngestSpec, roles: Roles) -> tuple[list[Feature], list[str]]:
    """Returns the features, and what a person should know about them and about how the table was read.

    Raises:
        InputError: no column holds any value.
    """
    features, warnings = [], [*table.notes, *found.warnings, *label_notes(found, roles)]
    for name in roles.features:
        column = found.columns[name]
        kind = _kind(name, column, spec)
        if kind == Kind.EMPTY:
            warnings.append(f"{name}: all {column.rows:,} values are missing, so the column is not written.")
            continue
        non_finite = column.infinite if kind in (Kind.FLOAT, Kind.VECTOR) else 0
        warnings.extend(feature_notes(name, column, kind, spec, found.forms.get(name, PLAIN)))
        warnings.extend(_infinite(name, non_finite))
        features.append(Feature(name, kind, (name,), column.length or 1, non_finite))
    for name, members in roles.vectors.items():
        columns = [found.columns[member] for member in members]
        if all(column.missing(Kind.FLOAT) == column.rows for column in columns):
            warnings.append(f"{name}: all values of the vector are missing, so it is not written.")
            continue
        non_finite = sum(column.infinite for column in columns)
        warnings.extend(_infinite(name, non_finite))
        features.append(Feature(name, Kind.VECTOR, members, len(members), non_finite))
    if not features:
        raise InputError("The data must have at least one feature with a value, got columns of missing values only.")
    if spec.split == "column" and roles.split is not None and (blank := found.columns[roles.split].blank):
        warnings.append(f"{roles.split}: {blank:,} rows have no key; each was split by its own content.")
    for feature in features:
        if roles.split in feature.columns:
            warnings.append(
                f"{roles.split}: the column decides the split and is a feature too. "
                f"List it under data.ignore unless the network should see it."
            )
    return features, [*warnings, *missing_notes(found.columns | found.labels)]


def _kind(name: str, column: ColumnProfile, spec: IngestSpec) -> Kind:
    """The kind to write: forced by the config, else by the schema where the values allow, else inferred."""
    kind = column.kind
    if kind in (Kind.EMPTY, Kind.VECTOR):
        return kind
    if name in spec.categorical:
        return Kind.BYTES
    if name in spec.numeric and column.number_kind is not None:
        kind = column.number_kind
    wanted = spec.types.get(name)
    if wanted in (Kind.INT, Kind.FLOAT) and column.meaning == Meaning.BOOLEAN:
        return Kind(wanted)
    if wanted == Kind.FLOAT and kind == Kind.INT:
        kind = Kind.FLOAT
    if wanted == Kind.INT and kind == Kind.FLOAT and not column.fractions:
        kind = Kind.INT
    if wanted == Kind.BYTES and name not in spec.numeric:
        kind = Kind.BYTES
    return Kind.EMPTY if column.missing(kind) == column.rows else kind


def _infinite(name: str, count: int) -> list[str]:
    if not count:
        return []
    return [f"{name}: {count:,} infinite value{'s were' if count > 1 else ' was'} written as missing."]
