"""`columns.json` of the DataReport: every column of train and eval described."""

from __future__ import annotations

from dataclasses import dataclass

from components.formats.json_file import JsonFile
from components.shared.histogram_bins import Histogram


@dataclass(frozen=True)
class ValueCount:
    """A text and the rows that hold it."""

    value: str
    count: int


@dataclass(frozen=True)
class ColumnStatistics:
    """One column in one split; None where its kind has no such figure, or no row has a value.

    Args:
        n: rows, missing ones included.
        missing, missing_share: rows without a value, and their share.
        zeros: rows with a 0.
        unique: distinct values.
        mean, std, min, median, max: moments and order; the deviation is that of the sample.
        histogram: of a number, with the same edges in all splits.
        top: the most frequent texts of the first split; the same ones in each split.
    """

    n: int
    missing: int
    missing_share: float
    zeros: int | None = None
    unique: int | None = None
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    median: float | None = None
    max: float | None = None
    histogram: Histogram | None = None
    top: tuple[ValueCount, ...] | None = None


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: the column.
        role: `regression label`, `class label`, `row weight`, `feature` or `left out`.
        kind: `number`, `text` or `vector`.
        splits: train and eval.
    """

    name: str
    role: str
    kind: str
    splits: dict[str, ColumnStatistics]


@dataclass(frozen=True)
class Columns(JsonFile, file="columns.json"):
    """The labels, the row weights and then every feature, in the order of the ingest."""

    columns: tuple[Column, ...]
