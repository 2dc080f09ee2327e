"""Parquet files as record batches with columns of their own types, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from components.example_gen.files import damaged
from components.objects.staging import local

_ROWS = 1 << 15
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def header(path: str) -> list[str]:
    """Returns the column names, without those of an index that pandas wrote.

    Raises:
        InputError: the file is damaged.
    """
    return [name for name in _open(path).schema_arrow.names if not _PANDAS_INDEX.fullmatch(name)]


def batches(path: str, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order.

    Args:
        path: the file.
        wanted: the columns to read, in the order wanted.

    Raises:
        InputError: the file is damaged.
    """
    file = _open(path)
    try:
        for data in file.iter_batches(batch_size=_ROWS, columns=list(wanted), use_threads=False):
            yield data.select(list(wanted))
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error
    finally:
        file.close()


def _open(path: str) -> Any:
    try:
        # The buffer keeps a huge row group from being read at once.
        return pyarrow.parquet.ParquetFile(local(path), buffer_size=1 << 20)
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error
