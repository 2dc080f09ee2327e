"""A fingerprint of the data's content, so that changed data is never served from a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from components.example_gen.tables.digests import Digests
from components.example_gen.tables.hive_folders import keys
from components.example_gen.tables.lakes.lake import digest, is_lake
from components.example_gen.tables.readers import unreadable
from components.objects.staging import local, staged


def fingerprint(paths: Iterable[str], digests: Digests | None = None) -> str:
    """Returns the SHA-256 (64 hexadecimal digits) of the files' bytes, read as a stream.

    Names, folders, dates and the order of the files make no difference; a changed byte, a file more or a file less
    does, and so does a folder `key=value`, which is data. Of a Delta or Iceberg table its version counts, with the
    content of the files that are in it.

    Args:
        paths: the files.
        digests: those of them that were hashed while they were read; only the others are read now.

    Raises:
        InputError: a file cannot be read.
    """
    found = []
    for path in paths:
        if is_lake(path):
            with staged([path]):
                found.append(digest(path))
            continue
        content = (digests.of(path) if digests is not None else None) or file_digest(path)
        folders = keys(path)
        found.append(hashlib.sha256(content + repr(folders).encode()).digest() if folders else content)
    return hashlib.sha256(b"".join(sorted(found))).hexdigest()


def file_digest(path: str) -> bytes:
    """Returns the SHA-256 of a file's bytes, read as a stream.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        # One at a time: a remote file needs room on this machine only as long as it is read.
        with staged([path]), open(local(path), "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise unreadable(path, error) from error
