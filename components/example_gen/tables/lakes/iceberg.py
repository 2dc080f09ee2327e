"""The state of an Iceberg table without a catalog, by way of pyiceberg, imported when such a table is met."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from components.example_gen.tables.lakes.lake import METADATA, Part, Snapshot
from components.example_gen.tables.lakes.local_copies import fetched
from components.shared.errors import InputError


def metadata_of(folder: Path) -> Path:
    """Returns the newest metadata file of a table.

    Args:
        folder: the root of the table, or a metadata file, which is returned.

    Raises:
        InputError: two files are the newest.
    """
    if folder.is_file():
        return folder.resolve()
    return (
        folder / "metadata" / newest(str(folder), (file.name for file in (folder / "metadata").iterdir()))
    ).resolve()


def newest(folder: str, names: Iterable[str]) -> str:
    """Returns the name of the newest of a table's metadata files.

    Raises:
        InputError: two files are the newest.
    """
    numbered: dict[int, list[str]] = {}
    for name in sorted(names):
        if METADATA.fullmatch(name):
            numbered.setdefault(int(re.findall(r"\d+", name)[0]), []).append(name)
    found = numbered[max(numbered)]
    if len(found) > 1:
        raise InputError(
            f'The newest metadata of the Iceberg table "{folder}" must be one file, got {found[0]} and {found[1]}. '
            "Name the one that the catalog knows."
        )
    return found[0]


@functools.lru_cache(maxsize=8)
def snapshot(metadata: str, number: int | None) -> Snapshot:
    """Returns one state of a table; metadata files never change.

    Args:
        metadata: a metadata file of the table.
        number: a snapshot id; None for the one that is current in that file.

    Raises:
        InputError: the state is gone, or its files must be read in a way that is not known here.
    """
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    try:
        table = _table(metadata)
        _check_number(table, metadata, number)
        scan = table.scan(snapshot_id=number)
        tasks = sorted(scan.plan_files(), key=lambda task: str(task.file.file_path))
        fields = scan.projection().fields
        schema = schema_to_pyarrow(scan.projection(), include_field_ids=False)
        deleted = _deleted(table.io, {file for task in tasks for file in task.delete_files})
    except InputError:
        raise
    except Exception as error:  # pyiceberg has no error of its own for damaged metadata: EOFError, SystemError, ...
        raise _refusal(metadata, error) from error
    ids = {field.name: field.field_id for field in fields}
    names = _names(table, fields)
    defaults = {
        field.name: pa.scalar(field.initial_default, schema.field(field.name).type)
        for field in fields
        if field.initial_default is not None
    }
    parts = []
    for task in tasks:
        kind = str(task.file.file_format.value)
        if kind.upper() != "PARQUET":
            raise InputError(
                f'The files of the Iceberg table "{metadata}" must be Parquet, got {kind}. '
                "Write its current rows to Parquet and name that."
            )
        path = table.io.moved(task.file.file_path)
        values = defaults | _partition(table, task.file, schema)
        gone = deleted.get(task.file.file_path, np.zeros(0, np.int64))
        parts.append(Part(path, names, ids, values, gone))
    return Snapshot(schema, tuple(parts))


def _table(metadata: str) -> Any:
    """Returns the table of a metadata file, whose other files are looked up beside it if the folder was moved."""
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.io.pyarrow import PyArrowFileIO
    from pyiceberg.serializers import FromInputFile
    from pyiceberg.table import StaticTable

    class Moved(PyArrowFileIO):
        """Files below the place where the table was written, where it lies now."""

        origin = ""

        def moved(self, location: str) -> str:
            if self.origin and location.startswith(f"{self.origin}/"):
                return str(Path(metadata).parent.parent) + location.removeprefix(self.origin)
            return location.removeprefix("file://")

        def new_input(self, location: str) -> Any:
            return super().new_input(fetched(self.moved(location)))

    files = Moved()
    read = FromInputFile.table_metadata(files.new_input(metadata))
    files.origin = read.location.rstrip("/")
    return StaticTable(("static", metadata), read, metadata, files, NoopCatalog("static"))


def _check_number(table: Any, metadata: str, number: int | None) -> None:
    known = [one.snapshot_id for one in table.metadata.snapshots]
    if number is not None and number not in known:
        newest = ", ".join(map(str, known[-5:])) or "none"
        raise InputError(f'The snapshot of the Iceberg table "{metadata}" must be one of {newest}, got {number}.')


def _names(table: Any, fields: Iterable[Any]) -> dict[str, str]:
    """Returns column → its name in files that do not number their columns."""
    mapping = table.metadata.name_mapping()
    if mapping is None:
        return {field.name: field.name for field in fields}
    known = {one.field_id: one.names[0] for one in mapping.root if one.names}
    return {field.name: known[field.field_id] for field in fields if field.field_id in known}


def _partition(table: Any, file: Any, schema: pa.Schema) -> dict[str, pa.Scalar]:
    """Returns the values that all rows of a file share, for files that do not hold them."""
    from pyiceberg.transforms import IdentityTransform

    values = {}
    for position, field in enumerate(table.specs()[file.spec_id].fields):
        name = table.metadata.schema().find_column_name(field.source_id)
        if isinstance(field.transform, IdentityTransform) and name in schema.names:
            values[name] = pa.scalar(file.partition[position], schema.field(name).type)
    return values


def _deleted(files: Any, deletes: Iterable[Any]) -> dict[str, np.ndarray]:
    """Returns data file → positions of its rows that are deleted but still in it."""
    from pyiceberg.table.deletion_vector import deletion_vectors_from_puffin_file
    from pyiceberg.table.puffin import PuffinFile

    found: dict[str, list[np.ndarray]] = {}
    for delete in deletes:
        kind = str(delete.file_format.value).upper()
        with files.new_input(delete.file_path).open() as stream:
            if kind == "PUFFIN":
                for vector in deletion_vectors_from_puffin_file(PuffinFile(stream.read())):
                    found.setdefault(vector.referenced_data_file, []).append(vector.to_vector().to_numpy())
            elif kind == "PARQUET":
                table = pa.parquet.read_table(stream, columns=["file_path", "pos"]).to_pandas()
                for path, rows in table.groupby("file_path")["pos"]:
                    found.setdefault(str(path), []).append(rows.to_numpy())
            else:
                raise NotImplementedError(f"deleted rows are listed in {kind} files")
    return {path: np.unique(np.concatenate(rows)).astype(np.int64) for path, rows in found.items()}


def _refusal(metadata: str, error: Exception) -> InputError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    if "quality delete" in reason:
        reason = "rows that are deleted by their values (equality deletes)"
    return InputError(
        f'The Iceberg table "{Path(metadata).parent.parent}" must be readable by pyiceberg, got: {reason}. '
        "Compact it, or write its current rows to Parquet and name that."
    )
