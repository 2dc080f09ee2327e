"""What a person should know of the rows before anything is trained, found while they are read for the first time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from components.example_gen.cells.cells import Kind
from components.example_gen.cells.hashes import hash_cells
from components.example_gen.labelled import LabelledBatch
from components.example_gen.profiling.total_rows import Totals
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.row_identity import Identity, label_hashes
from components.example_gen.splitting.splits import hash_rows

_MOST_UNITS = 1_000
_LEAST_UNITS = 5.0  # that a split should get on average
_LEAST_REPEATS = 4.0


class Watch:
    """Looks at every batch of labelled rows once; the rows of a file come in order, or are merged.

    Args:
        spec: how the rows are split.
        roles: what the columns are for.
    """

    def __init__(self, spec: IngestSpec, roles: Roles):
        self._spec, self._roles = spec, roles
        self._totals = Totals()
        self._rows = 0
        self._units: np.ndarray | None = np.zeros(0, np.uint64)

    def add(self, batch: LabelledBatch) -> None:
        """Takes in the rows of a batch."""
        self._rows += len(batch.target)
        numbers, texts = {self._roles.regression: batch.target}, []
        for name, cells in batch.cells.items():
            if cells.kind in (Kind.INT, Kind.FLOAT) and not self.is_text(name):
                numbers[name] = cells.floats()
            elif cells.kind != Kind.EMPTY:
                texts.append(name)
        self._totals.add(batch, numbers, texts)
        if self._units is not None:
            self._units = _united(self._units, self._unit_hashes(batch))

    def merge(self, other: Watch) -> None:
        """Takes in what was seen of other rows."""
        self._rows += other._rows
        self._totals.merge(other._totals)
        if self._units is None or other._units is None:
            self._units = None
        else:
            self._units = _united(self._units, other._units)

    @property
    def totals(self) -> Mapping[str, tuple[int, tuple[str, ...]]]:
        """File → number of its last row and the columns whose sums it holds, where that is a row of totals."""
        return self._totals.found()

    @property
    def few(self) -> str:
        """A sentence with the way out where a split has few groups of rows to draw from, else empty."""
        if self._units is None or not self._rows:
            return ""
        smallest = min(self._spec.shares.values())
        few = len(self._units) * smallest < _LEAST_UNITS and len(self._units) * _LEAST_REPEATS <= self._rows
        return few_units(self._spec, self._rows, len(self._units)) if few else ""

    def is_text(self, name: str) -> bool:
        """Returns whether a column is looked at as texts, or not at all, whatever it holds."""
        given = name in self._spec.categorical or self._spec.types.get(name) == Kind.BYTES
        return given or name not in self._roles.inputs

    def _unit_hashes(self, batch: LabelledBatch) -> np.ndarray:
        """Returns the hashes of what a split keeps together: equal rows, or the rows of one key or time."""
        if not len(batch.target):
            return np.zeros(0, np.uint64)
        if self._roles.split is None:
            return np.unique(self._row_hashes(batch))
        cells = batch.cells[self._roles.split]
        keys = hash_cells(cells, Kind.BYTES)
        return np.unique(np.where(cells.missing, self._row_hashes(batch), keys) if cells.missing.any() else keys)

    def _row_hashes(self, batch: LabelledBatch) -> np.ndarray:
        # As texts: what they stand for is known when all rows are.
        texts = Identity(dict.fromkeys(self._roles.inputs, Kind.BYTES))
        return hash_rows(texts.hashes(batch.cells, len(batch.target)) | label_hashes(batch, self._roles))


def _united(some: np.ndarray, others: np.ndarray) -> np.ndarray | None:
    """Returns the distinct hashes of both, uint64 `[n]`, None where they are more than anybody asks for."""
    both = np.union1d(some, others)
    return None if len(both) > _MOST_UNITS else both


def few_units(spec: IngestSpec, rows: int, units: int) -> str:
    """Returns the sentence for rows that fall into few groups which a split keeps together, with the way out."""
    if spec.split == "row":
        return (
            f"Only {units:,} different rows are among the {rows:,}, and equal rows stay together, so a split may be "
            "uneven or empty. Number the rows in a column of their own, list it under data.ignore, and split by it: "
            "data.split.by: column."
        )
    are = "value" if units == 1 else "values"
    what = f'different {are} of "{spec.column}" are in the {rows:,} rows'
    if spec.split == "time":
        return (
            f"Only {units:,} {what}, and rows of one time stay together, so a split may be uneven or empty. "
            "Split by a finer time, or set data.split.by to row."
        )
    return (
        f"Only {units:,} {what}, and rows of one key stay together, so a split may be uneven or empty. "
        "Split by a key with more values, or set data.split.by to row."
    )
