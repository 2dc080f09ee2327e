"""Which split each row goes to, and by what it will be known again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from components.example_gen.cells.hashes import hash_cells
from components.example_gen.labelled import LabelledBatch
from components.example_gen.profiling.profile import Profile
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.recall import Recalled
from components.example_gen.splitting.row_identity import Identity, label_hashes
from components.example_gen.splitting.splits import combine, shares, split_by_hash, split_by_time
from components.example_gen.splitting.times import parse_times


@dataclasses.dataclass(frozen=True)
class Assigned:
    """Where n rows go.

    Args:
        splits: int64 `[n]`, indices into the splits that are made.
        fingerprints: uint8 `[n, 16]`, by what tells rows apart now.
        earlier: the same by what told the production model's rows apart, where that differs; else None.
    """

    splits: np.ndarray
    fingerprints: np.ndarray
    earlier: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class Assignment:
    """How rows are assigned to splits.

    Args:
        spec: how they are split.
        roles: what the columns are for.
        found: what the first pass found.
        identity: what tells rows apart.
        recalled: the rows of the production model; None without one.
    """

    spec: IngestSpec
    roles: Roles
    found: Profile
    identity: Identity
    recalled: Recalled | None = None

    def assign(self, batch: LabelledBatch) -> Assigned:
        """Returns where the rows of a batch go."""
        labels = shares(label_hashes(batch, self.roles))
        parts = shares(self.identity.hashes(batch.cells, len(batch.target)))
        splits = self._splits(batch, labels, parts)
        both = combine(labels.values())
        now = self.identity.fingerprints(parts, both)
        earlier = None
        if self.recalled is not None and self.recalled.gone:
            there = {name: cells for name, cells in batch.cells.items() if name not in self.recalled.gone}
            known = self.recalled.identity
            earlier = known.fingerprints(shares(known.hashes(there, len(splits))), both)
        if self.recalled is not None and self.recalled.kept is not None:
            splits = self.recalled.kept.apply(now if earlier is None else earlier, splits)
        return Assigned(splits, now, earlier)

    def _splits(
        self, batch: LabelledBatch, labels: Mapping[str, np.ndarray], parts: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        key, fractions = self.roles.split, list(self.spec.shares.values())
        if key is not None and self.found.time_cuts is not None and self.found.time_style is not None:
            times = parse_times(batch.cells[key].text(), self.found.time_style)
            return split_by_time(times, self.found.time_cuts)
        # A key that is no feature tells rows apart, but has no part in the hash of their content.
        content = [part for name, part in parts.items() if name != key or name in self.roles.inputs]
        rows = combine([*content, *labels.values()])
        if key is None:
            return split_by_hash(rows, fractions, self.spec.salt)
        cells = batch.cells[key]
        hashes = hash_cells(cells, self.identity.columns.get(key, self.found.columns[key].kind))
        if cells.missing.any():  # rows without a key do not belong together
            hashes = np.where(cells.missing, rows, hashes)
        return split_by_hash(hashes, fractions, self.spec.salt)
