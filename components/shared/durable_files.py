"""File operations that survive a crash: content fingerprint, durable copy, atomic write, atomic link.

"Durable" means flushed to the disk (fsync of every file and folder) before the function returns, so that
a later rename can never expose a file whose content a power cut took away.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

_BLOCK = 1 << 20


def fingerprint(folder: Path, ignore: Iterable[str] = ()) -> str:
    """Returns the SHA-256 (64 hex digits) of a folder's relative file names and contents.

    Times, permissions and empty folders do not count.

    Args:
        folder: the folder to read; symbolic links in it count as what they point to.
        ignore: relative POSIX paths of files to leave out.
    """
    ignored = set(ignore)
    digest = hashlib.sha256()
    names = (file.relative_to(folder).as_posix() for file in _files(folder))
    for name in sorted(name for name in names if name not in ignored):
        content = hashlib.sha256()
        with open(folder / name, "rb") as file:
            while block := file.read(_BLOCK):
                content.update(block)
        # Length-prefixed, so that no two different folders give the same stream of bytes.
        encoded = os.fsencode(name)
        digest.update(len(encoded).to_bytes(8, "big") + encoded + content.digest())
    return digest.hexdigest()


def copy_durably(source: Path, target: Path) -> None:
    """Copies a folder to `target`, which must not exist, following symbolic links.

    Files and folders get the permissions of newly made ones: a model from a private temporary folder must
    be readable by the server, which often runs as another user.
    """
    for parent, _, names in os.walk(source, followlinks=True):
        folder = target / Path(parent).relative_to(source)
        folder.mkdir()
        for name in names:
            shutil.copyfile(Path(parent, name), folder / name)
            sync(folder / name)
    for parent, _, _ in os.walk(target):
        sync(Path(parent))
    sync(target.parent)


def write_durably(path: Path, content: str | bytes) -> None:
    """Writes a small file, text as UTF-8, replacing an older one, and flushes it and its folder to the disk."""
    with open(path, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a path beside `path` to write to; the file there takes the place of `path` when the block ends.

    Readers see the old or the new file, whole, also after a power cut. Where the block raises, the old one stays.
    """
    # Hidden, and of this call alone: two that write the same file, on two machines too, do not write into each other's.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield temporary
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def link_atomically(link: Path, target: str) -> None:
    """Points the symbolic link `link` to the relative `target`; readers see the old or the new target."""
    temporary = link.with_name(f".{link.name}")
    temporary.unlink(missing_ok=True)  # left by a killed process; the caller holds the lock
    temporary.symlink_to(target)
    os.replace(temporary, link)
    sync(link.parent)


def sync(path: Path) -> None:
    """Flushes one file, or the list of names in one folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder, followlinks=True):
        for name in names:
            yield Path(parent, name)
