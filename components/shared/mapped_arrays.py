"""Arrays of many rows that memory need not hold: mapped from temporary files, and worked on block by block.

The files have no name, so nobody has to remove them: they go with the arrays, or with the process however it ends.
What is made of a mapped array is mapped too. Of arrays in memory everything is as NumPy does it.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from components.shared.errors import InputError

# Bytes of all arrays together that a block holds, at most.
_BLOCK_BYTES = 32 << 20
# Bits of a number that one pass of `order_statistic` looks at.
_DIGIT = 16


def empty(shape: tuple[int, ...], dtype: np.dtype[Any] | type, mapped: bool) -> np.ndarray:
    """Returns an array to write to, in memory or mapped.

    Args:
        shape: its shape; without rows it is in memory always, since no file can be mapped that holds nothing.
        dtype: its type.
        mapped: whether a file holds it.

    Raises:
        InputError: the folder of temporary files has no room for it.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if not mapped or not size:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile() as file:  # the mapping keeps what it needs of it
        try:
            # A file with holes could be mapped without room, and a write to it would end the process.
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            folder = tempfile.gettempdir()
            raise InputError(
                f"The folder of temporary files must have room for {size / 2**30:.1f} GiB of rows, "
                f"got {shutil.disk_usage(folder).free / 2**30:.1f} GiB in {folder}. Set TMPDIR to a larger one."
            ) from error
        return np.memmap(file, dtype, mode="r+", shape=shape)


def is_mapped(values: np.ndarray) -> bool:
    """Returns whether a file holds an array."""
    return isinstance(values, np.memmap)


def blocks(*arrays: np.ndarray) -> Iterator[slice]:
    """Yields which rows of some arrays, [n, ...] each, are worked on at a time; one slice at least."""
    rows = len(arrays[0])
    row_bytes = sum(values.dtype.itemsize * math.prod(values.shape[1:]) for values in arrays)
    step = max(1, _BLOCK_BYTES // max(row_bytes, 1))
    for first in range(0, max(rows, 1), step):
        yield slice(first, min(first + step, rows))


def derived(compute: Callable[..., dict[str, np.ndarray]], *arrays: np.ndarray) -> dict[str, np.ndarray]:
    """Returns what is computed of every row by itself: mapped where one of the arrays is, else in one call.

    Of arrays that `np.broadcast_to` made of one row, so is the result.

    Args:
        compute: takes the same rows of all arrays, [b, ...] each; returns tensors [b, ...] by name.
        arrays: [n, ...] each.

    Returns:
        Tensors [n, ...] by name.
    """
    rows = len(arrays[0])
    if rows > 1 and not any(values.strides[0] for values in arrays):
        same = compute(*(values[:1] for values in arrays))
        return {name: np.broadcast_to(values, (rows, *values.shape[1:])) for name, values in same.items()}
    if not any(map(is_mapped, arrays)):
        return compute(*arrays)
    found: dict[str, np.ndarray] = {}
    for block in blocks(*arrays):
        for name, values in compute(*(array[block] for array in arrays)).items():
            if name not in found:
                found[name] = empty((rows, *values.shape[1:]), values.dtype, mapped=True)
            found[name][block] = values
    return found


def selected(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Returns the rows that a mask chooses, mapped where the values are.

    Args:
        values: [n, ...].
        chosen: bool [n].
    """
    if not is_mapped(values):
        return values[chosen]
    found = empty((count(chosen), *values.shape[1:]), values.dtype, mapped=True)
    place = 0
    for block in blocks(values, chosen):
        some = values[block][chosen[block]]
        found[place : place + len(some)] = some
        place += len(some)
    return found


def count(mask: np.ndarray) -> int:
    """Returns how many of bool [n] are true."""
    return sum(int(np.count_nonzero(mask[block])) for block in blocks(mask))


def mean(values: np.ndarray) -> float:
    """Returns the mean of numbers [n], summed in float64; NaN where n is 0."""
    total = sum(float(values[block].sum(dtype=np.float64)) for block in blocks(values))
    return total / len(values) if len(values) else math.nan


def median(values: np.ndarray) -> float:
    """Returns the median of floats [n], n > 0, none of them NaN: exactly, whatever holds them."""
    low, high = (order_statistic(values, rank) for rank in ((len(values) - 1) // 2, len(values) // 2))
    return low if low == high else (low + high) / 2


def order_statistic(values: np.ndarray, rank: int) -> float:
    """Returns the value that comes at a place when floats are sorted.

    Of a mapped array the bits are found from the first to the last, 16 with each pass over the rows (radix selection):
    the bits of floats are in the order of their values, but for the sign.

    Args:
        values: float32 or float64 [n], none of them NaN.
        rank: the place, from 0 to n - 1.
    """
    if not is_mapped(values):
        return float(np.partition(values, rank)[rank])
    kind = np.dtype(f"u{values.dtype.itemsize}")
    width = 8 * kind.itemsize
    found = 0
    for shift in range(width - _DIGIT, -1, -_DIGIT):
        counts = np.zeros(1 << _DIGIT, np.int64)
        for block in blocks(values):
            keys = _sortable(values[block], kind)
            if shift + _DIGIT < width:
                keys = keys[keys >> kind.type(shift + _DIGIT) == found]
            digits = (keys >> kind.type(shift)) & kind.type((1 << _DIGIT) - 1)
            counts += np.bincount(digits.astype(np.int64), minlength=len(counts))
        digit = int(np.searchsorted(counts.cumsum(), rank, side="right"))
        rank -= int(counts[:digit].sum())
        found = found << _DIGIT | digit
    sign = 1 << (width - 1)
    bits = found ^ sign if found & sign else found ^ (2 * sign - 1)
    return float(np.array(bits, kind).view(values.dtype))


def _sortable(values: np.ndarray, kind: np.dtype[Any]) -> np.ndarray:
    """Returns unsigned integers that are in the order of some floats."""
    bits = np.ascontiguousarray(values).view(kind)
    sign = kind.type(1 << (8 * kind.itemsize - 1))
    return np.where(bits & sign, ~bits, bits | sign)
