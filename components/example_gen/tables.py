"""CSV and Parquet files as one stream of record batches, in bounded memory.

CSV columns come as text exactly as written, Parquet columns in their own type. Nothing is inferred
here; see `cells`. Files of an object store must be staged while they are read; see `objects.staging`.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from components.errors import InputError, did_you_mean
from components.objects.staging import local

_BLOCK = 1 << 20  # bytes of CSV text held at a time; a row must fit into one block
_PARQUET_ROWS = 1 << 15
_SNIFF = 1 << 18
_DELIMITERS = (",", ";", "\t", "|")
_GZIP = b"\x1f\x8b"
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


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
        format: `csv` or `parquet`.
        columns: the column names, in the first file's order.
        delimiter: what separates CSV fields; None for Parquet.
    """

    paths: tuple[str, ...]
    format: str
    columns: tuple[str, ...]
    delimiter: str | None

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Yields all rows in file order, with the given columns (default: all).

        Raises:
            InputError: a row has too many or too few fields, text is not UTF-8, a file is damaged or
                has no rows.
        """
        wanted = list(columns if columns is not None else self.columns)
        for path in self.paths:
            file = Path(path).name if len(self.paths) > 1 else ""
            stream = (
                _csv_batches(path, self.columns, self.delimiter or ",", wanted)
                if self.format == "csv"
                else _parquet_batches(path, wanted)
            )
            first_row = 1
            for data in stream:
                if data.num_rows:
                    yield Batch(data, first_row, file)
                    first_row += data.num_rows
            if first_row == 1:
                raise InputError(f'"{path}" must hold at least one row, got a header only.')


def open_table(paths: Sequence[str], format: str = "auto", delimiter: str | None = None) -> Table:
    """Reads the headers of the files and returns them as one table.

    Args:
        paths: files as `spec.expand` returns them.
        format: `csv`, `parquet`, or `auto`, which looks at the first bytes.
        delimiter: one character; None finds it among comma, semicolon, tab and bar.

    Raises:
        InputError: a file is missing, empty, damaged or neither CSV nor Parquet; a column has no name
            or the name of another; the files have different columns.
    """
    formats = {path: _format(path, format) for path in paths}
    if len(set(formats.values())) > 1:
        raise InputError("The data files must be all CSV or all Parquet, got both. Name one kind only.")
    kind = formats[paths[0]]
    if kind == "csv" and delimiter is None:
        delimiter = _sniff(paths[0])
    table = Table(tuple(paths), kind, (), delimiter if kind == "csv" else None)
    headers = {path: _header(path, table) for path in paths}
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
    return dataclasses.replace(table, columns=tuple(first))


def _format(path: str, format: str) -> str:
    head = _head(path, 4)
    if not head:
        raise InputError(f'"{path}" must hold a header and rows, got an empty file.')
    if head == b"PK\x03\x04":
        raise InputError(f'"{path}" must be CSV or Parquet, got a zip or Excel file. Save it as CSV.')
    if head == b"PAR1":
        if format == "csv":
            raise InputError(f'"{path}" must be CSV, got a Parquet file. Set data.format to auto.')
        return "parquet"
    if format == "parquet" or path.lower().endswith((".parquet", ".pq")):
        raise InputError(f'"{path}" must be a whole Parquet file, got something else or a damaged one.')
    return "csv"


def _head(path: str, size: int) -> bytes:
    try:
        with open(local(path), "rb") as file:
            return file.read(size)
    except OSError as error:
        raise InputError(f'The data file "{path}" must be readable, got: {error.strerror}.') from error


def _sniff(path: str) -> str:
    """Returns the delimiter with which most rows have as many fields as the header, and more than one."""
    try:
        if _head(path, 2) == _GZIP:
            with gzip.open(local(path)) as file:
                sample = file.read(_SNIFF)
        else:
            sample = _head(path, _SNIFF)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, error) from error
    text = sample.decode("utf-8-sig", errors="replace")
    if len(sample) == _SNIFF:
        text = text[: text.rfind("\n") + 1] or text
    best, best_score = ",", (0.0, 1)
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
        except csv.Error:
            continue
        fields = len(rows[0]) if rows else 1
        score = (sum(len(row) == fields for row in rows) / max(len(rows), 1), fields)
        if fields > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _header(path: str, table: Table) -> list[str]:
    if table.format == "parquet":
        names = list(_open_parquet(path).schema_arrow.names)
        return [name for name in names if not _PANDAS_INDEX.fullmatch(name)]
    if _head(path, 2) in (b"\xff\xfe", b"\xfe\xff"):
        raise _not_utf8(path, "UTF-16 text")
    names = _open_csv(path, table.delimiter or ",", [], None).names
    if not any(name.strip() for name in names):
        raise InputError(f'"{path}" must start with a header of column names, got a blank one.')
    return names


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


def _open_csv(path: str, delimiter: str, columns: Sequence[str], wanted: list[str] | None) -> Any:
    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "error"

    try:
        source = pa.input_stream(local(path), compression="gzip" if _head(path, 2) == _GZIP else None)
        return _Guarded(
            path,
            ragged,
            pyarrow.csv.open_csv(
                source,
                # One thread: only then does Arrow know the number of a bad row. It is no slower.
                read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK, use_threads=False),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types={name: pa.string() for name in columns},
                    strings_can_be_null=False,
                    include_columns=wanted,
                ),
            ),
        )
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise _csv_error(path, ragged, error) from error


@dataclasses.dataclass(frozen=True)
class _Guarded:
    """A CSV reader whose failures are sentences."""

    path: str
    ragged: list[Any]
    reader: Any

    @property
    def names(self) -> list[str]:
        try:
            return list(self.reader.schema.names)
        except UnicodeDecodeError as error:
            raise _csv_error(self.path, self.ragged, error) from error

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self.reader
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            raise _csv_error(self.path, self.ragged, error) from error


def _csv_batches(path: str, columns: Sequence[str], delimiter: str, wanted: list[str]) -> Iterator[Any]:
    last = _open_csv(path, delimiter, [], None).names[-1]
    rows, cell = 0, ""
    for data in _open_csv(path, delimiter, columns, list(dict.fromkeys([*wanted, last]))):
        if data.num_rows:
            rows, cell = rows + data.num_rows, data.column(last)[-1].as_py()
        yield data.select(wanted)
    # Arrow closes an open quote at the end of the file, and all rows after it are gone.
    if "\n" in cell and not _ends_with_quote(path):
        raise InputError(f'Every quote in "{Path(path).name}" must be closed, got an open one in row {rows}. Close it.')


def _ends_with_quote(path: str) -> bool:
    with open(local(path), "rb") as file:
        if file.read(2) == _GZIP:
            return True  # unknown: its end cannot be read alone
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 64))
        return file.read().rstrip().endswith(b'"')


def _csv_error(path: str, ragged: list[Any], error: Exception) -> InputError:
    name = Path(path).name
    if ragged:
        row = ragged[0]
        return InputError(
            f'Every row of "{name}" must have {row.expected_columns} fields like the header, '
            f"got {row.actual_columns} in row {row.number - 1}. "
            f"Check its delimiters and quotes."
        )
    text = str(error)
    if isinstance(error, UnicodeDecodeError):
        return _not_utf8(path, "other bytes in the header")
    if "invalid UTF8" in text:
        found = re.search(r"Row #(\d+)", text)
        return _not_utf8(path, f"other bytes in row {int(found[1]) - 1}" if found else "other bytes")
    if "straddling" in text:
        return InputError(
            f'Every row of "{name}" must fit into {_BLOCK >> 20} MiB, got a longer one. '
            f"Look for a quote that is never closed."
        )
    if "Empty CSV" in text:
        return InputError(f'"{path}" must hold a header and rows, got an empty file.')
    return _damaged(path, error)


def _not_utf8(path: str, got: str) -> InputError:
    return InputError(f'"{path}" must be UTF-8 text, got {got}. Save it as UTF-8 (Excel: "CSV UTF-8").')


def _damaged(path: str, error: Exception) -> InputError:
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return InputError(f'"{path}" must be a whole file, got a damaged one ({reason}). Copy it again.')


def _open_parquet(path: str) -> Any:
    try:
        # The buffer keeps a huge row group from being read at once.
        return pyarrow.parquet.ParquetFile(local(path), buffer_size=1 << 20)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _parquet_batches(path: str, wanted: list[str]) -> Iterator[Any]:
    file = _open_parquet(path)
    try:
        for data in file.iter_batches(batch_size=_PARQUET_ROWS, columns=wanted, use_threads=False):
            yield data.select(wanted)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    finally:
        file.close()
