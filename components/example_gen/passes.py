"""Who makes the two passes over a table: one looks at all rows, the other writes them."""

from __future__ import annotations

import dataclasses
from typing import Protocol

from components.example_gen.profiling.profile import Profile, profile
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.table import Table
from components.example_gen.writing import Writing
from components.example_gen.written import Written


class Passes(Protocol):
    """Reads all rows of tables."""

    def look(self, table: Table, spec: IngestSpec, roles: Roles) -> Profile:
        """Returns what the columns of a table hold; see `profile`."""

    def write(self, writing: Writing, table: Table, folder: str) -> Written:
        """Writes all rows of a table.

        Args:
            writing: how they become examples.
            table: the table.
            folder: root of the Examples artifact.
        """


class InTurn:
    """Makes the passes in this process, one row after the other."""

    def look(self, table: Table, spec: IngestSpec, roles: Roles) -> Profile:
        """Returns what the columns of a table hold."""
        return profile(table, spec, roles)

    def write(self, writing: Writing, table: Table, folder: str) -> Written:
        """Writes all rows of a table."""
        digests = Digests()
        written = writing.write(dataclasses.replace(table, digests=digests), folder)
        written.digests = dict(digests.found)
        return written
