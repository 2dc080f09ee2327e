"""Parquet files that pyarrow cannot read, through DuckDB: newer types, and lists of one length with a missing one.

DuckDB is imported when such a file is met, and never otherwise.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from components.objects.staging import local

_ROWS = 1 << 13


class UnreadableError(ValueError):
    """DuckDB cannot read the file either."""


def header(path: str) -> list[str]:
    """Returns the column names.

    Raises:
        UnreadableError: DuckDB cannot read the file.
    """
    with _opened() as connection:
        return [name for name, _ in _columns(connection, path)]


def rows(path: str) -> int:
    """Returns the number of rows.

    Raises:
        UnreadableError: DuckDB cannot read the file.
    """
    with _opened() as connection:
        [[count]] = connection.sql(f"SELECT count(*) FROM {_source(path)}").fetchall()
        return int(count)


def batches(path: str, wanted: Sequence[str], start: int = 0, end: int | None = None) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order; a VARIANT comes as text.

    Args:
        path: the file.
        wanted: the columns to read, in the order wanted.
        start: rows to leave out at the beginning.
        end: the first row that is read no more; None reads to the end of the file.

    Raises:
        UnreadableError: DuckDB cannot read these columns.
    """
    with _opened() as connection:
        kinds = dict(_columns(connection, path))
        cells = ", ".join(
            f"CAST({_quoted(name)} AS VARCHAR) AS {_quoted(name)}" if kinds.get(name) == "VARIANT" else _quoted(name)
            for name in wanted
        )
        most = "" if end is None else f"LIMIT {end - start} "
        query = f"SELECT {cells} FROM {_source(path)} {most}OFFSET {start}"
        yield from connection.sql(query).to_arrow_reader(_ROWS)


@contextlib.contextmanager
def _opened() -> Iterator[Any]:
    import duckdb

    try:
        # One thread and little memory: a block at a time is enough. Nothing is fetched from elsewhere.
        with duckdb.connect(
            config={
                "threads": "1",
                "memory_limit": "1GB",
                "temp_directory": tempfile.gettempdir(),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        ) as connection:
            yield connection
    except (duckdb.Error, pa.ArrowException) as error:
        raise UnreadableError(str(error)) from error


def _columns(connection: Any, path: str) -> list[tuple[str, str]]:
    found = connection.sql(f"DESCRIBE SELECT * FROM {_source(path)}").fetchall()
    return [(name, kind) for name, kind, *_ in found]


def _source(path: str) -> str:
    # A bracket in the name of a file is no pattern, and a folder `key=value` above it no column of the file.
    name = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in local(path)).replace("'", "''")
    return f"read_parquet('{name}', hive_partitioning = false)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
