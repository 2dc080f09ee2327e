"""URIs of object stores, told from paths of this machine; and the one thing that talks to each kind of store."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from components.shared.errors import InputError

SCHEMES = ("s3", "minio", "gs")
PREFIXES = tuple(f"{scheme}://" for scheme in SCHEMES)

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """One object in a listing.

    Args:
        size: bytes.
        modified: when it was written, by the store's clock.
    """

    size: int
    modified: datetime


class Objects(Protocol):
    """What can be done with the objects of one kind of store; all names are whole URIs.

    A refusal of the store (no such bucket, no credentials, no connection) is an `InputError` of one sentence.
    """

    def list(self, place: str, deep: bool = True) -> Mapping[str, Entry]:
        """Returns the object of that name, or else those below that folder, or right under it; empty without any."""

    def glob(self, pattern: str) -> Mapping[str, Entry]:
        """Returns the objects that a pattern with `*`, `?` and `[…]` matches."""

    def read(self, uri: str) -> bytes:
        """Returns the content of a small object."""

    def write(self, uri: str, content: bytes) -> None:
        """Writes a small object, replacing an older one in one step."""

    def create(self, uri: str, content: bytes) -> bool:
        """Writes a small object unless there is one; returns whether it was written."""

    def download(self, uri: str, target: Path) -> None:
        """Copies an object to a new local file."""

    def upload(self, source: Path, uri: str) -> None:
        """Copies a local file to an object, which appears complete or not at all."""

    def copy(self, source: str, target: str) -> None:
        """Copies an object within the store."""

    def remove(self, uri: str) -> None:
        """Removes an object."""


def is_remote(path: object) -> bool:
    """Returns whether a path is the URI of an object store."""
    found = _SCHEME.fullmatch(str(path))
    return found is not None and found[1] in SCHEMES


def check_place(path: str) -> None:
    """Refuses a URI whose scheme is not known or that names no bucket.

    Raises:
        ValueError: with what the place must be, for the validator of a configuration key to name the key.
    """
    found = _SCHEME.fullmatch(path)
    if found is None:
        return
    if found[1] not in SCHEMES:
        raise ValueError(f"must be a local path or begin with s3://, minio:// or gs://, got {path}")
    if not found[2].strip("/"):
        raise ValueError(f"must name a bucket, got {path}. Write {found[1]}://BUCKET/FOLDER")


def objects_of(uri: str) -> Objects:
    """Returns what talks to the store of a URI; the libraries are imported here, when they are needed."""
    found = _SCHEME.fullmatch(uri)
    scheme = found[1] if found else ""
    if scheme == "gs":
        from components.objects.gs import GoogleObjects

        return GoogleObjects()
    if scheme in SCHEMES:
        settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith(("AWS_", "MINIO_"))))
        return _connected(scheme, settings, os.getpid())
    raise InputError(f"An object must be named s3://, minio:// or gs://, got {uri}. Correct its name.")


@functools.lru_cache(maxsize=4)
def _connected(scheme: str, settings: tuple[tuple[str, str], ...], process: int) -> Objects:
    """Returns one client for all objects: making one takes longer than asking it, and it does not survive a fork."""
    from components.objects.s3 import S3Objects

    del settings, process
    return S3Objects(scheme)
