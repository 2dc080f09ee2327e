"""CSV and Parquet files as one stream of record batches, in bounded memory.

CSV columns come as text exactly as written, Parquet columns in their own type. Nothing is inferred
here; see `cells`. Files of an object store must be staged while they are read; see `objects.staging`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from components.errors import InputError, did_you_mean
from components.example_gen import csv_files, parquet_files
from components.example_gen.dialect import Dialect
from components.example_gen.files import head
from components.example_gen.forms import Form


@dataclasses.dataclass(frozen=True)
class Batch:
    """Some consecutive rows of one file.

    Args:
        data: the rows, columns in the order they were asked for.
        first_row: number of the first row in its file; the first row under the header is 1.
        file: the file's name where the table has several files, else empty.
    """

    data: pa.RecordBatch
    first_row: int
    file: str

    def where(self, index: int) -> str:
        """Returns the place of a row of this batch as a user finds it: `row 12 of "b.csv"`."""
        return f"row {self.first_row + index}" + (f' of "{self.file}"' if self.file else "")


@dataclasses.dataclass(frozen=True)
class Table:
    """One table in one or more files with the same columns; `open_table` makes it.

    Args:
        paths: the files.
        columns: the column names, in the first file's order.
        dialect: how the files are written, with nothing left open.
        notes: what was done in opening the files that a user may not expect, in sentences.
        forms: column → how its cells are read, where an ingest has found it out.
    """

    paths: tuple[str, ...]
    columns: tuple[str, ...]
    dialect: Dialect
    notes: tuple[str, ...] = ()
    forms: Mapping[str, Form] = dataclasses.field(default_factory=dict)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Yields all rows in file order, with the given columns (default: all).

        Raises:
            InputError: a row has too many or too few fields, text is not UTF-8, a file is damaged or
                has no rows.
        """
        wanted = list(columns if columns is not None else self.columns)
        for path in self.paths:
            file = Path(path).name if len(self.paths) > 1 else ""
            if self.dialect.format == "csv":
                stream = csv_files.batches(path, self.dialect, self.columns, wanted)
            else:
                stream = parquet_files.batches(path, wanted)
            first_row = 1
            for data in stream:
                if data.num_rows:
                    yield Batch(data, first_row, file)
                    first_row += data.num_rows
            if first_row == 1:
                raise InputError(f'"{path}" must hold at least one row, got a header only.')


def open_table(paths: Sequence[str], dialect: Dialect | None = None) -> Table:
    """Reads the headers of the files and returns them as one table.

    Args:
        paths: files as `spec.expand` returns them.
        dialect: how they are written as far as it is known; the default leaves everything open.

    Raises:
        InputError: a file is missing, empty, damaged or neither CSV nor Parquet; a column has no name
            or the name of another; the files have different columns.
    """
    given = dialect or Dialect()
    formats = {path: _format(path, given.format) for path in paths}
    if len(set(formats.values())) > 1:
        raise InputError("The data files must be all CSV or all Parquet, got both. Name one kind only.")
    found = dataclasses.replace(given, format=formats[paths[0]])
    if found.format == "csv":
        found = csv_files.recognise(paths[0], found)
        headers = {path: csv_files.header(path, found) for path in paths}
    else:
        found = dataclasses.replace(found, delimiter=None)
        headers = {path: parquet_files.header(path) for path in paths}
    first = headers[paths[0]]
    for path, header in headers.items():
        _check_names(path, header)
        for name in first:
            if name not in header:
                raise InputError(
                    f'The data files must have the same columns, got no "{name}" in "{Path(path).name}"'
                    f' but in "{Path(paths[0]).name}".{did_you_mean(name, header)}'
                )
        for name in header:
            if name not in first:
                raise InputError(
                    f'The data files must have the same columns, got "{name}" in "{Path(path).name}"'
                    f' but not in "{Path(paths[0]).name}".{did_you_mean(name, first)}'
                )
    return Table(tuple(paths), tuple(first), found)


def _format(path: str, format: str) -> str:
    start = head(path, 4)
    if not start:
        raise InputError(f'"{path}" must hold a header and rows, got an empty file.')
    if start == b"PK\x03\x04":
        raise InputError(f'"{path}" must be CSV or Parquet, got a zip or Excel file. Save it as CSV.')
    if start == b"PAR1":
        if format == "csv":
            raise InputError(f'"{path}" must be CSV, got a Parquet file. Set data.format to auto.')
        return "parquet"
    if format == "parquet" or path.lower().endswith((".parquet", ".pq")):
        raise InputError(f'"{path}" must be a whole Parquet file, got something else or a damaged one.')
    return "csv"


def _check_names(path: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise InputError(
                f'Column {position} of "{path}" must have a name, got an empty one. '
                f"Name it; if pandas wrote its index there, write with index=False."
            )
        if name in seen:
            raise InputError(f'Column names must differ, got "{name}" twice in "{path}". Rename one.')
        seen.add(name)
