"""Tensor files read into whole arrays, whose rows come in the order of their fingerprints.

So it does not matter how rows are divided among files, nor in which order: a network that is fitted on them is the
same. It is a random order as well, in which neighbours have nothing in common. Rows of one fingerprint are equal.

The places of a row are known before it is read: fingerprints are counted by their first bits, and so rows are put into
the piece of the arrays that they belong to, and each piece is sorted when all are there. That needs memory for a piece
beside the arrays, which may be mapped.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from components.shared.mapped_arrays import empty
from components.shared.tensor_names import FINGERPRINT
from components.transform.tensor_files import read_tensors

Tensors = dict[str, np.ndarray]

# Bytes of a piece, about, and rows that are put into it at a time on average, since they lie together then.
_PIECE_BYTES, _RUN = 32 << 20, 64
# First bits of a fingerprint, of 63, by which a row's piece is known.
_BITS, _FIRST = 63, 16


def read_ordered(files: Sequence[str], convert: Callable[[Tensors], Tensors], budget: float = math.inf) -> Tensors:
    """Reads all rows of some files.

    Args:
        files: tensor files with a fingerprint, int64 [n], of each row; one at least.
        convert: what is kept of a batch: tensors [b, ...] of the same rows, without the fingerprints.
        budget: bytes that are kept in memory; if all rows together need more, all are memory-mapped.

    Returns:
        What is kept, [n, ...] by name.

    Raises:
        InputError: the folder of temporary files has no room for it.
    """
    first_bits = np.zeros(1 << _FIRST, np.int64)
    for batch in _batches(files, [FINGERPRINT]):
        first_bits += np.bincount(_first_bits(batch[FINGERPRINT]), minlength=len(first_bits))
    rows = int(first_bits.sum())
    like = convert(next(_batches(files)))
    row_bytes = sum(values.dtype.itemsize * math.prod(values.shape[1:]) for values in like.values())
    mapped = rows * row_bytes > budget
    kept = {name: empty((rows, *values.shape[1:]), values.dtype, mapped) for name, values in like.items()}
    fingerprints = empty((rows,), np.int64, mapped)
    pieces = _Pieces(first_bits, max(1, _PIECE_BYTES // row_bytes))
    for batch in _joined(_batches(files), _RUN * pieces.count):
        places = pieces.places_of(batch[FINGERPRINT])
        fingerprints[places] = batch[FINGERPRINT]
        for name, values in convert(batch).items():
            kept[name][places] = values
    for piece in pieces.slices():
        order = np.argsort(fingerprints[piece])
        for values in kept.values():
            values[piece] = values[piece][order]
    return kept


def _batches(files: Iterable[str], names: Sequence[str] | None = None) -> Iterator[Tensors]:
    return itertools.chain.from_iterable(read_tensors(file, names) for file in files)


def _joined(batches: Iterable[Tensors], rows: int) -> Iterator[Tensors]:
    """Yields the same rows in batches of so many at least, but for the last."""
    held: list[Tensors] = []
    for batch in batches:
        held.append(batch)
        if sum(len(one[FINGERPRINT]) for one in held) >= rows:
            yield _concatenated(held)
            held = []
    if held:
        yield _concatenated(held)


def _concatenated(batches: list[Tensors]) -> Tensors:
    if len(batches) == 1:
        return batches[0]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _first_bits(fingerprints: np.ndarray) -> np.ndarray:
    return fingerprints >> (_BITS - _FIRST)


class _Pieces:
    """Where rows belong whose order is known but for what a piece holds.

    Args:
        first_bits: how many rows have each value of the first bits of a fingerprint.
        rows: rows of a piece, about; it holds more where more have the same first bits.
    """

    def __init__(self, first_bits: np.ndarray, rows: int) -> None:
        self._piece_of = (first_bits.cumsum() - first_bits) // rows
        sizes = np.bincount(self._piece_of, weights=first_bits).astype(np.int64)
        self.count = len(sizes)
        self._ends = sizes.cumsum()
        self._free = self._ends - sizes

    def places_of(self, fingerprints: np.ndarray) -> np.ndarray:
        """Returns the place of each of some rows, int64 [b]; no place is given twice."""
        piece = self._piece_of[_first_bits(fingerprints)]
        order = np.argsort(piece, kind="stable")
        counts = np.bincount(piece, minlength=self.count)
        # Of each piece, its next free place less how many rows of the pieces before it come first.
        offset = self._free - (counts.cumsum() - counts)
        self._free = self._free + counts
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order)) + np.repeat(offset, counts)
        return places

    def slices(self) -> Iterator[slice]:
        """Yields the rows of each piece."""
        for first, last in itertools.pairwise([0, *self._ends.tolist()]):
            if last > first:
                yield slice(first, last)
