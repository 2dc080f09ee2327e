"""Transformed splits on disk: Parquet files with a column for each tensor.

A column holds a number for each row, or a list of as many numbers as the tensor is wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SUFFIX = ".parquet"
"""What tells a whole file from one that is being written."""


def write_tensors(batches: Iterable[Mapping[str, np.ndarray]], path: str) -> None:
    """Writes tensors [n, ...] by name, batch by batch."""
    writer = None
    try:
        for batch in batches:
            rows = pa.RecordBatch.from_arrays([_column(values) for _, values in sorted(batch.items())], sorted(batch))
            writer = writer or pq.ParquetWriter(path, rows.schema, compression="zstd", use_dictionary=False)
            writer.write_batch(rows)
    finally:
        if writer is not None:
            writer.close()


def _column(values: np.ndarray) -> pa.Array:
    flat = pa.array(values.reshape(-1))
    return flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def read_tensors(path: str, names: Sequence[str] | None = None) -> Iterator[dict[str, np.ndarray]]:
    """Yields the tensors of a file by name, [n, ...], in the batches they were written in.

    Args:
        path: the file.
        names: the tensors to read; all when left out.
    """
    with pq.ParquetFile(path) as file:
        for batch in range(file.num_row_groups):
            rows = file.read_row_group(batch, names)
            yield {name: _tensor(rows.column(name).combine_chunks()) for name in rows.column_names}


def _tensor(column: pa.Array) -> np.ndarray:
    if not pa.types.is_fixed_size_list(column.type):
        return column.to_numpy(zero_copy_only=False)
    return column.flatten().to_numpy(zero_copy_only=False).reshape(-1, column.type.list_size)
