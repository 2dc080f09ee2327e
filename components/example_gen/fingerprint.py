"""A fingerprint of the data's content, so that changed data is never served from a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from components.errors import InputError
from components.objects.staging import local, staged


def fingerprint(paths: Iterable[str]) -> str:
    """Returns the SHA-256 (64 hexadecimal digits) of the files' bytes, read as a stream.

    Names, folders, dates and the order of the files make no difference; a changed byte, a file more
    or a file less does.

    Raises:
        InputError: a file cannot be read.
    """
    digests = []
    for path in paths:
        try:
            # One at a time: a remote file needs room on this machine only as long as it is read.
            with staged([path]), open(local(path), "rb") as file:
                digests.append(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise InputError(f'The data file "{path}" must be readable, got: {error.strerror}.') from error
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()
