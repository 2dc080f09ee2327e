"""What a first look at all rows of a table settles, which the ingest goes on from.

The check before a run looks at all of a small table, and hands its plan to the ingest of the same process, which then
need not read the table for the first time again. Where there was no such check, the ingest makes the plan itself. A
plan is no part of a cache key: the hash of what is written by it proves that the data is still the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from components.example_gen.profiling.profile import Look, Profile, examine
from components.example_gen.roles import Roles, assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import Table

CHANGED = "The data must stay as it was when the run began, got other content. Run again."
"""The message where a plan is one of other data."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is known of a table before it is written.

    Args:
        spec: what to ingest and how.
        table: the opened table, without its rows of totals.
        roles: what its columns are for.
        profile: what they hold.
        fingerprint: that of the files' content while they were looked at; empty where it was not asked for.
    """

    spec: IngestSpec
    table: Table
    roles: Roles
    profile: Profile
    fingerprint: str = ""


def make_plan(spec: IngestSpec, *, hashed: bool = False, look: Look | None = None) -> Plan:
    """Reads all rows of a table once, which must be staged.

    Args:
        spec: what to ingest and how.
        hashed: whether the fingerprint of the files is wanted too.
        look: what reads the rows; this process if left out.

    Raises:
        InputError: the data cannot be used as it is.
    """
    table = open_table(spec.paths, spec.dialect)
    roles = assign_roles(spec, table.columns, table.index)
    digests = Digests() if hashed and table.is_streamed else None
    # Before the rows where it is not taken on the way: what changes in between is noticed by who writes.
    content = fingerprint(table.paths) if hashed and digests is None else ""
    table, profile = examine(dataclasses.replace(table, digests=digests), spec, roles, look)
    content = content if digests is None else fingerprint(table.paths, digests)
    return Plan(spec, dataclasses.replace(table, digests=None), roles, profile, content)


_at_hand: list[Plan] = []


@contextlib.contextmanager
def at_hand(plan: Plan | None) -> Iterator[None]:
    """Has a plan at hand for the ingests of this process while the block lasts; None has none."""
    if plan is None:
        yield
        return
    _at_hand.append(plan)
    try:
        yield
    finally:
        _at_hand.remove(plan)


def plan_at_hand(spec: IngestSpec, content: str) -> Plan | None:
    """Returns the plan at hand for these very data, read in this very way, if there is one.

    Args:
        spec: what to ingest and how.
        content: the fingerprint of the files.
    """
    found = (plan for plan in _at_hand if content and plan.fingerprint == content)
    return next((plan for plan in found if plan.spec.to_json() == spec.to_json()), None)
