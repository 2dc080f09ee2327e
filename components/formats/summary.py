"""`summary.json`: what the ingest did, beside the splits, for every later step and for the curious."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Self

from components.example_gen.cells.forms import Form
from components.example_gen.tables.dialect import Dialect
from components.formats.json_file import JsonFile
from components.shared.kept_files import RUN_AGAIN


@dataclasses.dataclass(frozen=True)
class Summary(JsonFile, file="summary.json"):
    """The account of one ingest; `rows_in` is `rows_out` plus all of `left_out`.

    Args:
        files: the files read.
        dialect: how they are written.
        fingerprint: SHA-256 of the files' content.
        rows_in: rows in the files.
        rows_out: rows written.
        left_out: reason → rows not written.
        splits: split → rows.
        regression: column of the regression label.
        classification: column of the class label.
        classes: split → class → rows; every class is named in every split, with 0 where it is absent.
        columns: feature → kind (`INT`, `FLOAT`, `BYTES`, `VECTOR`).
        missing: feature → rows without a value.
        non_finite: feature → infinite numbers written as missing; features without any are not named.
        vectors: vector feature → numbers in it.
        vector_columns: vector feature → the columns it was collected from, in order.
        split_by: `row`, `column` or `time`.
        warnings: sentences a person should read.
        unlabelled: split → label column → rows written without this label; each has the other one.
        weight: column of the row weights; None where all rows count alike.
        identity: column → kind of what tells rows apart, and decides their split if it is one by row.
        recalled: the same of the production model, where this table has not all of it.
        gone: the columns of `recalled` that cannot be read any more.
        split_settings: `IngestSpec.split_settings`.
        inherited: whether rows are in the splits of a pushed version, whatever their hash says.
        judged: digest of the eval rows as `identity` tells them apart, whatever their order.
        forms: column → how its cells were read, labels included; columns that were read as they stand are not named.
        number_like: text columns that look like numbers with a mark (`<5`, `1,234.5 €`), and so like no identifier.
        wide: columns that 32 bits do not hold, which have a companion in the examples, see
            `components.shared.exact_numbers`.
    """

    files: list[str]
    dialect: Dialect
    fingerprint: str
    rows_in: int
    rows_out: int
    left_out: dict[str, int]
    splits: dict[str, int]
    regression: str
    classification: str
    classes: dict[str, dict[str, int]]
    columns: dict[str, str]
    missing: dict[str, int]
    non_finite: dict[str, int]
    vectors: dict[str, int]
    vector_columns: dict[str, list[str]]
    split_by: str
    warnings: list[str]
    unlabelled: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    weight: str | None = None
    identity: dict[str, str] = dataclasses.field(default_factory=dict)
    recalled: dict[str, str] = dataclasses.field(default_factory=dict)
    gone: list[str] = dataclasses.field(default_factory=list)
    split_settings: str = ""
    inherited: bool = False
    judged: str = ""
    forms: dict[str, Form] = dataclasses.field(default_factory=dict)
    number_like: list[str] = dataclasses.field(default_factory=list)
    wide: list[str] = dataclasses.field(default_factory=list)

    def without(self, label: str) -> int:
        """Returns the rows written without a label."""
        return sum(rows.get(label, 0) for rows in self.unlabelled.values())

    @classmethod
    def of(cls, path: Path | str, fields: dict[str, Any], remedy: str = RUN_AGAIN) -> Self:
        """Returns what a file holds; also one of the time before dialects, where `format` was the table's."""
        if "dialect" not in fields:
            dialect = {name: fields.pop(name, None) for name in ("format", "delimiter")}
            fields = fields | {"dialect": dialect}
        return super().of(path, fields, remedy)
