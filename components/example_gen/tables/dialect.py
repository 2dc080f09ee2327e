"""How a table is written: what a user says of it, and what was found by looking at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from components.shared.errors import InputError

FORMATS = ("auto", "csv", "parquet", "arrow", "orc", "jsonl", "lake")
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None", "?", "\\N")


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How the files of a table are written; the same for training, prediction and a serving log.

    Args:
        format: `csv`, `parquet`, or `auto` (told from the first bytes, and then one of `FORMATS`).
        delimiter: one character between CSV fields; None finds it among comma, semicolon, tab and bar.
        quoting: `quoted` (a quote at the beginning of a CSV cell opens it), `none` (quotes are ordinary characters), or
            `auto` (told from the rows).
        escape: `backslash` (one before a quote, a delimiter or a line end takes away its meaning), `none`, or `auto`.
        missing: spellings of "no value", compared without spaces at both ends; a blank cell always is one.
        decimal: the decimal mark of numbers that are text, `.` or `,`.

    Raises:
        InputError: the format, the quoting, the escape or the decimal mark is unknown, or the delimiter is no ASCII
            character.
    """

    format: str = "auto"
    delimiter: str | None = None
    missing: tuple[str, ...] = MISSING
    quoting: str = "auto"
    escape: str = "auto"
    decimal: str = "."

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise InputError(f'The format must be auto, csv or parquet, got "{self.format}".')
        if self.quoting not in ("auto", "quoted", "none"):
            raise InputError(f'The quoting must be auto, quoted or none, got "{self.quoting}".')
        if self.escape not in ("auto", "none", "backslash"):
            raise InputError(f'The escape must be auto, none or backslash, got "{self.escape}".')
        if self.delimiter is not None and len(self.delimiter.encode()) != 1:
            raise InputError(f"The delimiter must be one ASCII character, got {self.delimiter!r}.")
        if self.decimal not in (".", ","):
            raise InputError(f"The decimal mark must be a point or a comma, got {self.decimal!r}.")

    @property
    def of_any_format(self) -> Dialect:
        """The same, for other files of the same kind of table: what trained on CSV may be asked of Parquet."""
        return dataclasses.replace(self, format="auto")

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Dialect:
        """Returns the dialect that `dataclasses.asdict` made a dictionary, and JSON perhaps a list of its tuple."""
        return cls(**{**fields, "missing": tuple(fields.get("missing", MISSING))})
