"""The section `data`: where the rows come from, how to read them and how they are divided."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from components.example_gen.tables.dates import is_date
from components.example_gen.tables.dialect import MISSING
from components.objects.place import check_place
from pipeline.config.base import STORES, Column, Fraction, Section


def _date_text(value: Any) -> Any:
    """YAML reads an unquoted date as one."""
    return value.isoformat() if type(value) is datetime.date else value


def _escape_word(value: Any) -> Any:
    """The character itself is as good as its name."""
    return "backslash" if value == "\\" else value


def _date(text: str) -> str:
    if not is_date(text):
        raise ValueError(f'must be a date such as 2026-01-31, got "{text}"')
    return text


class Split(Section):
    """How rows are divided into train, validation (early stopping), calibration and eval (the verdict)."""

    by: Literal["row", "column", "time"] = "row"
    """`row`: a hash of the row, so equal rows stay together; `column`: a hash of one key column, so one key
    never sits in two splits; `time`: the oldest rows train, the newest evaluate."""
    column: Column | None = None
    """The key or time column; for `by: row` leave it out."""
    validation: Fraction = 0.16
    """Share of the rows that decides when training stops."""
    calibration: Annotated[float, Field(ge=0, lt=1)] = 0.08
    """Share of the rows on which the fitted network's probabilities and intervals are calibrated; 0: neither is."""
    eval: Fraction = 0.12
    """Share of the rows that the model is evaluated on."""
    salt: str = ""
    """Any text; another text gives another split of the same rows."""

    @model_validator(mode="after")
    def _complete(self) -> Split:
        if (self.by == "row") != (self.column is None):
            wanted = "left out" if self.by == "row" else "given"
            got = "nothing" if self.column is None else f'"{self.column}"'
            raise ValueError(f"column must be {wanted} when by is {self.by}, got {got}")
        held_out = self.validation + self.calibration + self.eval
        if held_out >= 0.95:
            raise ValueError(f"validation + calibration + eval must be below 0.95, got {held_out:g}. Lower one")
        return self


class Data(Section):
    """Where the rows come from and how to read them."""

    path: str | list[str] = Field(
        description=f"""A file, a folder, a glob, or a list of them: CSV (plain, .gz, .bz2, .xz or .zst), Parquet,
    Arrow, ORC or JSON lines; or a Delta or Iceberg table, with `@v3` behind its folder for an older version. Here or at
    {STORES}. `{{date}}` in it stands for `data.date`."""
    )
    date: Annotated[str, BeforeValidator(_date_text), AfterValidator(_date)] = ""
    """The day, as `YYYY-MM-DD`, that `{date}` in `data.path` stands for; left out: today (UTC)."""
    format: Literal["auto", "csv", "parquet"] = "auto"
    """`auto` goes by the first bytes of the file."""
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    """One character; left out, it is found among comma, semicolon, tab and bar."""
    quoting: Literal["auto", "quoted", "none"] = "auto"
    """`quoted`: a quote at the beginning of a CSV cell opens it until the next one that is not doubled; `none`: quotes
    are ordinary characters and every line is a row, as in the text that PostgreSQL's COPY and MySQL's OUTFILE write;
    `auto` goes by the rows, and says so where it takes other than `quoted`."""
    escape: Annotated[Literal["auto", "none", "backslash"], BeforeValidator(_escape_word)] = "auto"
    """`backslash`: one before a quote in a quoted cell takes away the quote's meaning, as Spark writes it; in text
    without quoting `\\t`, `\\n`, `\\\\` are escapes and `\\N` is no value. `none`: backslashes are text. `auto` goes by
    the rows, and says so where it takes other than `none`."""
    missing: list[str] = list(MISSING)
    """Cells with this text count as missing."""
    decimal: Literal[".", ","] = "."
    """The decimal mark of numbers in a CSV; with `,`, `1,5` is a number and `1.5` is not."""
    ignore: list[Column] = []
    """Columns that are not read at all: identifiers, leaks of a label."""
    schema_file: str | None = None
    """A reviewed schema (text format). Left out, the schema is inferred from the train split and kept with
    the run."""
    split: Split = Split()

    @field_validator("path")
    @classmethod
    def _some_path(cls, path: str | list[str]) -> str | list[str]:
        if not path or not all(path):
            raise ValueError("must name at least one file, got an empty name or list. Name one")
        for place in [path] if isinstance(path, str) else path:
            check_place(place)
        return path
