"""URIs of object stores, told from paths of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable

from components.objects.base import Scheme
from components.objects.registry import SCHEMES

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)


def prefixes() -> tuple[str, ...]:
    """Returns what the URIs of object stores begin with, such as `s3://`."""
    return tuple(scheme.prefix for scheme in SCHEMES.values())


def one_of(prefixes: Iterable[str], quote: str = "") -> str:
    """Returns prefixes in words, "s3://, minio:// or gs://".

    Args:
        prefixes: one or more.
        quote: what stands before and behind each, such as the backtick of Markdown.
    """
    *first, last = (f"{quote}{prefix}{quote}" for prefix in prefixes)
    return " or ".join([", ".join(first), last] if first else [last])


def scheme_of(path: object) -> Scheme | None:
    """Returns the scheme of a URI in an object store, None for any other path."""
    found = _URI.fullmatch(str(path))
    return SCHEMES.get(found[1]) if found else None


def is_remote(path: object) -> bool:
    """Returns whether a path is the URI of an object store."""
    return scheme_of(path) is not None


def check_place(path: str) -> None:
    """Refuses a URI whose scheme is not known or that names no bucket.

    Raises:
        ValueError: with what the place must be, for the validator of a configuration key to name the key.
    """
    found = _URI.fullmatch(path)
    if found is None:
        return
    if found[1] not in SCHEMES:
        raise ValueError(f"must be a local path or begin with {one_of(prefixes())}, got {path}")
    if not found[2].strip("/"):
        raise ValueError(f"must name a bucket, got {path}. Write {found[1]}://BUCKET/FOLDER")
