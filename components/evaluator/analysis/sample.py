"""Random samples of rows that many machines hold, which depend on nothing but the rows themselves.

A row's place in the order of chance is a hash of what it holds and of which of its equals it is, so the first k of a
stratum are a simple random sample of its rows: neither files, nor their order, nor who reads them makes a difference.
Equal rows are counted before they are drawn: if all of them had one place, they would be in the sample together or not
at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.metric import Integers
from components.example_gen.splitting.splits import mix

Hashes = npt.NDArray[np.uint64]

_NEXT = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Distinct:
    """Rows that differ.

    Args:
        hashes: uint64 [m], ascending, one for each of them.
        counts: int64 [m], how many rows are equal to it.
        strata: uint8 [m], the strata that it is in, a bit for each.
    """

    hashes: Hashes
    counts: Integers
    strata: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, hashes: Hashes, strata: npt.NDArray[np.uint8], counts: Integers | None = None) -> Self:
        """Counts rows, hashes [n] and strata [n], each of which stands for as many as `counts` says."""
        order = np.argsort(hashes, kind="stable")
        distinct, starts = np.unique(hashes[order], return_index=True)
        if not len(distinct):
            return cls(distinct, np.zeros(0, np.int64), strata[:0])
        times = np.ones(len(hashes), np.int64) if counts is None else counts
        return cls(distinct, np.add.reduceat(times[order], starts), np.bitwise_or.reduceat(strata[order], starts))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts."""
        return cls.of(
            np.concatenate([part.hashes for part in parts]),
            np.concatenate([part.strata for part in parts]),
            np.concatenate([part.counts for part in parts]),
        )

    def divided(self, parts: int) -> list[Self]:
        """Deals the rows to parts by their hash, so that equal rows of many machines meet."""
        # The first bits; the order of chance comes from all of them.
        edges = np.searchsorted(self.hashes, [np.uint64(part * 2**64 // parts) for part in range(1, parts)])
        split = (np.split(values, edges) for values in (self.hashes, self.counts, self.strata))
        return [type(self)(*arrays) for arrays in zip(*split, strict=True)]

    def chosen(self, sizes: Sequence[int]) -> Chosen:
        """Draws as many rows of each stratum as `sizes` says, all where there are no more."""
        found = Chosen.none(len(sizes))
        ends = np.cumsum(self.counts)
        for start in range(0, int(ends[-1]) if len(ends) else 0, _BLOCK):
            places = np.arange(start, min(start + _BLOCK, int(ends[-1])))
            row = np.searchsorted(ends, places, side="right")
            equals = (places - (ends[row] - self.counts[row])).astype(np.uint64)
            keys = mix(self.hashes[row] + equals * _NEXT)
            parts = [(self.strata[row] >> stratum) & 1 == 1 for stratum in range(len(sizes))]
            block = Chosen(tuple(keys[part] for part in parts), tuple(self.hashes[row][part] for part in parts))
            found = found.joined(block, sizes)
        return found


@dataclass(frozen=True)
class Chosen:
    """The drawn rows of each stratum, in the order of chance.

    Args:
        keys: of each stratum uint64 [k], ascending, the places of its rows.
        hashes: of each stratum uint64 [k], the rows; a row that is drawn with its equals stands there as often.
    """

    keys: tuple[Hashes, ...]
    hashes: tuple[Hashes, ...]

    @classmethod
    def none(cls, strata: int) -> Self:
        """No row of any stratum."""
        nothing = (np.zeros(0, np.uint64),) * strata
        return cls(nothing, nothing)

    def joined(self, other: Self, sizes: Sequence[int]) -> Self:
        """The first of both, as many of each stratum as `sizes` says."""
        keys, hashes = [], []
        for stratum, size in enumerate(sizes):
            places = np.concatenate([self.keys[stratum], other.keys[stratum]])
            rows = np.concatenate([self.hashes[stratum], other.hashes[stratum]])
            first = np.lexsort([rows, places])[:size]
            keys.append(places[first])
            hashes.append(rows[first])
        return type(self)(tuple(keys), tuple(hashes))

    @property
    def rows(self) -> Hashes:
        """uint64 [m], ascending: every row that is drawn for some stratum, once."""
        return np.unique(np.concatenate(self.hashes))
