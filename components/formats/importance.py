"""`importance.json` of the Evaluator: what each head loses without a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.formats.json_file import JsonFile


@dataclass(frozen=True)
class ColumnImportance:
    """What a head loses without a column.

    Args:
        column: the raw column.
        value: rise of the head's primary metric when the column is shuffled; about 0 where it is not used.
        low, high: bounds of the interval.
    """

    column: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Importance(JsonFile, file="importance.json", format=2):
    """Permutation importance.

    Args:
        heads: head to its columns, the most important first; none for a head that cannot be scored.
    """

    heads: dict[str, tuple[ColumnImportance, ...]]

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        """Returns the fields of format 2: the heads were the fields of format 1."""
        del format
        return {"heads": fields}
