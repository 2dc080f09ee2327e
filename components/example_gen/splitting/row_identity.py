"""What tells one row from another: hashes of its labels and columns, and a fingerprint that outlives some of them.

The hash of a row decides its split. Its fingerprint, 16 bytes, is for remembering the rows a model has seen: 4 bytes
come from the labels, 12 from the columns, which are dealt to at most 12 groups. Where columns are gone, the bytes of
the other groups still tell.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Mapping

import numpy as np

from components.example_gen.cells.cells import Cells, Kind
from components.example_gen.cells.forms import Form, Meaning
from components.example_gen.cells.hashes import hash_cells, hash_strings
from components.example_gen.labelled import LabelledBatch
from components.example_gen.roles import Roles
from components.example_gen.splitting.splits import hash_numbers, mix

BYTES = 16
_LABELS = 4


@dataclasses.dataclass(frozen=True)
class Identity:
    """The columns that tell rows apart, and how each is looked at.

    Args:
        columns: column → kind; one of kind EMPTY had no value in any row, and whatever it holds now does not count.
        meanings: column → what its cells stand for, where they are not read as they stand.
    """

    columns: Mapping[str, Kind]
    meanings: Mapping[str, Meaning] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_dict(cls, columns: Mapping[str, str]) -> Identity:
        """Returns the identity that `to_dict` made plain."""
        said = {name: text.split() for name, text in columns.items()}
        meanings = {name: Meaning(words[1]) for name, words in said.items() if len(words) > 1}
        return cls({name: Kind(words[0]) for name, words in said.items()}, meanings)

    def to_dict(self) -> dict[str, str]:
        """Returns column → name of its kind, and of its meaning after a blank if it has one."""
        return {name: f"{kind} {self.meanings.get(name, '')}".rstrip() for name, kind in self.columns.items()}

    @property
    def forms(self) -> dict[str, Form]:
        """Column → how its cells are read, where they are not read as they stand."""
        return {name: Form(meaning) for name, meaning in self.meanings.items()}

    @property
    def valued(self) -> list[str]:
        """The columns that held a value, sorted."""
        return sorted(name for name, kind in self.columns.items() if kind != Kind.EMPTY)

    @property
    def groups(self) -> list[list[str]]:
        """The columns with a value, dealt to groups; each group has bytes of its own in the fingerprint."""
        count = BYTES - _LABELS
        return [self.valued[start::count] for start in range(min(count, len(self.valued)))]

    def hashes(self, cells: Mapping[str, Cells], rows: int) -> dict[str, np.ndarray]:
        """Returns column → hashes, uint64 `[n]`, of the columns that are there, and of those without a value.

        Args:
            cells: column → its cells of n rows.
            rows: n.
        """
        nothing = hash_numbers(np.zeros(rows, np.int64), np.ones(rows, bool))
        return {
            name: nothing if kind == Kind.EMPTY else hash_cells(cells[name], kind)
            for name, kind in self.columns.items()
            if kind == Kind.EMPTY or name in cells
        }

    def fingerprints(self, shares: Mapping[str, np.ndarray], labels: np.ndarray) -> np.ndarray:
        """Returns the fingerprints of n rows, uint8 `[n, 16]`.

        Args:
            shares: column → `splits.shares` of it, uint64 `[n]`; a group that lacks one of its columns has zeros.
            labels: hashes of the labels, uint64 `[n]`.
        """
        found = np.zeros((len(labels), BYTES), np.uint8)
        found[:, :_LABELS] = _as_bytes(labels)[:, :_LABELS]
        for place, names in enumerate(self.groups):
            if all(name in shares for name in names):
                # The parts are mixed already: every byte of their sum is as good as any other.
                own = _as_bytes(functools.reduce(np.add, [shares[name] for name in names]))
                for count, byte in enumerate(self._places(place)):
                    found[:, byte] = own[:, count % 8]
        return found

    def usable(self, gone: Collection[str]) -> np.ndarray:
        """Returns which bytes of a fingerprint tell something without the columns that are gone, bool `[16]`."""
        usable = np.zeros(BYTES, bool)
        usable[:_LABELS] = True
        for place, names in enumerate(self.groups):
            usable[self._places(place)] = not set(names) & set(gone)
        return usable

    def _places(self, group: int) -> np.ndarray:
        return np.arange(_LABELS + group, BYTES, len(self.groups))


def label_hashes(batch: LabelledBatch, roles: Roles) -> dict[str, np.ndarray]:
    """Returns label → hashes of what n rows have of it, uint64 `[n]`."""
    return {
        roles.regression: hash_numbers(batch.target, ~batch.has_number),
        roles.classification: hash_strings(batch.classes, ~batch.has_class),
    }


def fold(fingerprints: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Returns uint64 `[n]` that are equal where the usable bytes, bool `[16]`, of fingerprints `[n, 16]` are."""
    words = np.ascontiguousarray(np.where(usable, fingerprints, np.uint8(0))).view("<u8")
    return mix(mix(words[:, 0].astype(np.uint64)) ^ words[:, 1].astype(np.uint64))


def _as_bytes(hashes: np.ndarray) -> np.ndarray:
    return hashes.astype("<u8").view(np.uint8).reshape(-1, 8)
