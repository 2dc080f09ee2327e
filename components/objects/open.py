"""What talks to the store of a URI."""

from __future__ import annotations

import functools
import os

from components.objects.base import Objects, Scheme
from components.objects.fsspec_objects import FsspecObjects
from components.objects.place import one_of, prefixes, scheme_of
from components.shared.errors import InputError


def objects_of(uri: str) -> Objects:
    """Returns what talks to the store of a URI; the store's library is imported here, when it is needed.

    Raises:
        InputError: the URI is none of an object store, or a setting is missing.
    """
    scheme = scheme_of(uri)
    if scheme is None:
        raise InputError(f"An object must be named {one_of(prefixes())}, got {uri}. Correct its name.")
    settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith(scheme.settings)))
    return _connected(scheme, settings, os.getpid())


@functools.lru_cache(maxsize=4)
def _connected(scheme: Scheme, settings: tuple[tuple[str, str], ...], process: int) -> Objects:
    """Returns one client for all objects: making one takes longer than asking it, and it does not survive a fork."""
    del settings, process
    return FsspecObjects(scheme)
