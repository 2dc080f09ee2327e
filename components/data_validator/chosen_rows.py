"""Rows of splits that are chosen by the hash of what they hold, and read from the files that they are in."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.example_gen.examples.reader import read_pieces
from components.example_gen.examples.row_files import shares_of
from components.example_gen.splitting.row_identity import BYTES, fold
from components.example_gen.splitting.splits import mix


@dataclasses.dataclass(frozen=True)
class Chosen:
    """Chosen rows of some files.

    Args:
        split: the split they belong to.
        files: files of examples, in the order of their rows.
        places: int64 `[n]`, ascending, of the rows among those of the files.
        priorities: uint64 `[n]`, which of them go before others.
    """

    split: str
    files: tuple[str, ...]
    places: np.ndarray
    priorities: np.ndarray


def choose(artifact: str, split: str, most: int) -> list[Chosen]:
    """Returns the rows of a split with the smallest priorities, each share of the split apart.

    Args:
        artifact: root of the raw examples.
        split: the split.
        most: how many rows are chosen, all where there are no more.
    """
    files, sizes, hashes = [], [], [np.zeros(0, np.uint64)]
    for share, fingerprints in shares_of(artifact, split):
        files.append(tuple(share))
        sizes.append(len(fingerprints))
        hashes.append(fold(fingerprints, np.ones(BYTES, bool)))
    priorities = priorities_of(np.concatenate(hashes))
    places = np.arange(len(priorities))
    if len(priorities) > most:
        places = np.sort(np.argpartition(priorities, most)[:most])
    starts = np.cumsum([0, *sizes])
    found = []
    for number, some in enumerate(files):
        inside = places[slice(*np.searchsorted(places, starts[number : number + 2]))]
        if len(inside):
            found.append(Chosen(split, some, inside - starts[number], priorities[inside]))
    return found


def priorities_of(hashes: np.ndarray) -> np.ndarray:
    """Returns pseudo-random priorities, uint64 `[n]`, the same set of them in whatever order the rows come.

    Equal rows have priorities of their own, so that each row has the same chance.

    Args:
        hashes: uint64 `[n]`, of what the rows hold.
    """
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    begins = np.ones(len(hashes), bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    numbers = np.arange(len(hashes))
    occurrence = numbers - np.maximum.accumulate(np.where(begins, numbers, 0))
    found = np.zeros(len(hashes), np.uint64)
    found[order] = mix(ordered ^ mix(occurrence.astype(np.uint64)))
    return found


class ChosenRows:
    """The rows that were chosen, of each split."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[np.ndarray, pa.RecordBatch]]] = {}

    def add(self, split: str, priorities: np.ndarray, rows: pa.RecordBatch) -> None:
        """Takes in rows and their priorities, uint64 `[n]`."""
        self._found.setdefault(split, []).append((priorities, rows))

    def empty(self) -> ChosenRows:
        """Returns no rows."""
        return ChosenRows()

    def merge(self, other: ChosenRows) -> None:
        """Takes in other rows."""
        for split, found in other._found.items():
            self._found.setdefault(split, []).extend(found)

    def rows(self, split: str) -> pa.RecordBatch:
        """Returns the rows of a split, which has some, in the order of their priorities."""
        order = np.argsort(np.concatenate([priorities for priorities, _ in self._found[split]]))
        together = pa.Table.from_batches([rows for _, rows in self._found[split]])
        [found] = together.take(pa.array(order)).combine_chunks().to_batches()
        return found


@dataclasses.dataclass(frozen=True)
class ReadChosen:
    """Reads chosen rows.

    Args:
        schema: the columns to read, a serialized `Schema`.
    """

    schema: bytes

    def do(self, work: Chosen, temporary: str = "") -> ChosenRows:
        """Returns the chosen rows, decoded."""
        del temporary
        decoder = ExamplesToRecordBatchDecoder(self.schema)
        found, seen = ChosenRows(), 0
        for file in work.files:
            for examples in read_pieces(file):
                inside = slice(*np.searchsorted(work.places, [seen, seen + len(examples)]))
                if inside.start < inside.stop:
                    kept = examples[work.places[inside] - seen]
                    found.add(work.split, work.priorities[inside], decoder.DecodeBatch(kept.tolist()))
                seen += len(examples)
        return found
