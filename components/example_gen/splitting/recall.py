"""The rows of the production model, as far as this table can still tell them apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from components.example_gen.cells.cells import Cells, Kind, UnsupportedTypeError
from components.example_gen.profiling.profile import Profile
from components.example_gen.roles import Roles
from components.example_gen.splitting.row_identity import Identity, fold
from components.example_gen.splitting.split_record import Record
from components.example_gen.tables.table import Table


@dataclasses.dataclass(frozen=True)
class Pushed:
    """What a pushed version says of its rows.

    Args:
        identity: what told them apart.
        inherited: whether a version before decided their splits, so that their hash does not tell them.
        load: returns its `Record`, as bytes; None where it has none.
    """

    identity: Identity
    inherited: bool = False
    load: Callable[[], bytes | None] = lambda: None


@dataclasses.dataclass(frozen=True)
class Recalled:
    """An identity of earlier rows.

    Args:
        identity: what told them apart.
        gone: the columns of it that cannot be read now as then.
        kept: split of each earlier row, by its fingerprint; None where these are not known or not wanted.
    """

    identity: Identity
    gone: tuple[str, ...]
    kept: KeptSplits | None = None


class KeptSplits:
    """The splits of earlier rows, to put them into again.

    Args:
        record: the earlier rows.
        usable: the bytes of their fingerprints that can be compared, bool `[16]`.
    """

    def __init__(self, record: Record, usable: np.ndarray):
        self._usable = usable
        self._folded, first = np.unique(fold(record.rows, usable), return_index=True)
        self._splits = record.splits[first]

    def apply(self, fingerprints: np.ndarray, splits: np.ndarray) -> np.ndarray:
        """Returns the splits of rows, int64 `[n]`: the earlier ones where a row is known, else those given."""
        folded = fold(fingerprints, self._usable)
        places = np.minimum(np.searchsorted(self._folded, folded), len(self._folded) - 1)
        return np.where(self._folded[places] == folded, self._splits[places].astype(splits.dtype), splits)


def recall(pushed: Pushed, table: Table, roles: Roles, settings: str) -> Recalled:
    """Looks for what told the production model's rows apart in a table, columns included that are ignored now.

    Args:
        pushed: the production model's rows.
        table: the table.
        roles: its columns' roles.
        settings: how its rows are to be split; the earlier splits are kept only where it is the same.
    """
    identity = pushed.identity
    apart = (roles.regression, roles.classification, roles.weight)
    there = [name for name in identity.valued if name in table.columns and name not in apart]
    first = next(iter(table.batches(there)), None) if there else None
    read = {} if first is None else {name: _cells(first.data.column(name), table) for name in there}

    def readable(name: str) -> bool:
        cells = read.get(name)
        if cells is None:
            return False
        return cells.kind == Kind.EMPTY or cells.is_vector == (identity.columns[name] == Kind.VECTOR)

    gone = tuple(name for name in identity.valued if not readable(name))
    if not gone and not pushed.inherited:
        return Recalled(identity, gone)
    content = pushed.load()
    record = None if content is None else Record.from_bytes(content)
    if record is None or record.settings != settings or record.rows.ndim == 1:
        return Recalled(identity, gone)
    usable = record.usable(gone)
    return Recalled(identity, gone, None if usable is None else KeptSplits(record, usable))


def identity_of(found: Profile, roles: Roles) -> Identity:
    """Returns what tells the rows of a table apart: all that feeds a feature, and the column of the split."""
    names = dict.fromkeys((*roles.inputs, *((roles.split,) if roles.split is not None else ())))
    forms = {name: form.meaning for name, form in found.forms.items() if name in names}
    return Identity({name: found.columns[name].kind for name in names}, forms)


def _cells(column: pa.Array, table: Table) -> Cells | None:
    try:
        return Cells(column, table.dialect)
    except UnsupportedTypeError:
        return None
