"""Custom checks of the configuration, over all rows of the source, those without a label included."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from components.data_validator.analysis import rules
from components.data_validator.analysis.rows import Broken, count_numbers, find_broken
from components.data_validator.analysis.rules import Rule
from components.example_gen.tables.table import Table
from components.formats.findings import IGNORE, Anomaly
from components.shared.errors import InputError, did_you_mean


def rule(check: Mapping[str, Any], numeric: Collection[str] = ()) -> Rule:
    """Returns the rule of one entry of `checks`, as the configuration's models have validated it.

    Args:
        check: the entry.
        numeric: the columns of numbers among those whose order it asks for, see `ordered_columns`.
    """
    match check:
        case {"check": "range", "column": column}:
            return rules.in_range(column, check["min"], check["max"])
        case {"check": "allowed", "column": column, "values": values}:
            return rules.allowed(column, values)
        case {"check": "regex", "column": column, "pattern": pattern}:
            return rules.matching(column, pattern)
        case {"check": "not_null", "column": column}:
            return rules.not_null(column)
        case {"check": "unique", "columns": columns}:
            return rules.unique(columns)
        case {"check": "monotonic", "column": column, "order": order, "strict": strict}:
            return rules.monotonic(column, order, strict, numeric=column in numeric)
        case {"check": "compare", "left": left, "op": op, "right": right}:
            return rules.compared(left, op, right, numeric=left in numeric and right in numeric)
    raise ValueError(f"A check must be one that the configuration knows, got {check}.")


def ordered_columns(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the columns whose order checks ask for, which differs between numbers and texts."""
    names = [rule(check).columns for check in checks if check["check"] in ("monotonic", "compare")]
    return list(dict.fromkeys(name for columns in names for name in columns))


def require_columns(checks: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Refuses checks of columns that the table does not have.

    Raises:
        InputError: naming the first such column.
    """
    for position, check in enumerate(checks):
        for name in rule(check).columns:
            if name not in columns:
                raise InputError(
                    f'checks[{position}] must name a column of the data, got "{name}".{did_you_mean(name, columns)}'
                )


class Judge(Protocol):
    """Who reads the rows that are checked."""

    def numbers(self, table: Table, columns: Sequence[str]) -> set[str]:
        """Returns which of some columns are of numbers."""

    def broken(self, table: Table, checks: Sequence[Mapping[str, Any]], numeric: Collection[str]) -> list[Broken]:
        """Returns how often each check is broken, given the columns of numbers among those whose order is asked for."""


class InTurn:
    """Reads the rows in this process, one after the other."""

    def numbers(self, table: Table, columns: Sequence[str]) -> set[str]:
        """Returns which of some columns are of numbers."""
        return count_numbers(table, columns).columns()

    def broken(self, table: Table, checks: Sequence[Mapping[str, Any]], numeric: Collection[str]) -> list[Broken]:
        """Returns how often each check is broken."""
        return find_broken(table, [rule(check, numeric) for check in checks])


def check_anomalies(table: Table, checks: Sequence[Mapping[str, Any]], judge: Judge | None = None) -> list[Anomaly]:
    """Returns an anomaly for each check that a row breaks.

    Args:
        table: the source table.
        checks: the entries of `checks`.
        judge: who reads the rows; this process if left out.

    Raises:
        InputError: a check names no column of the table.
    """
    require_columns(checks, table.columns)
    judged = [(position, check) for position, check in enumerate(checks) if check["level"] != IGNORE]
    if not judged:
        return []
    judge, asked = judge or InTurn(), [check for _, check in judged]
    numeric = judge.numbers(table, ordered_columns(asked))
    return [
        _anomaly(position, check, rule(check, numeric), broken)
        for (position, check), broken in zip(judged, judge.broken(table, asked, numeric), strict=True)
        if broken.count
    ]


def _anomaly(position: int, check: Mapping[str, Any], one: Rule, broken: Broken) -> Anomaly:
    columns = one.columns[:1] if check["check"] == "compare" else one.columns
    name = ", ".join(f'"{column}"' for column in columns)
    value = broken.examples[0].value
    sentence = (
        f"{name} must {one.must}, got {broken.count:,} of {broken.rows:,} rows that break it, "
        f"the first {f'with {value} ' if value else ''}in {broken.first}."
    )
    return Anomaly(
        split="",
        column=one.columns[0],
        kind=f"CHECK_{check['check'].upper()}",
        level=check["level"],
        sentence=sentence,
        method="rows that break it",
        value=broken.count,
        threshold=0,
        examples=tuple(broken.examples),
        remedy=f"checks[{position}] of the configuration",
    )
