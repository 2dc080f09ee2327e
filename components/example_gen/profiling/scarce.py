"""The rows of columns that have a value in few rows: enough to tell, before all is written, where these will go."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from components.example_gen.labelled import LabelledBatch

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
        self._rows: dict[str, list[pa.RecordBatch]] = {}
        self._units: dict[str, set[str | int]] = {}
        self._many: set[str] = set()
        self._read = 0

    def add(self, batch: LabelledBatch) -> None:
        """Takes in the rows of a batch."""
        units = _Units(self._key, batch, self._read)
        for name, cells in batch.cells.items():
            if name not in self._many and not cells.missing.all():
                self._add(name, units.first_rows(np.flatnonzero(~cells.missing)), batch)
        self._read += len(batch.places)

    def knows(self, columns: Collection[str]) -> bool:
        """Returns whether a row of every unit with a value in one of these columns is kept."""
        return self._many.isdisjoint(columns)

    def rows(self, columns: Collection[str]) -> list[pa.RecordBatch]:
        """Returns the kept rows of some columns, as they were read; columns of other types make another batch."""
        by_schema: dict[pa.Schema, list[pa.RecordBatch]] = {}
        for name in columns:
            for data in self._rows.get(name, []):
                by_schema.setdefault(data.schema, []).append(data)
        return [pa.Table.from_batches(alike).combine_chunks().to_batches()[0] for alike in by_schema.values()]

    def _add(self, name: str, first_rows: dict[str | int, int], batch: LabelledBatch) -> None:
        known = self._units.setdefault(name, set())
        new = sorted(row for unit, row in first_rows.items() if unit not in known)
        known.update(first_rows)
        held = sum(data.num_rows for kept in self._rows.values() for data in kept) + len(new)
        if len(known) > _UNITS or held * batch.batch.data.num_columns > _CELLS:
            self._many.add(name)
            del self._units[name]
            self._rows.pop(name, None)
        elif new:
            self._rows.setdefault(name, []).append(batch.batch.data.take(pa.array(batch.places[new])))


class _Units:
    """The units of a batch's rows.

    Args:
        key: column of the key, if there is one.
        batch: the rows.
        read: rows before these.
    """

    def __init__(self, key: str | None, batch: LabelledBatch, read: int):
        self._read = read
        self._texts: list[str] = []
        self._codes = np.arange(len(batch.places))
        if key is not None and not batch.cells[key].is_vector:
            cells = batch.cells[key]
            encoded = cells.text().dictionary_encode()
            self._texts = encoded.dictionary.to_pylist()
            codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
            # A row without a key is a unit of its own.
            self._codes = np.where(cells.missing, self._codes + len(self._texts), codes)

    def first_rows(self, rows: np.ndarray) -> dict[str | int, int]:
        """Returns unit → the first of its rows among these, int64 `[n]`; of many units only one more than are few."""
        codes, first = np.unique(self._codes[rows], return_index=True)
        several = zip(codes[: _UNITS + 1].tolist(), rows[first[: _UNITS + 1]].tolist(), strict=True)
        known = len(self._texts)
        return {self._texts[code] if code < known else self._read + code - known: row for code, row in several}
