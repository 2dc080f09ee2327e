"""CSV files as record batches of text exactly as written, in bounded memory."""

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

from components.errors import InputError
from components.example_gen.dialect import Dialect
from components.example_gen.files import damaged, head
from components.objects.staging import local

_BLOCK = 1 << 20  # bytes of text held at a time; a row must fit into one block
_SNIFF = 1 << 18
_DELIMITERS = (",", ";", "\t", "|")
_GZIP = b"\x1f\x8b"


def recognise(path: str, dialect: Dialect) -> Dialect:
    """Returns the dialect with what was left open found in the first file of a table.

    Raises:
        InputError: the file cannot be read.
    """
    if dialect.delimiter is not None:
        return dialect
    return dataclasses.replace(dialect, delimiter=_sniff(path))


def header(path: str, dialect: Dialect) -> list[str]:
    """Returns the column names as they are written.

    Raises:
        InputError: the file cannot be read, is not UTF-8, or its header is blank.
    """
    if head(path, 2) in (b"\xff\xfe", b"\xfe\xff"):
        raise _not_utf8(path, "UTF-16 text")
    names = _open(path, _delimiter(dialect), [], None).names
    if not any(name.strip() for name in names):
        raise InputError(f'"{path}" must start with a header of column names, got a blank one.')
    return names


def is_header_only(path: str) -> bool:
    """Returns whether a file has one line at most, and so no rows."""
    start = head(path, _SNIFF)
    if start.startswith(_GZIP):
        try:
            with gzip.open(local(path)) as file:
                start = file.read(_SNIFF)
        except (OSError, EOFError, zlib.error):
            return False  # reading it says why
    return len(start) < _SNIFF and len(start.strip().splitlines()) < 2


def batches(path: str, dialect: Dialect, columns: Sequence[str], wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order, as text.

    Args:
        path: the file.
        dialect: how it is written, with nothing left open.
        columns: all columns of the table.
        wanted: the columns to read, in the order wanted.

    Raises:
        InputError: a row has too many or too few fields, text is not UTF-8, or the file is damaged.
    """
    delimiter = _delimiter(dialect)
    last = _open(path, delimiter, [], None).names[-1]
    rows, cell = 0, ""
    for data in _open(path, delimiter, columns, list(dict.fromkeys([*wanted, last]))):
        if data.num_rows:
            rows, cell = rows + data.num_rows, data.column(last)[-1].as_py()
        yield data.select(list(wanted))
    # Arrow closes an open quote at the end of the file, and all rows after it are gone.
    if "\n" in cell and not _ends_with_quote(path):
        raise InputError(f'Every quote in "{Path(path).name}" must be closed, got an open one in row {rows}. Close it.')


def _delimiter(dialect: Dialect) -> str:
    return dialect.delimiter or ","


def _sniff(path: str) -> str:
    """Returns the delimiter with which most rows have as many fields as the header, and more than one."""
    try:
        if head(path, 2) == _GZIP:
            with gzip.open(local(path)) as file:
                sample = file.read(_SNIFF)
        else:
            sample = head(path, _SNIFF)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, error) from error
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


def _open(path: str, delimiter: str, columns: Sequence[str], wanted: list[str] | None) -> Any:
    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "error"

    try:
        source = pa.input_stream(local(path), compression="gzip" if head(path, 2) == _GZIP else None)
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
        raise _error(path, ragged, error) from error


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
            raise _error(self.path, self.ragged, error) from error

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self.reader
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            raise _error(self.path, self.ragged, error) from error


def _ends_with_quote(path: str) -> bool:
    with open(local(path), "rb") as file:
        if file.read(2) == _GZIP:
            return True  # unknown: its end cannot be read alone
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 64))
        return file.read().rstrip().endswith(b'"')


def _error(path: str, ragged: list[Any], error: Exception) -> InputError:
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
    return damaged(path, error)


def _not_utf8(path: str, got: str) -> InputError:
    return InputError(f'"{path}" must be UTF-8 text, got {got}. Save it as UTF-8 (Excel: "CSV UTF-8").')
