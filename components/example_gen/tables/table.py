"""Tables in files of one format as one stream of record batches, in bounded memory.

CSV columns come as text exactly as written, those of all other formats in their own type. Nothing is inferred here; see
`cells`. Files of an object store must be staged while they are read; see `objects.staging`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from components.example_gen.cells.forms import Form
from components.example_gen.tables import columnar_files, hive_folders, json_files, parquet_files
from components.example_gen.tables.csv_text import csv_files
from components.example_gen.tables.csv_text.layout import Layout
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.lakes import lake, local_copies
from components.example_gen.tables.readers import Some
from components.objects.place import is_remote
from components.objects.staging import size
from components.shared.errors import InputError

READERS: Mapping[str, ModuleType] = {
    "parquet": parquet_files,
    "arrow": columnar_files,
    "orc": columnar_files,
    "jsonl": json_files,
    "lake": lake,
}


@dataclasses.dataclass(frozen=True)
class Batch:
    """Some consecutive rows of one file.

    Args:
        data: the rows, columns in the order they were asked for.
        first_row: number of the first row in its file; the first row under the header is 1.
        file: the file's name where the table has several files, else empty.
        number: the file's place among those of the table.
    """

    data: pa.RecordBatch
    first_row: int
    file: str
    number: int = 0

    def where(self, index: int) -> str:
        """Returns the place of a row of this batch as a user finds it: `row 12 of "b.csv"`."""
        return f"row {self.first_row + index}" + (f' of "{self.file}"' if self.file else "")


@dataclasses.dataclass(frozen=True)
class Span:
    """Consecutive rows of one file that can be read without those before them.

    Args:
        path: the file.
        some: its pieces that they are; None for the whole file.
    """

    path: str
    some: Some | None = None


@dataclasses.dataclass(frozen=True)
class Table:
    """One table in one or more files with the same columns; `open_table` makes it.

    Args:
        paths: the files.
        columns: the column names, in the first file's order; those that stand in the names of folders come last.
        dialect: how the files are written, with nothing left open.
        notes: what was done in opening the files that a user may not expect, in sentences.
        forms: column → how its cells are read, where an ingest has found it out.
        folders: the columns that stand in the names of folders, `key=value`.
        empty: the files without rows.
        index: columns with the row numbers of some program; no features unless they are named.
        layouts: file → how it is laid out, of CSV files.
        written: file → column → its name there, of the columns whose name is written in another way, see `plain_names`.
        left_out: file, as a batch names it → number of its last row, which is not read.
        digests: where the hashes of CSV files and JSON lines are to be known once all of their rows are read.
    """

    paths: tuple[str, ...]
    columns: tuple[str, ...]
    dialect: Dialect
    notes: tuple[str, ...] = ()
    forms: Mapping[str, Form] = dataclasses.field(default_factory=dict)
    folders: tuple[str, ...] = ()
    empty: frozenset[str] = frozenset()
    index: tuple[str, ...] = ()
    layouts: Mapping[str, Layout] = dataclasses.field(default_factory=dict)
    written: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)
    digests: Digests | None = dataclasses.field(default=None, compare=False)

    @property
    def is_streamed(self) -> bool:
        """Whether its files are read front to back, so that they can be hashed on the way."""
        return self.dialect.format in ("csv", "jsonl")

    @property
    def filled(self) -> tuple[str, ...]:
        """The files that have rows, in their order."""
        return tuple(path for path in self.paths if path not in self.empty)

    def batches(self, columns: Sequence[str] | None = None, spans: Sequence[Span] | None = None) -> Iterator[Batch]:
        """Yields rows in file order.

        Args:
            columns: the columns to read, all for None.
            spans: the rows to read, all for None.

        Raises:
            InputError: a row has too many or too few fields, text is not UTF-8, or a file is damaged; see
                `csv_files.batches`.
        """
        wanted = list(columns if columns is not None else self.columns)
        names = short_names(self.paths)
        numbers = {path: number for number, path in enumerate(self.paths)}
        for span in map(Span, self.filled) if spans is None else spans:
            path, first_row = span.path, 1 if span.some is None else span.some.before + 1
            for data in self._read(span, wanted):
                rows, place = data.num_rows, self.left_out.get(names[path], 0) - first_row
                if 0 <= place < rows:
                    data = data.filter(pa.array([row != place for row in range(rows)]))
                if data.num_rows:
                    yield Batch(data, first_row, names[path], numbers[path])
                first_row += rows

    def no_rows(self) -> InputError:
        """Returns the error of a table that must have rows and has none."""
        what = f'"{self.paths[0]}"' if len(self.paths) == 1 else f"The {len(self.paths):,} data files"
        got = "a header only" if self.dialect.format == "csv" else "none"
        return InputError(f"{what} must hold at least one row, got {got}.")

    def _read(self, span: Span, wanted: list[str]) -> Iterator[pa.RecordBatch]:
        inside = [name for name in self.columns if name not in self.folders]
        columns = [name for name in wanted if name not in self.folders]
        stream = self._stream(span, columns or inside[:1])
        if columns == wanted:
            yield from stream
            return
        keys = hive_folders.keys(span.path)
        for data in stream:
            yield pa.RecordBatch.from_arrays(
                [
                    pa.repeat(pa.scalar(keys[name], pa.string()), data.num_rows)
                    if name in self.folders
                    else data.column(name)
                    for name in wanted
                ],
                names=wanted,
            )

    def _stream(self, span: Span, wanted: list[str]) -> Iterator[pa.RecordBatch]:
        path = span.path
        there = [self._there(path, name) for name in wanted]
        if self.dialect.format == "csv":
            stream = csv_files.batches(self.layouts[path], there, self.digests)
        elif self.dialect.format == "jsonl":
            stream = json_files.batches(path, there, self.digests)
        elif span.some is not None:
            stream = READERS[self.dialect.format].batches(path, there, span.some)
        else:
            stream = READERS[self.dialect.format].batches(path, there)
        return stream if there == wanted else (data.rename_columns(wanted) for data in stream)

    def _there(self, path: str, name: str) -> str:
        return self.written.get(path, {}).get(name, name)


def bytes_of(path: str) -> int:
    """Returns the bytes of a file or object, or of the files of a Delta or Iceberg table, all of them if it is remote.

    Raises:
        InputError: it is gone.
    """
    if not lake.is_lake(path):
        return size(path)
    return local_copies.size(path) if is_remote(path) else lake.size(path)


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Returns the names of files as messages show them: short, but no two alike; none for a file alone."""
    if len(paths) == 1:
        return {paths[0]: ""}
    names = {path: Path(path).name for path in paths}
    if len(set(names.values())) == len(paths):
        return names
    if len({os.path.isabs(path) for path in paths}) > 1:
        return {path: path for path in paths}
    above = os.path.commonpath([os.path.dirname(path) for path in paths])
    return {path: os.path.relpath(path, above) for path in paths}
