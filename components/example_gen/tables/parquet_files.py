"""Parquet files as record batches with columns of their own types, in bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from components.example_gen.tables import duckdb_files
from components.example_gen.tables.readers import Look, Part, Some, damaged
from components.example_gen.tables.storage_types import Meant, plain_batch
from components.objects.staging import local
from components.shared.errors import InputError

_ROWS = 1 << 15
_SPARK_SCHEMA = b"org.apache.spark.sql.parquet.row.metadata"
_SPARK_INTERVAL = re.compile("interval (day|hour|minute|second)( to (hour|minute|second))?")
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def look(path: str) -> Look:
    """Returns the column names, without those of an index that pandas wrote, and whether there are rows.

    Raises:
        InputError: the file is damaged, encrypted, or of a kind that nothing here reads.
    """
    try:
        with _open(path) as file:
            names, rows = file.schema_arrow.names, file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        try:
            names, rows = duckdb_files.header(path), duckdb_files.rows(path)
        except duckdb_files.UnreadableError:
            raise _refusal(path, error) from error
    index = [name for name in names if _PANDAS_INDEX.fullmatch(name)]
    notes = tuple(f'"{name}" is an index that pandas wrote, so it is left out.' for name in index)
    return Look([name for name in names if name not in index], rows == 0, notes)


def names_and_numbers(path: str) -> tuple[list[str], dict[int, str]]:
    """Returns the names of the columns, and number → name where the file numbers its columns, as Iceberg's do.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with _open(path) as file:
            schema = file.schema_arrow
    except (pa.ArrowException, OSError):
        return look(path).columns, {}
    numbered = {
        int(field.metadata[b"PARQUET:field_id"]): field.name
        for field in schema
        if field.metadata and b"PARQUET:field_id" in field.metadata
    }
    return list(schema.names), {number: name for number, name in numbered.items() if number >= 0}


def parts(path: str) -> list[Part]:
    """Returns the row groups of a file; none where pyarrow does not read it."""
    try:
        with _open(path) as file:
            groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
            return [Part(group.num_rows, group.total_byte_size) for group in groups]
    except (pa.ArrowException, OSError):
        return []


def batches(path: str, wanted: Sequence[str], some: Some | None = None) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order.

    Args:
        path: the file.
        wanted: the columns to read, in the order wanted.
        some: the row groups to read; None reads all.

    Raises:
        InputError: the file is damaged, a text in it is not UTF-8, or a column cannot be read.
    """
    done = 0 if some is None else some.before
    durations: dict[str, pa.DataType] = {}
    meant: dict[str, Meant] = {}
    try:
        with _open(path) as file:
            durations = {field.name: field.type for field in file.schema_arrow if pa.types.is_duration(field.type)}
            meant = _meant(file)
            for data in _rows(file, list(wanted), None if some is None else some.numbers):
                yield plain_batch(data, path, done, meant)
                done += data.num_rows
    except (pa.ArrowException, OSError) as error:
        end = None if some is None else some.before + some.rows
        yield from _by_duck(path, list(wanted), (done, end), error, durations, meant)


def _rows(file: Any, wanted: list[str], groups: Sequence[int] | None = None) -> Iterator[pa.RecordBatch]:
    for data in file.iter_batches(batch_size=_ROWS, row_groups=groups, columns=wanted, use_threads=False):
        yield data.select(wanted)


def _meant(file: Any) -> dict[str, Meant]:
    """Returns what columns stand for whose Arrow type does not say it."""
    found = {}
    if any(pa.types.is_fixed_size_binary(kind) for kind in file.schema_arrow.types):
        # Without Arrow's own schema in the file only Parquet's says which bytes are UUIDs or intervals.
        columns = [file.schema.column(index) for index in range(len(file.schema))]
        found = {column.path: Meant.UUID for column in columns if column.logical_type.type == "UUID"}
        found |= {column.path: Meant.INTERVAL for column in columns if column.converted_type == "INTERVAL"}
    try:
        fields = json.loads((file.metadata.metadata or {}).get(_SPARK_SCHEMA, b"{}")).get("fields", [])
    except ValueError:
        return found
    spark = {field["name"]: field["type"] for field in fields}
    return found | {
        field.name: Meant.MICROSECONDS
        for field in file.schema_arrow
        if pa.types.is_int64(field.type) and _SPARK_INTERVAL.fullmatch(str(spark.get(field.name)))
    }


def _by_duck(
    path: str,
    wanted: list[str],
    bounds: tuple[int, int | None],
    error: Exception,
    durations: Mapping[str, pa.DataType],
    meant: Mapping[str, Meant],
) -> Iterator[pa.RecordBatch]:
    """Yields the rows that pyarrow does not read.

    Args:
        path: the file.
        wanted: the columns.
        bounds: the rows from the first of these to before the second; None stands for the end of the file.
        error: why the others were not.
        durations: column → type, of durations: only Arrow's metadata say so, which DuckDB does not read.
        meant: what Spark's metadata say, which it does not read either; whole numbers to it.
    """
    in_micros = {name: one for name, one in meant.items() if one == Meant.MICROSECONDS}
    start, end = bounds
    try:
        for data in duckdb_files.batches(path, wanted, start, end):
            columns = [
                column.cast(pa.int64()).cast(durations[name]) if name in durations else column
                for name, column in zip(wanted, data.columns, strict=True)
            ]
            yield plain_batch(pa.RecordBatch.from_arrays(columns, names=wanted), path, start, in_micros)
            start += data.num_rows
    except duckdb_files.UnreadableError:
        raise _refusal(path, error, wanted) from error


def _open(path: str) -> Any:
    # The buffer keeps a huge row group from being read at once. Nanoseconds end in 2262, microseconds do not.
    return pyarrow.parquet.ParquetFile(local(path), buffer_size=1 << 20, coerce_int96_timestamp_unit="us")


def _refusal(path: str, error: Exception, wanted: Sequence[str] = ()) -> InputError:
    """Returns what a person can do about a file that neither reader reads."""
    if re.search("encrypt|decrypt", str(error), re.IGNORECASE):
        return InputError(f'"{path}" must be open to read, got an encrypted Parquet file. Write it without encryption.')
    for name in wanted:
        try:
            with _open(path) as file:
                for _ in _rows(file, [name]):
                    pass
        except pa.ArrowException as reason:
            kind = _kind(path, name)
            if kind is None:
                break
            return InputError(
                f'The column "{name}" of "{Path(path).name}" must be of a type that can be read, got {kind} '
                f"({_first_line(reason)}). List it under data.ignore, or write it as another type."
            )
        except OSError:
            break
    return damaged(path, error)


def _kind(path: str, name: str) -> str | None:
    """Returns the type of a column, None where pyarrow does not even open the file."""
    try:
        with _open(path) as file:
            return str(file.schema_arrow.field(name).type)
    except (pa.ArrowException, OSError):
        return None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
