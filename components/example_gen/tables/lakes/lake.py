"""Delta and Iceberg tables: a folder of files of which only some, and of these only some rows, are the table.

A table is named by its folder, with `@v3` behind it for an older state: the version of a Delta table, the snapshot id
of an Iceberg table. `pin` makes of that the name of one state, which every later reader of a run gets.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.example_gen.tables import parquet_files
from components.example_gen.tables.readers import Look, unreadable
from components.objects.staging import local
from components.shared.errors import InputError

_VERSIONED = re.compile(r"(?P<place>.+)@v(?P<version>\d+)")
METADATA = re.compile(r"(v\d+|\d+-[0-9a-fA-F-]{36})(\.gz)?\.metadata\.json")


@dataclasses.dataclass(frozen=True)
class Part:
    """One file of a table's state.

    Args:
        path: the file.
        names: column of the table → its name in the file, where it is there.
        ids: column of the table → its number in the file, which goes before the name if the file has numbers.
        values: column of the table → its one value in all rows, where the file does not have it.
        deleted: positions of the rows that are no longer in the table, int64, sorted.
    """

    path: str
    names: Mapping[str, str]
    ids: Mapping[str, int] = dataclasses.field(default_factory=dict)
    values: Mapping[str, pa.Scalar] = dataclasses.field(default_factory=dict)
    deleted: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """One state of a table.

    Args:
        schema: the columns.
        parts: its files, in an order that is always the same.
    """

    schema: pa.Schema
    parts: tuple[Part, ...]


def kind_of(folder: Path) -> str | None:
    """Returns what a folder is the root of: `Delta`, `Iceberg`, `Hudi`, or None for any other folder."""
    if (folder / "_delta_log").is_dir():
        return "Delta"
    if (folder / ".hoodie").is_dir():
        return "Hudi"
    metadata = folder / "metadata"
    if metadata.is_dir() and any(METADATA.fullmatch(child.name) for child in metadata.iterdir()):
        return "Iceberg"
    return None


def is_metadata(path: Path) -> bool:
    """Returns whether a file is the metadata of an Iceberg table."""
    return path.parent.name == "metadata" and METADATA.fullmatch(path.name) is not None


def split_version(name: str) -> tuple[str, int | None]:
    """Returns a name without the `@v3` at its end, and that version."""
    found = _VERSIONED.fullmatch(name)
    return (found["place"], int(found["version"])) if found else (name, None)


def is_lake(path: str) -> bool:
    """Returns whether a path is one that `pin` gave."""
    place, version = split_version(path)
    return is_metadata(Path(place)) or (version is not None and not os.path.isfile(path))


def pin(folder: Path, version: int | None) -> str:
    """Returns the name of one state of the table in a folder, today's unless a version is given.

    Args:
        folder: the root of the table; the metadata file of an Iceberg table will do as well.
        version: version of a Delta table, snapshot id of an Iceberg table.

    Raises:
        InputError: it is a Hudi table, there is no such state, or the table cannot be read.
    """
    kind = "Iceberg" if is_metadata(folder) else kind_of(folder)
    if kind == "Hudi":
        raise hudi(str(folder))
    if kind == "Delta":
        from components.example_gen.tables.lakes import delta

        return f"{folder.resolve()}@v{delta.version_of(folder, version)}"
    from components.example_gen.tables.lakes import iceberg

    name = str(iceberg.metadata_of(folder))
    if version is not None:
        iceberg.snapshot(name, version)
        return f"{name}@v{version}"
    return name


def hudi(folder: str) -> InputError:
    """Returns the error of a Hudi table, which nothing here reads."""
    return InputError(
        f'The data must be CSV, Parquet, a Delta or an Iceberg table, got the Hudi table "{folder}". '
        "Write its current rows to Parquet and name that."
    )


def snapshot(path: str) -> Snapshot:
    """Returns the state that a path of `pin` names.

    Raises:
        InputError: it is gone, or needs what nothing here can do.
    """
    place, version = split_version(local(path))
    if is_metadata(Path(place)):
        from components.example_gen.tables.lakes import iceberg

        return iceberg.snapshot(place, version)
    from components.example_gen.tables.lakes import delta

    assert version is not None, "a Delta table is pinned to a version"
    return delta.snapshot(place, version)


def look(path: str) -> Look:
    """Returns the columns, whether the state is known to have no rows, and which state it is."""
    state = snapshot(path)
    place, version = split_version(path)
    if not is_metadata(Path(place)):
        note = f'The Delta table "{place}" is read as of version {version}.'
    elif version is not None:
        note = f'The Iceberg table "{root_of(path)}" is read as of snapshot {version}.'
    else:
        file = place.rpartition("/")[2]
        note = f'The Iceberg table "{root_of(path)}" is read as {file} says; a catalog may know another state of it.'
    return Look(list(state.schema.names), not state.parts, (note,))


def root_of(path: str) -> str:
    """Returns the folder of the table that a path of `pin` names."""
    place, _ = split_version(path)
    return place.rsplit("/", 2)[0] if is_metadata(Path(place)) else place


def batches(path: str, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a table's state, file by file.

    Args:
        path: what `pin` gave.
        wanted: the columns to read, in the order wanted.

    Raises:
        InputError: a file is gone, damaged, or not readable.
    """
    state = snapshot(path)
    schema = pa.schema([state.schema.field(name) for name in wanted])
    for part in state.parts:
        yield from _rows(part, schema)


def size(path: str) -> int:
    """Returns the bytes of the files of a table's state, which must lie here.

    Raises:
        InputError: a file is gone.
    """
    return sum(_size(part.path) for part in snapshot(path).parts)


def digest(path: str) -> bytes:
    """Returns the SHA-256 of a table's state: its version, its columns, and the content of its files.

    Raises:
        InputError: a file is gone.
    """
    state = snapshot(path)
    place, version = split_version(path)
    digests = [hashlib.sha256(f"{Path(place).name if is_metadata(Path(place)) else ''}@{version}".encode()).digest()]
    digests.append(hashlib.sha256(str(state.schema).encode()).digest())
    for part in state.parts:
        try:
            with open(part.path, "rb") as file:
                digests.append(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise _gone(part.path, error) from error
        said = repr([dict(part.names), dict(part.ids), {name: str(value) for name, value in part.values.items()}])
        digests.append(hashlib.sha256(said.encode() + part.deleted.tobytes()).digest())
    return hashlib.sha256(b"".join(digests)).digest()


def _rows(part: Part, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    _size(part.path)
    there, numbers = parquet_files.names_and_numbers(part.path)
    inside = {
        name: found
        for name in schema.names
        if (found := numbers.get(part.ids.get(name, -1)) if numbers else part.names.get(name)) in there
    }
    # Without any column of the file one of them is read for the number of rows.
    columns = list(inside.values()) or there[:1]
    start = 0
    for data in parquet_files.batches(part.path, columns):
        kept = _without(data, part.deleted - start)
        start += data.num_rows
        columns_by_name = dict(zip(inside, kept.columns, strict=False))
        yield pa.RecordBatch.from_arrays(
            [columns_by_name.get(field.name, _constant(part, field, kept.num_rows)) for field in schema],
            names=schema.names,
        )


def _without(data: pa.RecordBatch, deleted: np.ndarray) -> pa.RecordBatch:
    """Returns the rows but those at some positions, of which others may lie outside."""
    inside = deleted[slice(*np.searchsorted(deleted, [0, data.num_rows]))]
    if not len(inside):
        return data
    mask = np.ones(data.num_rows, bool)
    mask[inside] = False
    return data.filter(pa.array(mask))


def _constant(part: Part, field: pa.Field, rows: int) -> pa.Array:
    value = part.values.get(field.name)
    return pa.nulls(rows, field.type) if value is None else pa.repeat(value, rows)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError as error:
        raise _gone(path, error) from error


def _gone(path: str, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(
            f'Every file of a table must be there, got none "{path}". '
            "It may have been vacuumed; name a newer version, or restore the file."
        )
    return unreadable(path, error)
