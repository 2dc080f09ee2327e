"""Delta and Iceberg tables of an object store: which state is meant, and copies of the files of that state alone."""

from __future__ import annotations

import os
from pathlib import Path

from components.example_gen.tables.lakes import lake
from components.objects.open import objects_of
from components.objects.place import is_remote
from components.objects.staging import check_room, register
from components.shared.errors import InputError

_origins: dict[str, str] = {}  # folder of a copy -> folder in the store


def kind_of(folder: str) -> str | None:
    """Returns what a folder of a store is the root of: `Delta`, `Iceberg`, `Hudi`, or None for any other folder."""
    store = objects_of(folder)
    if store.list(f"{folder}/_delta_log", deep=False):
        return "Delta"
    if store.list(f"{folder}/.hoodie", deep=False):
        return "Hudi"
    if any(lake.is_metadata(Path(file)) for file in store.list(f"{folder}/metadata", deep=False)):
        return "Iceberg"
    return None


def pin(place: str, version: int | None) -> str | None:
    """Returns the name of one state of a table, as `lake.pin` does; None where there is no table.

    Args:
        place: the root of the table, or a metadata file of an Iceberg table.
        version: version of a Delta table, snapshot id of an Iceberg table; None for the newest.

    Raises:
        InputError: it is a Hudi table, or two metadata files are the newest.
    """
    from components.example_gen.tables.lakes import delta, iceberg

    behind = "" if version is None else f"@v{version}"
    if lake.is_metadata(Path(place)):
        return f"{place}{behind}" if place in objects_of(place).list(place, deep=False) else None
    kind = kind_of(place)
    if kind == "Hudi":
        raise lake.hudi(place)
    if kind == "Delta":
        names = (file.rpartition("/")[2] for file in objects_of(place).list(f"{place}/_delta_log", deep=False))
        return f"{place}@v{delta.newest(names) if version is None else version}"
    if kind == "Iceberg":
        names = (file.rpartition("/")[2] for file in objects_of(place).list(f"{place}/metadata", deep=False))
        return f"{place}/metadata/{iceberg.newest(place, names)}{behind}"
    return None


def size(path: str) -> int:
    """Returns the bytes below the root of a table, at least as many as those of any state of it."""
    root = lake.root_of(path)
    return sum(entry.size for entry in objects_of(root).list(root).values())


def fetch(path: str, folder: Path) -> str:
    """Copies the files of one state of a table.

    Args:
        path: what `pin` gave.
        folder: an empty folder.

    Returns:
        The path of the copy, as `lake.pin` would name it.

    Raises:
        InputError: the state is gone or not readable, or there is no room for it.
    """
    root = lake.root_of(path)
    copy = folder / root.rpartition("/")[2]
    _origins[str(copy)] = root
    below = objects_of(root).list(root)
    told = ("_delta_log/", "metadata/")
    for uri in below:
        name = uri.removeprefix(f"{root}/")
        if name.startswith(told) or name.endswith(".bin"):  # deletion vectors of Delta
            fetched(str(copy / name))
    here = str(copy) + path.removeprefix(root)
    try:
        files = [part.path for part in lake.snapshot(here).parts if not os.path.exists(part.path)]
        uris = [root + file.removeprefix(str(copy)) for file in files]
        check_room(sum(below[uri].size for uri in uris if uri in below), str(folder))
        for file in files:
            fetched(file)
    except InputError as error:
        raise InputError(str(error).replace(str(copy), root)) from error
    return here


def fetched(file: str) -> str:
    """Returns the path of a file; one of a copied table is copied now unless it is there.

    Raises:
        InputError: it is not in the store.
    """
    root = next((root for root in _origins if file.startswith(f"{root}/")), None)
    if root is not None and not os.path.exists(file):
        uri = _origins[root] + file.removeprefix(root)
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        objects_of(uri).download(uri, Path(file))
    return file


register(lambda path: is_remote(path) and lake.is_lake(path), fetch)
