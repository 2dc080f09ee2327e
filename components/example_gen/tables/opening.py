"""Files opened as one table: their format, their columns, and what a user should know of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.example_gen.tables import hive_folders
from components.example_gen.tables.csv_text.layout import lay_out
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.formats import format_of
from components.example_gen.tables.lakes import lake
from components.example_gen.tables.readers import Look, head
from components.example_gen.tables.table import READERS, Table, short_names
from components.shared.column_names import plain_names
from components.shared.errors import InputError, did_you_mean

_DASK_INDEX = "__null_dask_index__"
_UNNAMED = re.compile(r"Unnamed: 0(\.\d+)?")


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
        looks = {path: READERS[found.format].look(path) for path in written}
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
    names = short_names(paths)
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
