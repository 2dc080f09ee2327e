"""Hashes of whole rows of decoded examples: of what they hold, wherever they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.splitting.splits import combine, hash_text, mix, shares

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def row_hashes(batch: pa.RecordBatch) -> np.ndarray:
    """Returns the hash of each row, uint64 `[n]`, equal for rows that hold the same in all columns.

    A missing list is an empty one, and the order of the columns makes no difference.

    Args:
        batch: decoded examples, a list column for each feature.
    """
    return combine(
        shares({name: _hashes(batch.column(place)) for place, name in enumerate(batch.schema.names)}).values()
    )


def _hashes(lists: Any) -> np.ndarray:
    if pa.types.is_null(lists.type):  # no row has a value
        lists = pa.nulls(len(lists), pa.list_(pa.float32()))
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    elements, ends = _elements(lists.flatten()), np.cumsum(lengths)
    positions = (np.arange(len(elements)) - np.repeat(ends - lengths, lengths)).astype(np.uint64)
    sums = np.concatenate(
        [np.zeros(1, np.uint64), np.cumsum(mix(elements ^ mix(positions + _GOLDEN)), dtype=np.uint64)]
    )
    return mix(sums[ends] - sums[ends - lengths] + lengths.astype(np.uint64))


def _elements(flat: Any) -> np.ndarray:
    present = np.zeros(len(flat), bool)
    if pa.types.is_floating(flat.type) or pa.types.is_integer(flat.type):
        values = flat.to_numpy(zero_copy_only=False)
        bits = values.view(np.uint64 if values.itemsize == 8 else np.uint32)
        return mix(bits.astype(np.uint64) + _GOLDEN)
    texts = flat.cast(pa.large_binary())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return hash_text(np.frombuffer(data or b"", np.uint8), ends, present)
