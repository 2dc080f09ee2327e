"""What each head loses without a column."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Importance:
    """What a head loses without a column.

    Args:
        column: the raw column.
        value: rise of the head's headline loss when the column is shuffled; about 0 where it is not used.
        low, high: bounds of the interval.
    """

    column: str
    value: float
    low: float
    high: float
