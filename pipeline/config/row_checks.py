"""The custom checks a configuration may have: few, typed, and without code in them."""

from __future__ import annotations

from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator

from pipeline.config.base import Column, Level, Section


class _Check(Section):
    level: Level = "fail"
    """What a row that breaks it does to the run."""


class Range(_Check):
    """Numbers between two bounds."""

    check: Literal["range"]
    """Which check this is."""
    column: Column
    """The column."""
    min: float | None = None
    """The lowest number allowed."""
    max: float | None = None
    """The highest number allowed."""

    @model_validator(mode="after")
    def _bounded(self) -> Range:
        if self.min is None and self.max is None:
            raise ValueError("must have a min, a max or both, got neither. Give one")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"must have a min of at most its max, got {self.min:g} and {self.max:g}. Exchange them")
        return self


class Allowed(_Check):
    """Values of a list."""

    check: Literal["allowed"]
    """Which check this is."""
    column: Column
    """The column."""
    values: Annotated[list[str | bool | int | float], Field(min_length=1)]
    """The values allowed."""


class Regex(_Check):
    """Texts that match a pattern."""

    check: Literal["regex"]
    """Which check this is."""
    column: Column
    """The column."""
    pattern: str
    """An RE2 pattern for the whole text."""

    @field_validator("pattern")
    @classmethod
    def _valid(cls, pattern: str) -> str:
        try:
            pc.match_substring_regex(pa.array([""]), pattern)
        except pa.ArrowInvalid as error:
            reason = str(error).partition(": ")[2]
            raise ValueError(f'must be an RE2 pattern, got "{pattern}" ({reason}). Correct it') from None
        return pattern


class Unique(_Check):
    """Values, or combinations of them, that occur once."""

    check: Literal["unique"]
    """Which check this is."""
    columns: Annotated[list[Column], Field(min_length=1)]
    """The columns that together occur once."""


class NotNull(_Check):
    """A value in every row."""

    check: Literal["not_null"]
    """Which check this is."""
    column: Column
    """The column."""


class Monotonic(_Check):
    """Rows in order."""

    check: Literal["monotonic"]
    """Which check this is."""
    column: Column
    """The column."""
    order: Literal["increasing", "decreasing"] = "increasing"
    """Which way."""
    strict: bool = False
    """Whether equal neighbours break it."""


class Compare(_Check):
    """Two columns of the same row."""

    check: Literal["compare"]
    """Which check this is."""
    left: Column
    """The column on the left."""
    op: Literal["<", "<=", ">", ">=", "==", "!="]
    """The comparison that must hold."""
    right: Column
    """The column on the right."""


Check = Annotated[
    Range | Allowed | Regex | Unique | NotNull | Monotonic | Compare,
    Field(discriminator="check"),
]

CHECKS: dict[str, type[Section]] = {
    "range": Range,
    "allowed": Allowed,
    "regex": Regex,
    "unique": Unique,
    "not_null": NotNull,
    "monotonic": Monotonic,
    "compare": Compare,
}
