"""Columns that stand in the names of folders, `country=de/part-0.parquet`, as Hive, Spark and others write them."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

_MISSING = "__HIVE_DEFAULT_PARTITION__"


def is_level(folder: str) -> bool:
    """Returns whether the name of a folder gives a column and its value."""
    key, equals, _ = folder.partition("=")
    return bool(equals) and bool(key.strip())


def keys(path: str) -> dict[str, str | None]:
    """Returns column → value of the folders `key=value` right above a file, outermost first; None stands for no value.

    Args:
        path: a file or the URI of one.
    """
    found: dict[str, str | None] = {}
    folder = posixpath.dirname(path)
    while is_level(name := posixpath.basename(folder)):
        key, _, value = name.partition("=")
        found[unquote(key)] = None if value == _MISSING else unquote(value)
        folder = posixpath.dirname(folder)
    return dict(reversed(found.items()))
