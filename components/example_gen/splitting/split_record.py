"""The rows of a pushed version and the splits they were in, kept with it in few bytes.

Of each distinct row its fingerprint is kept, 16 bytes, and its split, 1 byte: 17 MB for a million rows. They tell rows
apart when some of the columns are gone, too. Above `MAX_ROWS` rows only 4 bytes of each row that the model has seen
are kept, which takes all columns and calls at most 1 of 200 new rows seen up to 20 million rows.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from components.example_gen.examples.row_files import RECALLED, read_fingerprints
from components.example_gen.splitting.row_identity import BYTES, Identity, fold
from components.formats.summary import Summary
from components.shared.splits import EVAL

MAX_ROWS = 2_000_000
_ALL = np.ones(BYTES, bool)


@dataclass(frozen=True)
class Record:
    """The rows of one version.

    Args:
        identity: what told them apart.
        settings: how they were split, as `IngestSpec.split_settings`.
        rows: uint8 `[n, 16]`, their fingerprints; uint32 `[n]`, 4 bytes each of those that the model has seen.
        splits: uint8 `[n]`, the place of each row's split among the names; none beside 4 bytes.
        names: the splits.
    """

    identity: Identity
    settings: str
    rows: np.ndarray
    splits: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, examples: str, max_rows: int = MAX_ROWS) -> Record:
        """Returns the record of the rows of an Examples artifact.

        Args:
            examples: its root.
            max_rows: up to how many distinct rows whole fingerprints are kept.
        """
        summary = Summary.read(examples)
        names = tuple(summary.splits)
        parts = [read_fingerprints(examples, split) for split in names]
        together = np.concatenate(parts)
        splits = np.repeat(np.arange(len(names), dtype=np.uint8), [len(part) for part in parts])
        folded, first = np.unique(fold(together, _ALL), return_index=True)
        rows, splits = together[first], splits[first]
        if len(rows) > max_rows:
            seen = splits != names.index(EVAL)
            rows, splits = np.unique(_short(folded[seen])), np.zeros(0, np.uint8)
        return cls(Identity.from_dict(summary.identity), summary.split_settings, rows, splits, names)

    def to_bytes(self) -> bytes:
        """Returns the record as an `npz` file, without Python objects."""
        about = {"identity": self.identity.to_dict(), "settings": self.settings, "names": self.names}
        content = io.BytesIO()
        np.savez(content, rows=self.rows, splits=self.splits, about=np.array(json.dumps(about)))
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Record:
        """Returns the record that `to_bytes` wrote."""
        with np.load(io.BytesIO(content)) as file:
            about = json.loads(str(file["about"]))
            rows, splits = file["rows"], file["splits"]
        return cls(Identity.from_dict(about["identity"]), about["settings"], rows, splits, tuple(about["names"]))

    def seen(self, examples: str) -> np.ndarray | None:
        """Returns which eval rows of other examples the model has seen, bool `[n]`, None where nobody can tell.

        Args:
            examples: root of the Examples artifact.
        """
        summary = Summary.read(examples)
        now = self._now(examples, summary)
        if now is None:
            return None
        if self.rows.ndim == 1:
            return None if summary.gone and summary.recalled else np.isin(_short(fold(now, _ALL)), self.rows)
        usable = self.usable(summary.gone if summary.recalled else ())
        if usable is None:
            return None
        known = self.rows[self.splits != self.names.index(EVAL)]
        return np.isin(fold(now, usable), fold(known, usable))

    def usable(self, gone: Collection[str]) -> np.ndarray | None:
        """Returns the bytes that tell without the columns that are gone, bool `[16]`; None if they are too few."""
        usable = self.identity.usable(gone)
        # The labels alone do not tell rows apart.
        return usable if usable.sum() > BYTES // 2 else None

    def _now(self, examples: str, summary: Summary) -> np.ndarray | None:
        if summary.identity == self.identity.to_dict():
            return read_fingerprints(examples, EVAL)
        return read_fingerprints(examples, RECALLED) if summary.recalled == self.identity.to_dict() else None


def _short(folded: np.ndarray) -> np.ndarray:
    return (folded >> np.uint64(32)).astype(np.uint32)
