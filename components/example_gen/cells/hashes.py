"""Hashes of cells: of what they hold, however it is written."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells.cells import Cells, Kind
from components.example_gen.cells.forms import Meaning
from components.example_gen.splitting.splits import hash_lists, hash_numbers, hash_text


def hash_cells(cells: Cells, kind: Kind) -> np.ndarray:
    """Returns the hash, uint64 `[n]`, of what n cells hold, alike for every way to write it.

    A cell that is no number among numbers is hashed as a text, and the numbers beside it as before.

    Args:
        cells: the cells.
        kind: what the whole column holds, now or when it was hashed before.
    """
    if cells.is_vector:
        return hash_lists(*cells.vectors())
    if cells.form.meaning in (Meaning.BOOLEAN, Meaning.BIT):
        values = cells.truths()
    elif kind == Kind.INT and cells.number_kind == Kind.INT:
        return hash_numbers(cells.integers(), cells.missing)
    elif kind in (Kind.INT, Kind.FLOAT):
        values = cells.numbers()
    else:
        return hash_strings(cells.text(), cells.missing)
    hashes = hash_numbers(values, np.isnan(values))
    odd = np.isnan(values) & ~cells.missing & (cells.number_kind is None)
    if odd.any():
        chosen = cells.text().filter(pa.array(odd))
        hashes[odd] = hash_strings(chosen, np.zeros(len(chosen), bool))
    return hashes


def hash_strings(text: pa.Array, missing: np.ndarray) -> np.ndarray:
    """Returns the hash, uint64 `[n]`, of n texts."""
    text = pc.fill_null(text, "")
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1].astype(np.int64)
    return hash_text(np.frombuffer(data or b"", np.uint8), ends, missing)
