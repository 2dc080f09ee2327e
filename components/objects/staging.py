"""Local copies of remote data, for readers that need files: Arrow's and those that read a table twice.

A path that a user wrote stays its name everywhere, in messages too; `local` says where its bytes are. The copies
live in a temporary folder (`TMPDIR`) as long as a `staged` block, and never longer than the process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from components.objects.open import objects_of
from components.objects.place import is_remote
from components.shared.errors import InputError

_places: dict[str, str] = {}
_fetchers: list[tuple[Callable[[str], bool], Callable[[str, Path], str]]] = []


def register(takes: Callable[[str], bool], fetch: Callable[[str, Path], str]) -> None:
    """Says how to copy what is more than one object, such as a table of many files.

    Args:
        takes: whether a URI is of that kind.
        fetch: copies what a URI stands for into an empty folder, and returns the path of the copy.
    """
    _fetchers.append((takes, fetch))


@contextlib.contextmanager
def staged(paths: Iterable[str]) -> Iterator[None]:
    """Holds copies of the remote files among the paths while the block lasts; a block inside it uses the same ones.

    Args:
        paths: local files and URIs of objects.

    Raises:
        InputError: an object cannot be read, or the temporary folder has no room for them.
    """
    new = [path for path in dict.fromkeys(paths) if is_remote(path) and path not in _places]
    if not new:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="mtl-data-") as folder:
        check_room(sum(size(uri) for uri in new if _fetcher(uri) is None), folder)
        try:
            for number, uri in enumerate(new):
                target = Path(folder, str(number))
                target.mkdir()
                _places[uri] = (_fetcher(uri) or _download)(uri, target)
            yield
        finally:
            for uri in new:
                _places.pop(uri, None)


def local(path: str) -> str:
    """Returns the local file behind a path: the path itself, or the copy of a remote one, which must be staged."""
    return _places[path] if is_remote(path) else path


def size(path: str) -> int:
    """Returns the bytes of a file or object."""
    if not is_remote(path):
        return os.path.getsize(path)
    found = objects_of(path).list(path, deep=False)
    if path not in found:
        raise InputError(f'The data file must exist, got "{path}". Correct its name.')
    return found[path].size


def check_room(needed: int, folder: str) -> None:
    """Refuses to copy more than a folder has room for.

    Args:
        needed: bytes.
        folder: where they would go.

    Raises:
        InputError: there is less room.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"The temporary folder must have room for {_gib(needed)} GiB of remote data, "
            f"got {_gib(free)} GiB in {Path(folder).parent}. Set TMPDIR to a larger one."
        )


def _fetcher(uri: str) -> Callable[[str, Path], str] | None:
    return next((fetch for takes, fetch in _fetchers if takes(uri)), None)


def _download(uri: str, folder: Path) -> str:
    target = folder / uri.rpartition("/")[2]
    objects_of(uri).download(uri, target)
    return str(target)


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f}"
