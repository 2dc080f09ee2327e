"""How the pushed model's rows were told apart, as far as this table still can."""

from __future__ import annotations

import dataclasses

from components.example_gen.cells import Cells, Kind, UnsupportedTypeError
from components.example_gen.identity import Identity
from components.example_gen.profile import Profile
from components.example_gen.roles import Roles
from components.example_gen.tables import Table


@dataclasses.dataclass(frozen=True)
class Recalled:
    """An identity of earlier rows.

    Args:
        identity: what told them apart.
        gone: the columns of it that cannot be read now as then.
    """

    identity: Identity
    gone: tuple[str, ...]


def recall(identity: Identity, table: Table, roles: Roles) -> Recalled:
    """Looks for the columns of an identity in a table, those included that are ignored now."""
    apart = (roles.regression, roles.classification, roles.weight)
    there = [name for name in identity.valued if name in table.columns and name not in apart]
    first = next(iter(table.batches(there)), None) if there else None
    read = {} if first is None else {name: _cells(first.data.column(name), table) for name in there}

    def readable(name: str) -> bool:
        cells = read.get(name)
        if cells is None:
            return False
        return cells.kind == Kind.EMPTY or cells.is_vector == (identity.columns[name] == Kind.VECTOR)

    return Recalled(identity, tuple(name for name in identity.valued if not readable(name)))


def identity_of(found: Profile, roles: Roles) -> Identity:
    """Returns what tells the rows of a table apart: all that feeds a feature, and the column of the split."""
    names = dict.fromkeys((*roles.inputs, *((roles.split,) if roles.split is not None else ())))
    return Identity({name: found.columns[name].inferred for name in names})


def _cells(column: object, table: Table) -> Cells | None:
    try:
        return Cells(column, table.dialect)
    except UnsupportedTypeError:
        return None
