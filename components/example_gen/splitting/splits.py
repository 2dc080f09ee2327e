"""Which split a row belongs to: hashes of its content or of its key, or its time. Pure NumPy.

The hashes are fixed by this module alone, so a row stays in its split for ever: on another machine,
after other rows were added, in another order of rows or columns, from CSV or from Parquet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MISSING = np.uint64(0xD6E8FEB86659FD93)


def mix(bits: np.ndarray) -> np.ndarray:
    """Returns uint64 `[n]` in which every input bit decides every output bit.

    The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
    OOPSLA 2014).
    """
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def hash_numbers(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Returns the hash, uint64 `[n]`, of n numbers.

    Equal numbers have equal hashes: 1 and 1.0, 0.0 and -0.0, and 0.1 in 32 and in 64 bits.

    Args:
        values: int64 or float64 `[n]`.
        missing: bool `[n]`.
    """
    if values.dtype == np.int64:
        return np.where(missing, _MISSING, mix(values.view(np.uint64) + _GOLDEN))
    whole = (values == np.rint(values)) & (np.abs(values) < 2.0**63)
    with np.errstate(over="ignore"):
        short = values.astype(np.float32).astype(np.float64)
    bits = short.view(np.uint64).copy()
    bits[whole] = values[whole].astype(np.int64).view(np.uint64)
    return np.where(missing, _MISSING, mix(bits + _GOLDEN))


def hash_text(data: np.ndarray, offsets: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Returns the hash, uint64 `[n]`, of n texts.

    Args:
        data: uint8, the UTF-8 bytes of all texts, one after another.
        offsets: int64 `[n + 1]`; text i is `data[offsets[i]:offsets[i + 1]]`.
        missing: bool `[n]`.
    """
    starts, lengths = offsets[:-1], np.where(missing, 0, np.diff(offsets))
    padded = np.concatenate([data, np.zeros(8, np.uint8)])
    # Every position read as eight little-endian bytes, without a copy.
    words = np.ndarray(len(padded) - 7, dtype="<u8", buffer=padded, strides=(1,))
    state = mix(lengths.astype(np.uint64) + _GOLDEN)
    active = np.flatnonzero(lengths > 0)
    position = 0
    while len(active):
        word = words[starts[active] + position].astype(np.uint64)
        rest = np.minimum(lengths[active] - position, 8).astype(np.uint64)
        word &= np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(8) * (np.uint64(8) - rest))
        state[active] = mix((state[active] ^ word) + _GOLDEN)
        position += 8
        active = active[lengths[active] > position]
    return np.where(missing, _MISSING, state)


def hash_lists(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Returns the hash, uint64 `[n]`, of n lists of numbers.

    Args:
        values: float64, the elements of all lists, one after another.
        lengths: int64 `[n]`, -1 for a missing list; one whose numbers are all missing is the same, as some programs
            can write no other.
    """
    sizes = np.maximum(lengths, 0)
    ends = np.cumsum(sizes)
    positions = np.arange(len(values), dtype=np.uint64) - np.repeat(ends - sizes, sizes).astype(np.uint64)
    elements = hash_numbers(values, np.isnan(values))
    sums = np.concatenate([[np.uint64(0)], np.cumsum(mix(elements ^ mix(positions + _GOLDEN)))])
    present = np.concatenate([[0], np.cumsum(~np.isnan(values))])
    nothing = (lengths < 0) | ((lengths > 0) & (present[ends] == present[ends - sizes]))
    return np.where(nothing, _MISSING, mix(sums[ends] - sums[ends - sizes] + sizes.astype(np.uint64)))


def hash_rows(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns the hash, uint64 `[n]`, of rows, given column name → hash of its cells, uint64 `[n]`."""
    return combine(shares(columns).values())


def shares(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns what each column adds to the hash of a row, uint64 `[n]`: its cells' hashes, its name mixed in."""
    return {name: mix(hashes ^ _hash_word(name)) for name, hashes in columns.items()}


def combine(shares: Iterable[np.ndarray]) -> np.ndarray:
    """Returns the hash, uint64 `[n]`, of rows of which `shares` gave the columns' parts."""
    # A sum does not depend on the order of the columns.
    return mix(sum(shares, np.zeros(1, np.uint64)))


def split_by_hash(hashes: np.ndarray, fractions: Sequence[float], salt: str = "") -> np.ndarray:
    """Returns the split of each row, int64 `[n]`, an index into the fractions.

    Args:
        hashes: uint64 `[n]`, of the rows or of their keys; equal hashes land in the same split.
        fractions: expected share of each split.
        salt: another salt gives another, independent split.
    """
    uniform = (mix(hashes ^ _hash_word(salt)) >> np.uint64(11)) * 2.0**-53
    return np.searchsorted(np.cumsum(fractions)[:-1], uniform, side="right")


def split_by_time(times: np.ndarray, cuts: Sequence[float]) -> np.ndarray:
    """Returns the split of each row, int64 `[n]`: 0 before the first cut, 1 from there to the second, and so on.

    Rows of the same time land in the same split.
    """
    return np.searchsorted(np.asarray(cuts, np.float64), times, side="right")


def time_cuts(times: np.ndarray, fractions: Sequence[float], counts: np.ndarray | None = None) -> tuple[float, ...]:
    """Returns the first time of each split but the first.

    Args:
        times: float64 `[n]`, all times or a uniform sample of them.
        fractions: wanted shares; equal times make the true shares differ.
        counts: int64 `[n]`, rows of each time; one if left out.
    """
    order = np.argsort(times)
    upto = np.arange(1, len(times) + 1) if counts is None else np.cumsum(counts[order])
    ends = np.minimum(np.rint(np.cumsum(fractions)[:-1] * upto[-1]).astype(int), upto[-1] - 1)
    return tuple(times[order][np.searchsorted(upto, ends, side="right")].tolist())


def _hash_word(text: str) -> np.ndarray:
    data = np.frombuffer(text.encode(), np.uint8)
    return hash_text(data, np.array([0, len(data)], np.int64), np.zeros(1, bool))
