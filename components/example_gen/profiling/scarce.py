"""The rows of columns that have a value in few rows: enough to tell, before all is written, where these will go."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa

from components.example_gen.labelled import LabelledBatch

_Unit = str | tuple[int, int]  # the key of some rows, or the place of a row alone
_Row = tuple[tuple[int, int], pa.RecordBatch, int]  # its place in the table, rows, and which of these it is

_UNITS = 16  # of so many, one falls into train but for a chance of one in millions
_CELLS = 1 << 20  # held at most


class Scarce:
    """Keeps a row of each unit with a value, of the columns where these are few.

    A unit is what a split keeps together: the rows of one key, or each row alone where there is no key.

    Args:
        key: column of the key; None for a split by row.
    """

    def __init__(self, key: str | None):
        self._key = key
        # column → unit with a value there → its first such row: where it stands, and where it is kept
        self._rows: dict[str, dict[_Unit, _Row]] = {}
        self._many: set[str] = set()

    def add(self, batch: LabelledBatch) -> None:
        """Takes in the rows of a batch."""
        units = _Units(self._key, batch)
        for name, cells in batch.cells.items():
            if name not in self._many and not cells.missing.all():
                first = units.first_rows(np.flatnonzero(~cells.missing))
                data = batch.batch.data
                if self._makes_many(name, list(first), data.num_columns):
                    self._forget(name)
                    continue
                data = data.take(pa.array(batch.places[list(first.values())]))
                rows = ((unit, (batch.place(row), data, kept)) for kept, (unit, row) in enumerate(first.items()))
                self._keep(name, dict(rows))

    def merge(self, other: Scarce) -> None:
        """Takes in the rows that were kept of others."""
        for name in other._many:
            self._forget(name)
        for name, rows in other._rows.items():
            if name in self._many:
                continue
            if self._makes_many(name, list(rows), next(iter(rows.values()))[1].num_columns):
                self._forget(name)
            else:
                self._keep(name, rows)

    def knows(self, columns: Collection[str]) -> bool:
        """Returns whether a row of every unit with a value in one of these columns is kept."""
        return self._many.isdisjoint(columns)

    def rows(self, columns: Collection[str]) -> list[pa.RecordBatch]:
        """Returns the kept rows of some columns, as they were read; columns of other types make another batch."""
        by_schema: dict[pa.Schema, list[pa.RecordBatch]] = {}
        for name in columns:
            for _, data, row in sorted(self._rows.get(name, {}).values(), key=lambda kept: kept[0]):
                by_schema.setdefault(data.schema, []).append(data.slice(row, 1))
        return [pa.Table.from_batches(alike).combine_chunks().to_batches()[0] for alike in by_schema.values()]

    def _keep(self, name: str, rows: Mapping[_Unit, _Row]) -> None:
        mine = self._rows.setdefault(name, {})
        for unit, row in rows.items():
            if unit not in mine or row[0] < mine[unit][0]:
                mine[unit] = row

    def _makes_many(self, name: str, units: Collection[_Unit], width: int) -> bool:
        """Returns whether some more units of a column are too many, or their rows of so many cells too large."""
        known = self._rows.get(name, {})
        new = sum(unit not in known for unit in units)
        return len(known) + new > _UNITS or (self._held() + new * width > _CELLS if new else False)

    def _held(self) -> int:
        return sum(data.num_columns for rows in self._rows.values() for _, data, _ in rows.values())

    def _forget(self, name: str) -> None:
        self._many.add(name)
        self._rows.pop(name, None)


class _Units:
    """The units of a batch's rows.

    Args:
        key: column of the key, if there is one.
        batch: the rows.
    """

    def __init__(self, key: str | None, batch: LabelledBatch):
        self._batch = batch
        self._texts: list[str] = []
        self._codes = np.arange(len(batch.places))
        if key is not None and not batch.cells[key].is_vector:
            cells = batch.cells[key]
            encoded = cells.text().dictionary_encode()
            self._texts = encoded.dictionary.to_pylist()
            codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
            # A row without a key is a unit of its own.
            self._codes = np.where(cells.missing, self._codes + len(self._texts), codes)

    def first_rows(self, rows: np.ndarray) -> dict[_Unit, int]:
        """Returns unit → the first of its rows among these, int64 `[n]`; of many units only one more than are few."""
        codes, first = np.unique(self._codes[rows], return_index=True)
        several = zip(codes[: _UNITS + 1].tolist(), rows[first[: _UNITS + 1]].tolist(), strict=True)
        known = len(self._texts)
        return {self._texts[code] if code < known else self._batch.place(code - known): row for code, row in several}
