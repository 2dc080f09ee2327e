"""The files that were ingested, read once more: what is found in them counts only if they still hold what they held."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from components.example_gen.tables.digests import Digests
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import Table
from components.formats.summary import Summary
from components.objects.staging import staged
from components.shared.errors import InputError

CHANGED = (
    "The data files have changed, or are gone, since they were ingested, so no rows of them are shown as examples."
)
"""The note where there is no table."""

_Found = TypeVar("_Found")


def found_in_source(summary: Summary, look: Callable[[Table], _Found]) -> _Found | None:
    """Returns what is found in the table that was ingested, None where its files hold something else or are gone.

    They are the files that were read, whatever the folders, globs and dates of the configuration stand for by now. They
    are hashed while they are looked at; a file is read for its hash alone where the look at it ended early.

    Args:
        summary: the account of the ingest.
        look: what looks for it; whatever it raises counts only if the table is the same.
    """
    digests = Digests()
    try:
        with staged(summary.files):
            table = open_table(tuple(summary.files), summary.dialect)
            found = look(dataclasses.replace(table, forms=summary.forms, digests=digests))
            alike = _is_same(summary, digests)
    except Exception:
        if _is_same(summary, Digests()):
            raise
        return None
    return found if alike else None


def _is_same(summary: Summary, digests: Digests) -> bool:
    try:
        return fingerprint(summary.files, digests) == summary.fingerprint
    except InputError:
        return False
