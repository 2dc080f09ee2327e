"""SHA-256 of files that are hashed while they are read for something else, so that none is read for its hash alone."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import IO, Any


class Digests:
    """The digests of the files that were read to their ends through `watched`.

    Args:
        known: file → digest, of files that were read before.
    """

    def __init__(self, known: Mapping[str, bytes] | None = None) -> None:
        self._found: dict[str, bytes] = dict(known or {})

    def watched(self, path: str, file: IO[bytes]) -> IO[bytes]:
        """Returns a stream of an open file, whose digest is known once the stream has ended.

        Args:
            path: the name under which `of` finds the digest.
            file: the file, open at its beginning; it is closed with the stream.
        """
        return io.BufferedReader(_Watched(path, file, self._found), io.DEFAULT_BUFFER_SIZE)

    def add(self, found: Mapping[str, bytes]) -> None:
        """Takes in file → digest, of files that others have read."""
        self._found.update(found)

    @property
    def found(self) -> Mapping[str, bytes]:
        """File → SHA-256 of its bytes."""
        return self._found

    def of(self, path: str) -> bytes | None:
        """Returns the SHA-256 of a file's bytes, None where it was not read to its end."""
        return self._found.get(path)


class _Watched(io.RawIOBase):
    """A file read front to back that notes its digest when it comes to the end."""

    def __init__(self, path: str, file: IO[bytes], found: dict[str, bytes]):
        self._path, self._file, self._found = path, file, found
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._hash.update(data)
        if not data and len(buffer):
            self._found[self._path] = self._hash.digest()
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
