"""How each column of a table is read, decided over the whole of it, by the config and by a reviewed schema."""

from __future__ import annotations

from collections.abc import Mapping

from components.example_gen.cells.cells import Kind
from components.example_gen.cells.forms import PLAIN, Form, Meaning
from components.example_gen.profiling.column import ColumnProfile
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec


def read_as(columns: Mapping[str, ColumnProfile], spec: IngestSpec, roles: Roles) -> dict[str, Form]:
    """Returns column → form, of the columns that are not read as they stand.

    Args:
        columns: what features, elements of vectors, the split column and the labels hold.
        spec: what the config and the schema say of them.
        roles: what they are for.
    """
    forms = {name: _form(name, column, spec, roles) for name, column in columns.items()}
    return {name: form for name, form in forms.items() if form != PLAIN}


def _form(name: str, column: ColumnProfile, spec: IngestSpec, roles: Roles) -> Form:
    given, meaning = spec.forms.get(name, PLAIN), column.meaning
    if name == roles.classification and meaning == Meaning.INSTANT:
        meaning = Meaning.PLAIN  # a class without end is a class
    if name == roles.regression or any(name in members for members in roles.vectors.values()):
        return Form(meaning) if meaning == Meaning.DURATION else PLAIN
    if name != roles.classification and not categorical(name, spec):
        numeric = name in spec.numeric or spec.types.get(name) in (Kind.INT, Kind.FLOAT)
        return Form(Meaning.BIT if numeric and meaning == Meaning.BOOLEAN else meaning)
    if given != PLAIN:
        return given
    if meaning == Meaning.DURATION and name in spec.types and name not in spec.categorical:
        return PLAIN  # a schema of the time when durations were texts
    numbers = meaning == Meaning.PLAIN and column.inferred in (Kind.INT, Kind.FLOAT)
    return Form(Meaning.NUMBERS if numbers else meaning)


def categorical(name: str, spec: IngestSpec) -> bool:
    """Returns whether the config or the schema makes a feature text, whatever it holds."""
    return name in spec.categorical or (spec.types.get(name) == Kind.BYTES and name not in spec.numeric)
