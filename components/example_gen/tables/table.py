"""Tables in files of one format as one stream of record batches, in bounded memory.

CSV columns come as text exactly as written, those of all other formats in their own type. Nothing is inferred here; see
`cells`. Files of an object store must be staged while they are read; see `objects.staging`.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa

from components.example_gen.cells.forms import Form
from components.example_gen.tables import columnar_files, hive_folders, json_files, parquet_files
from components.example_gen.tables.csv_text import csv_files
from components.example_gen.tables.csv_text.layout import Layout, lay_out
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.formats import format_of
from components.example_gen.tables.lakes import lake, local_copies
from components.example_gen.tables.readers import Look, head
from components.objects.place import is_remote
from components.objects.staging import size
from components.shared.column_names import plain_names
from components.shared.errors import InputError, did_you_mean

_READERS: Mapping[str, ModuleType] = {
    "parquet": parquet_files,
    "arrow": columnar_files,
    "orc": columnar_files,
    "jsonl": json_files,
    "lake": lake,
}
_DASK_INDEX = "__null_dask_index__"
_UNNAMED = re.compile(r"Unnamed: 0(\.\d+)?")


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
        columns: the column names, in the first file's order; those that stand in the names of folders come last.
        dialect: how the files are written, with nothing left open.
        notes: what was done in opening the files that a user may not expect, in sentences.
        forms: column → how its cells are read, where an ingest has found it out.
        folders: the columns that stand in the names of folders, `key=value`.
        empty: the files without rows.
        index: columns with the row numbers of some program; no features unless they are named.
        layouts: file → how it is laid out, of CSV files.
        written: file → column → its name there, of the columns whose name is written in another way, see `names`.
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

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Yields all rows in file order, with the given columns (default: all).

        Raises:
            InputError: a row has too many or too few fields, text is not UTF-8, or a file is damaged; see
                `csv_files.batches`.
        """
        wanted = list(columns if columns is not None else self.columns)
        names = _names(self.paths)
        for path in self.paths:
            if path in self.empty:
                continue
            first_row = 1
            for data in self._read(path, wanted):
                rows, place = data.num_rows, self.left_out.get(names[path], 0) - first_row
                if 0 <= place < rows:
                    data = data.filter(pa.array([row != place for row in range(rows)]))
                if data.num_rows:
                    yield Batch(data, first_row, names[path])
                first_row += rows

    def no_rows(self) -> InputError:
        """Returns the error of a table that must have rows and has none."""
        what = f'"{self.paths[0]}"' if len(self.paths) == 1 else f"The {len(self.paths):,} data files"
        got = "a header only" if self.dialect.format == "csv" else "none"
        return InputError(f"{what} must hold at least one row, got {got}.")

    def _read(self, path: str, wanted: list[str]) -> Iterator[pa.RecordBatch]:
        inside = [name for name in self.columns if name not in self.folders]
        columns = [name for name in wanted if name not in self.folders]
        stream = self._stream(path, columns or inside[:1])
        if columns == wanted:
            yield from stream
            return
        keys = hive_folders.keys(path)
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

    def _stream(self, path: str, wanted: list[str]) -> Iterator[pa.RecordBatch]:
        there = [self._there(path, name) for name in wanted]
        if self.dialect.format == "csv":
            stream = csv_files.batches(self.layouts[path], there, self.digests)
        elif self.dialect.format == "jsonl":
            stream = json_files.batches(path, there, self.digests)
        else:
            stream = _READERS[self.dialect.format].batches(path, there)
        return stream if there == wanted else (data.rename_columns(wanted) for data in stream)

    def _there(self, path: str, name: str) -> str:
        return self.written.get(path, {}).get(name, name)


def open_table(paths: Sequence[str], dialect: Dialect | None = None) -> Table:
    """Reads the headers of the files and returns them as one table.

    Files without rows among others say nothing of the columns and are left aside.

    Args:
        paths: files as `spec.expand` returns them.
        dialect: how they are written as far as it is known; the default leaves everything open.

    Raises:
        InputError: a file is missing, damaged or of no known format; a column has no name or the name of another; the
            files have different columns or formats.
    """
    given = dialect or Dialect()
    blank = {path for path in paths if not lake.is_lake(path) and not head(path, 1)}
    written = [path for path in paths if path not in blank] or list(paths)
    found = _recognised(written, given)
    layouts, notes = lay_out(written, given) if found.format == "csv" else ([], [])
    if found.format == "csv":
        looks = {layout.path: Look(list(layout.columns), layout.empty) for layout in layouts}
        delimiters = {layout.reading.delimiter for layout in layouts}
        found = dataclasses.replace(found, delimiter=delimiters.pop() if len(delimiters) == 1 else None)
    else:
        looks = {path: _READERS[found.format].look(path) for path in written}
        found = dataclasses.replace(found, delimiter=None)
    names = {path: one.columns for path, one in looks.items()}
    looks = {path: dataclasses.replace(one, columns=plain_names(one.columns)) for path, one in looks.items()}
    empty = blank | {path for path, one in looks.items() if one.empty}
    telling = [path for path in written if path not in empty] or written
    folders = _folders(telling, looks)
    headers = {path: looks[path].columns + folders for path in telling}
    first = headers[telling[0]]
    for path, header in headers.items():
        _check_names(path, header)
        _check_same(path, header, telling[0], first)
    notes += [note for path in telling for note in looks[path].notes]
    notes += _about_folders(folders, telling, looks) + _about_empty(paths, empty)
    table = Table(
        paths=tuple(paths),
        columns=tuple(first),
        dialect=found,
        folders=tuple(folders),
        empty=frozenset(empty),
        layouts={layout.path: layout for layout in layouts},
        written=_written(names, looks),
    )
    index = _index(table)
    notes += [f'"{name}" holds row numbers that a program wrote, so it is no feature.' for name in index]
    return dataclasses.replace(table, notes=tuple(dict.fromkeys(notes)), index=index)


def bytes_of(path: str) -> int:
    """Returns the bytes of a file or object, or of the files of a Delta or Iceberg table, all of them if it is remote.

    Raises:
        InputError: it is gone.
    """
    if not lake.is_lake(path):
        return size(path)
    return local_copies.size(path) if is_remote(path) else lake.size(path)


def _recognised(paths: Sequence[str], given: Dialect) -> Dialect:
    expected = given.format if given.format in ("auto", "csv", "parquet") else "auto"
    formats = {path: "lake" if lake.is_lake(path) else format_of(path, expected) for path in paths}
    kinds = sorted(set(formats.values()))
    if len(kinds) > 1:
        if kinds == ["csv", "parquet"]:
            raise InputError("The data files must be all CSV or all Parquet, got both. Name one kind only.")
        raise InputError(f"The data files must be of one format, got {' and '.join(kinds)}. Name one kind only.")
    return dataclasses.replace(given, format=kinds[0])


def _written(names: Mapping[str, Sequence[str]], looks: Mapping[str, Look]) -> dict[str, dict[str, str]]:
    """Returns file → column → its name there, of the columns whose name is written in another way."""
    pairs = {path: zip(looks[path].columns, there, strict=True) for path, there in names.items()}
    written = {path: {name: there for name, there in both if name != there} for path, both in pairs.items()}
    return {path: some for path, some in written.items() if some}


def _folders(paths: Sequence[str], looks: Mapping[str, Look]) -> list[str]:
    """Returns the columns that stand in the names of the files' folders and in no file."""
    keys = [name for path in paths if not lake.is_lake(path) for name in hive_folders.keys(path)]
    inside = {name for path in paths for name in looks[path].columns}
    names = [name for name in dict.fromkeys(keys) if name not in inside]
    for path in paths:
        for name in names:
            if name not in hive_folders.keys(path):
                raise InputError(
                    f'The data files must lie in folders of the same kind, got no "{name}=" above "{path}". '
                    "Name files of one kind only."
                )
    return names


def _about_folders(folders: Sequence[str], paths: Sequence[str], looks: Mapping[str, Look]) -> list[str]:
    notes = [f'The column "{name}" is read from the names of the folders, "{name}=…".' for name in folders]
    inside = {name for path in paths for name in looks[path].columns}
    both = {name for path in paths if not lake.is_lake(path) for name in hive_folders.keys(path) if name in inside}
    return notes + [
        f'The column "{name}" stands in the files and in the names of their folders; it is read from the files.'
        for name in sorted(both)
    ]


def _about_empty(paths: Sequence[str], empty: set[str]) -> list[str]:
    if not empty or len(empty) == len(paths):
        return []
    names = _names(paths)
    some = ", ".join(f'"{names[path]}"' for path in sorted(empty)[:3])
    more = f" and {len(empty) - 3:,} others" if len(empty) > 3 else ""
    return [f"{len(empty):,} of {len(paths):,} data files have no rows and are skipped: {some}{more}."]


def _index(table: Table) -> tuple[str, ...]:
    """Returns the columns with row numbers of pandas or Dask, told from their names and the first rows."""
    found = [name for name in table.columns if name == _DASK_INDEX]
    named = [name for name in table.columns if _UNNAMED.fullmatch(name)]
    if named:
        first = next(table.batches(named), None)
        found += [name for name in named if first is None or _counts(first.data.column(name))]
    return tuple(found)


def _counts(column: pa.Array) -> bool:
    """Returns whether a column counts up by one."""
    try:
        numbers = column.cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return not numbers.null_count and bool((np.diff(numbers.to_numpy()) == 1).all())


def _names(paths: Sequence[str]) -> dict[str, str]:
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


def _check_same(path: str, header: Sequence[str], other: str, first: Sequence[str]) -> None:
    for name in first:
        if name not in header:
            raise InputError(
                f'The data files must have the same columns, got no "{name}" in "{Path(path).name}"'
                f' but in "{Path(other).name}".{did_you_mean(name, header)}'
            )
    for name in header:
        if name not in first:
            raise InputError(
                f'The data files must have the same columns, got "{name}" in "{Path(path).name}"'
                f' but not in "{Path(other).name}".{did_you_mean(name, first)}'
            )


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
