"""Custom checks on the workers of an engine: each judges blocks of the table, and what they find is merged."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from components.data_validator.analysis.row_checks import InTurn, rule
from components.data_validator.analysis.rows import Broken, NumberCounts, count_numbers, find_broken
from components.example_gen.tables.blocks import Block, blocks_of
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.table import Table
from components.example_gen.workers import Workers
from components.objects.staging import staged

_IN_ORDER = ("unique", "monotonic")  # these ask for the rows before


class WorkersJudge:
    """Has workers read the rows that are checked, but for checks that need all rows in their order.

    Those are judged in this process, and so is a table of one block.

    Args:
        workers: the workers.
    """

    def __init__(self, workers: Workers):
        self._workers = workers

    def numbers(self, table: Table, columns: Sequence[str]) -> set[str]:
        """Returns which of some columns are of numbers."""
        blocks = blocks_of(table)
        if len(blocks) < 2 or not columns:
            return InTurn().numbers(table, columns)
        counts: NumberCounts = self._workers.done(_Count(_sent(table), tuple(columns)), blocks)
        return counts.columns()

    def broken(self, table: Table, checks: Sequence[Mapping[str, Any]], numeric: Collection[str]) -> list[Broken]:
        """Returns how often each check is broken."""
        alone = [place for place, check in enumerate(checks) if check["check"] not in _IN_ORDER]
        blocks = blocks_of(table)
        if len(blocks) < 2 or not alone:
            return InTurn().broken(table, checks, numeric)
        judgement = _Judge(_sent(table), tuple(checks[place] for place in alone), frozenset(numeric))
        judged: _Judged = self._workers.done(judgement, blocks)
        if table.digests is not None:
            table.digests.add(judged.digests)
        found = dict(zip(alone, judged.broken, strict=True))
        others = [place for place in range(len(checks)) if place not in found]
        if others:
            found |= zip(others, InTurn().broken(table, [checks[place] for place in others], numeric), strict=True)
        return [found[place] for place in range(len(checks))]


def _sent(table: Table) -> Table:
    return dataclasses.replace(table, digests=None)


@dataclasses.dataclass(frozen=True)
class _Count:
    """Counts the numbers of columns."""

    table: Table
    columns: tuple[str, ...]

    def do(self, work: Block, temporary: str) -> NumberCounts:
        """Returns the counts of a block."""
        del temporary
        with staged(work.paths):
            return count_numbers(self.table, self.columns, work.spans)


@dataclasses.dataclass
class _Judged:
    """What was found in some rows.

    Args:
        broken: how often each check is broken.
        digests: file → SHA-256 of its bytes, of files that were read to their ends.
    """

    broken: list[Broken]
    digests: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def empty(self) -> _Judged:
        """Returns what is found in no rows."""
        return _Judged([Broken() for _ in self.broken])

    def merge(self, other: _Judged) -> None:
        """Takes in what was found in other rows."""
        for mine, others in zip(self.broken, other.broken, strict=True):
            mine.merge(others)
        self.digests |= other.digests


@dataclasses.dataclass(frozen=True)
class _Judge:
    """Judges rows by checks."""

    table: Table
    checks: tuple[Mapping[str, Any], ...]
    numeric: frozenset[str]

    def do(self, work: Block, temporary: str) -> _Judged:
        """Returns what is found in a block."""
        del temporary
        digests = Digests()
        with staged(work.paths):
            rules = [rule(check, self.numeric) for check in self.checks]
            table = dataclasses.replace(self.table, digests=digests)
            return _Judged(find_broken(table, rules, spans=work.spans), dict(digests.found))
