"""The files that a path, a folder or a pattern stands for, here or in an object store.

A folder of a Delta or Iceberg table is one table whatever files lie in it, and none of its files is one alone.
"""

from __future__ import annotations

import glob
import itertools
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from components.example_gen.tables import hive_folders
from components.example_gen.tables.json_files import ENDINGS as JSON_LINES
from components.example_gen.tables.lakes import lake, local_copies
from components.example_gen.tables.readers import unreadable
from components.objects.open import objects_of
from components.shared.errors import InputError, did_you_mean

_PACKED = ("", ".gz", ".bz2", ".xz", ".zst")
_SUFFIXES = (
    *(text + packed for text in (".csv", ".tsv", ".txt") for packed in _PACKED),
    *JSON_LINES,
    ".parquet",
    ".pq",
    ".arrow",
    ".arrows",
    ".feather",
    ".orc",
)
_MARK = re.compile(
    r"(_SUCCESS|_(committed|started)_\d+|_metadata|_common_metadata|_temporary|_spark_metadata|\..*\.crc)"
)
_FEW = 10_000  # names looked at for a hint


def find_files(given: str) -> dict[str, int]:
    """Returns the local files that a path stands for, with their sizes; a table of a lake as `lake.pin` names it.

    Raises:
        InputError: nothing is there, or what is there cannot be read.
    """
    path = Path(given.removeprefix("file://")).expanduser()
    try:
        return _find(path)
    except OSError as error:
        raise unreadable(error.filename or str(path), error) from error


def find_objects(uri: str) -> dict[str, int]:
    """Returns the objects that a URI stands for, with their sizes.

    Raises:
        InputError: nothing is there, or it is a part of a Delta, Iceberg or Hudi table.
    """
    store = objects_of(uri)
    below = store.list(uri, deep=False)
    folder = uri.rstrip("/")
    place, version = lake.split_version(folder)
    if pinned := local_copies.pin(folder, None) or (local_copies.pin(place, version) if version is not None else None):
        return {pinned: 1}
    if version is not None and below:
        raise InputError(f'The name of a file must not end like a version, got "{uri}". Rename it.')
    if uri in below:
        found = {uri: below[uri]}
    elif glob.has_magic(uri) and not below:
        found = {file: entry for file, entry in store.glob(uri).items() if not _is_mark(file)}
        if not found:
            raise InputError(f'The pattern "{uri}" must match at least one file, got none.')
    else:
        found = {file: entry for file, entry in below.items() if _is_table(file.removeprefix(f"{folder}/"))}
        deep = {} if found else store.list(uri)
        found = found or {
            file: entry
            for file, entry in deep.items()
            if _is_table(file.rpartition("/")[2]) and _is_hive(file.removeprefix(f"{folder}/"))
        }
        if not found and not deep and not below:
            raise _missing(uri, folder.rpartition("/")[2], _names_above(uri))
        if not found:
            _refuse_lake([folder], local_copies.kind_of)
            raise _no_tables(folder, (file.removeprefix(f"{folder}/") for file in deep))
    _refuse_lake({file.rpartition("/")[0] for file in found}, local_copies.kind_of)
    return {file: entry.size for file, entry in found.items()}


def _find(path: Path) -> dict[str, int]:
    if path.is_dir():
        return _in_folder(path)
    if lake.is_metadata(path) and path.is_file():
        return {lake.pin(path, None): 1}
    if path.is_file():
        return _sizes([path])
    if os.path.lexists(path):
        what = "a link to nothing" if path.is_symlink() else _kind_of_file(path)
        raise InputError(f'The data must be a file or a folder, got {what}, "{path}". Write the table to a file.')
    place, version = lake.split_version(str(path))
    if version is not None and os.path.exists(place):
        if not lake.is_metadata(Path(place)) and lake.kind_of(Path(place)) is None:
            raise InputError(f'A version can be named of Delta and Iceberg tables only, got "{path}". Leave it out.')
        return {lake.pin(Path(place), version): 1}
    matches = [Path(match) for match in glob.glob(str(path), recursive=True) if not _is_mark(match)]
    files = [match for match in matches if match.is_file()]
    if files:
        return _sizes(files)
    folders = [match for match in matches if match.is_dir()]
    if folders:
        return {file: size for folder in folders for file, size in _in_folder(folder).items()}
    if glob.has_magic(str(path)):
        raise InputError(f'The pattern "{path}" must match at least one file, got none.')
    neighbours = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
    raise _missing(str(path), path.name, neighbours)


def _in_folder(folder: Path) -> dict[str, int]:
    if lake.kind_of(folder) is not None:
        return {lake.pin(folder, None): 1}
    children = sorted(folder.iterdir())
    tables = [child for child in children if child.is_file() and _is_table(child.name)]
    levels = [child for child in children if child.is_dir() and hive_folders.is_level(child.name)]
    if tables and levels:
        raise InputError(
            f'The folder "{folder}" must hold either tables or folders like "{levels[0].name}", got both. '
            f'Name one kind with a pattern, such as "{folder}/{levels[0].name.partition("=")[0]}=*/*".'
        )
    found = tables or list(_below(levels, set()))
    if not found:
        _refuse_lake([str(folder.resolve())], _local_kind)
        below = itertools.islice(folder.rglob("*"), _FEW)
        raise _no_tables(str(folder), (str(child.relative_to(folder)) for child in below if child.is_file()))
    return _sizes(found)


def _below(folders: Iterable[Path], seen: set[Path]) -> Iterator[Path]:
    """Yields the tables in folders `key=value`, level below level."""
    for folder in folders:
        place = folder.resolve()
        if place in seen:
            continue  # a link to a folder above
        seen.add(place)
        for child in sorted(folder.iterdir()):
            if child.is_file() and _is_table(child.name):
                yield child
            elif child.is_dir() and hive_folders.is_level(child.name):
                yield from _below([child], seen)


def _sizes(files: Iterable[Path]) -> dict[str, int]:
    found = {}
    for file in files:
        # The folders of a link's target say nothing of its columns.
        real, named = str(file.resolve()), os.path.abspath(file)
        found[real if hive_folders.keys(real) == hive_folders.keys(named) else named] = file.stat().st_size
    _refuse_lake({os.path.dirname(file) for file in found}, _local_kind)
    return found


def _refuse_lake(folders: Iterable[str], kind_of: Callable[[str], str | None]) -> None:
    """Refuses files that are parts of a Delta, Iceberg or Hudi table, in whatever folder of it they lie."""
    known: set[str] = set()
    for folder in folders:
        while folder not in known and os.path.basename(folder) and not folder.endswith(":"):
            known.add(folder)
            kind = kind_of(folder)
            if kind is not None:
                raise _part_of(kind, folder)
            folder = os.path.dirname(folder)


def _local_kind(folder: str) -> str | None:
    return lake.kind_of(Path(folder))


def _part_of(kind: str, root: str) -> InputError:
    files = f"files of {'an' if kind == 'Iceberg' else 'a'} {kind} table, which hold deleted and replaced rows as well"
    current = "Write its current rows to Parquet and name that."
    remedy = current if kind == "Hudi" else f'Name the table: "{root}".'
    return InputError(f'The data must not be {files}, got "{root}". {remedy}')


def _missing(place: str, name: str, neighbours: Iterable[str]) -> InputError:
    return InputError(f'The data file must exist, got "{place}".{did_you_mean(name, neighbours)}')


def _names_above(uri: str) -> list[str]:
    parent = uri.rstrip("/").rpartition("/")[0]
    return (
        [] if parent.endswith("/") else [file.rpartition("/")[2] for file in objects_of(uri).list(parent, deep=False)]
    )


def _no_tables(folder: str, below: Iterable[str]) -> InputError:
    """Returns the error of a folder without tables right under it, by what lies deeper."""
    for name in below:
        file = PurePosixPath(name)
        if len(file.parts) > 1 and _is_table(file.name) and file.parts[0][0] not in "._":
            ending = next(suffix for suffix in _SUFFIXES if name.lower().endswith(suffix))
            return InputError(
                f'The folder "{folder}" must hold tables right under it or in folders like "year=2026", got some in '
                f'"{file.parent}". If they are one table, name "{folder}/**/*{ending}".'
            )
    return InputError(f'The folder "{folder}" must hold CSV or Parquet files, got none.')


def _kind_of_file(path: Path) -> str:
    mode = path.stat().st_mode
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _is_mark(path: str) -> bool:
    """Returns whether a file is no table but was left by a program that wrote one, as Spark does."""
    return any(_MARK.fullmatch(part) for part in PurePosixPath(path).parts)


def _is_hive(name: str) -> bool:
    return "/" in name and all(hive_folders.is_level(level) for level in name.split("/")[:-1])


def _is_table(name: str) -> bool:
    """Returns whether the name right under a folder is that of a table."""
    return "/" not in name and name.lower().endswith(_SUFFIXES) and name[0] not in "._"
