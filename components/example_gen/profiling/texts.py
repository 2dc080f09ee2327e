"""How often texts occur, for no more of them than a bound, whatever the order and the blocks of the rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa

from components.example_gen.cells.hashes import hash_strings

MOST = 1_000
"""Distinct texts remembered of a column."""
_ALL = 2**64


class TextCounts:
    """The texts with the smallest hashes, each with all of its occurrences.

    A text that is among the smallest of all is so from its first occurrence on, in every block, so that none of its
    occurrences is missed. Up to `MOST` distinct texts these are all of them.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._hashes: dict[str, int] = {}
        self._bound = _ALL
        self._sorted: Counter[str] | None = None

    def add(self, texts: pa.Array, counts: np.ndarray) -> None:
        """Takes in distinct texts, string `[n]` without null, and how often each occurs, int64 `[n]`."""
        if not len(texts):
            return
        self._sorted = None
        hashes = hash_strings(texts, np.zeros(len(texts), bool))
        if self._bound < _ALL:
            near = np.flatnonzero(hashes <= np.uint64(self._bound))
            texts, counts, hashes = texts.take(pa.array(near)), counts[near], hashes[near]
        elif len(texts) > MOST:
            near = np.argpartition(hashes, MOST - 1)[:MOST]
            self._bound = int(hashes[near].max())
            texts, counts, hashes = texts.take(pa.array(near)), counts[near], hashes[near]
        for text, count, one in zip(texts.to_pylist(), counts.tolist(), hashes.tolist(), strict=True):
            self._add(text, count, one)
        self._shrink()

    def merge(self, other: TextCounts) -> None:
        """Takes in what was counted in other rows."""
        self._sorted = None
        self._bound = min(self._bound, other._bound)
        for text, count in other._counts.items():
            self._add(text, count, other._hashes[text])
        self._shrink()

    def counter(self) -> Counter[str]:
        """Returns text → how often, the most frequent first and equally frequent ones in their own order."""
        if self._sorted is None:
            self._sorted = Counter(dict(sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))))
        return self._sorted

    def __contains__(self, text: str) -> bool:
        return text in self._counts

    def __len__(self) -> int:
        return len(self._counts)

    def texts(self) -> pa.Array:
        """Returns the texts, string `[n]`."""
        return pa.array(list(self._counts), pa.string())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextCounts) and self._counts == other._counts

    def _add(self, text: str, count: int, one: int) -> None:
        if one <= self._bound:
            self._counts[text] = self._counts.get(text, 0) + count
            self._hashes[text] = one

    def _shrink(self) -> None:
        """Forgets the texts of the largest hashes beyond so many."""
        if len(self._counts) > MOST:
            kept = sorted(self._hashes, key=self._hashes.__getitem__)[:MOST]
            self._bound = self._hashes[kept[-1]]
        elif self._bound < _ALL:
            kept = [text for text, one in self._hashes.items() if one <= self._bound]
        else:
            return
        if len(kept) < len(self._counts):
            self._counts = {text: self._counts[text] for text in kept}
            self._hashes = {text: self._hashes[text] for text in kept}
