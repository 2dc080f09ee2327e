"""The files that were ingested, read once more: only if they still hold what they held then."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.table import Table, open_table
from components.formats.summary import Summary
from components.objects.staging import staged
from components.shared.errors import InputError

CHANGED = (
    "The data files have changed, or are gone, since they were ingested, so no rows of them are shown as examples."
)
"""What a person is told where there is no table."""


@contextlib.contextmanager
def ingested(summary: Summary) -> Iterator[Table | None]:
    """Holds the table that was ingested, None where its files hold something else by now or cannot be read.

    They are the files that were read, whatever the folders, globs and dates of the configuration stand for by now.

    Args:
        summary: the account of the ingest.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(staged(summary.files))
            alike = fingerprint(summary.files) == summary.fingerprint
        except InputError:
            alike = False
        table = open_table(tuple(summary.files), summary.dialect) if alike else None
        yield None if table is None else dataclasses.replace(table, forms=summary.forms)
