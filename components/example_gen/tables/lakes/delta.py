"""The state of a Delta table, by way of delta-rs, which is imported when such a table is met."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import numpy as np
import pyarrow as pa

from components.example_gen.tables.lakes.lake import Part, Snapshot
from components.shared.errors import InputError

# What is read here beyond the plain table, or changes nothing for who reads.
_FEATURES = {
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    "typeWidening",
    "typeWidening-preview",
    "v2Checkpoint",
    "vacuumProtocolCheck",
    "variantType",
    "variantType-preview",
}
_PHYSICAL = "delta.columnMapping.physicalName"


def version_of(folder: Path, version: int | None) -> int:
    """Returns the version that is asked for, the newest one without any.

    Raises:
        InputError: there is no such version, or the table cannot be read.
    """
    return int(_table(str(folder), version).version())


def snapshot(folder: str, version: int) -> Snapshot:
    """Returns one version of a table.

    Args:
        folder: the root of the table.
        version: its number.

    Raises:
        InputError: the version is gone, or its files must be read in a way that is not known here.
    """
    try:
        changed = os.stat(Path(folder, "_delta_log")).st_mtime_ns
    except OSError as error:
        raise InputError(f'The Delta table must exist, got "{folder}". Correct its name.') from error
    return _snapshot(folder, version, changed)


@functools.lru_cache(maxsize=8)
def _snapshot(folder: str, version: int, changed: int) -> Snapshot:
    del changed
    table = _table(folder, version)
    protocol = table.protocol()
    unknown = sorted(set(protocol.reader_features or ()) - _FEATURES)
    if unknown or protocol.min_reader_version > 3:
        needs = ", ".join(unknown) or f"reader version {protocol.min_reader_version}"
        raise InputError(
            f'The Delta table "{folder}" must be readable without features that are not known here, got {needs}. '
            "Write its current rows to Parquet and name that."
        )
    fields = json.loads(table.schema().to_json())["fields"]
    physical = {field["name"]: str(field["metadata"].get(_PHYSICAL, field["name"])) for field in fields}
    schema = pa.schema(table.schema().to_arrow())
    divided = table.metadata().partition_columns
    names = {name: inside for name, inside in physical.items() if name not in divided}
    deleted, actions = _files(table, folder)
    parts = []
    for action in actions.select([name for name in ("path", "partition") if name in actions.schema.names]).to_pylist():
        given = action.get("partition") or {}
        values = {
            name: pa.scalar(given.get(name, given.get(physical[name])), schema.field(name).type) for name in divided
        }
        path = _local(folder, action["path"])
        parts.append(Part(path, names, values=values, deleted=deleted.get(path, np.zeros(0, np.int64))))
    return Snapshot(schema, tuple(sorted(parts, key=lambda part: part.path)))


def newest(names: Iterable[str]) -> int:
    """Returns the newest version by the names in a log, 0 where none tells."""
    return max((int(name[:20]) for name in names if re.match(r"\d{20}\.(json|checkpoint)", name)), default=0)


def _table(folder: str, version: int | None) -> Any:
    import deltalake
    from deltalake.exceptions import DeltaError

    try:
        return deltalake.DeltaTable(folder, version=version)
    except (DeltaError, OSError, ValueError) as error:
        newest = None if version is None else _table(folder, None).version()
        if newest is not None and version is not None and version > newest:
            raise InputError(
                f'The version of the Delta table "{folder}" must be at most {newest}, got {version}. Name another.'
            ) from error
        what = "Delta table" if version is None else f"version {version} of the Delta table"
        raise _refusal(f'{what} "{folder}"', error) from error


def _files(table: Any, folder: str) -> tuple[dict[str, np.ndarray], pa.Table]:
    """Returns the positions of deleted rows by file, and the files with the values of their folders."""
    from deltalake.exceptions import DeltaError

    try:
        return _deleted(table), pa.table(table.get_add_actions())
    except DeltaError as error:
        raise _refusal(f'Delta table "{folder}"', error) from error


def _deleted(table: Any) -> dict[str, np.ndarray]:
    """Returns file → positions of its rows that are deleted but still in it."""
    found = {}
    for record in table.deletion_vectors():
        batch = pa.record_batch(record)
        for path, kept in zip(batch["filepath"].to_pylist(), batch["selection_vector"], strict=True):
            mask = kept.values.to_numpy(zero_copy_only=False)
            found[_local("", path)] = np.flatnonzero(~mask)
    return found


def _local(folder: str, path: str) -> str:
    place = urlparse(path)
    if place.scheme not in ("", "file"):
        raise InputError(
            f'The files of a Delta table must lie in its folder, got "{path}" in "{folder}". '
            "Write its current rows to Parquet and name that."
        )
    return os.path.normpath(os.path.join(folder, unquote(place.path)))


def _refusal(what: str, error: Exception) -> InputError:
    return InputError(
        f"The {what} must be readable by delta-rs, got: {_short(error)}. "
        "Write its current rows to Parquet and name that."
    )


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
