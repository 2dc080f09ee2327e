"""`findings.json`: anomalies and comparisons that the DataValidator found, for the DataGate and the report."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.formats.json_file import JsonFile

IGNORE, OK, WARN, FAIL = "ignore", "ok", "warn", "fail"


@dataclass(frozen=True)
class Example:
    """A row that shows an anomaly.

    Args:
        file: name of the file.
        line: its line in a CSV, where the header is line 1 and a quoted line break is none; in Parquet its row.
        value: what the row holds.
    """

    file: str
    line: int
    value: str


@dataclass(frozen=True)
class Anomaly:
    """One thing that is not as it should be.

    Args:
        split: the split it was found in; empty for the whole table.
        column: the column; empty for the whole table.
        kind: TFDV's anomaly type, or the name of another check.
        level: `warn` or `fail`.
        sentence: what must hold, and what was found.
        method: how `value` was measured, None where nothing is measured.
        value: what was measured.
        threshold: the bound that it broke.
        examples: at most five rows.
        remedy: the line to change in the schema or the configuration when it is intended.
    """

    split: str
    column: str
    kind: str
    level: str
    sentence: str
    method: str | None = None
    value: float | None = None
    threshold: float | None = None
    examples: tuple[Example, ...] = ()
    remedy: str | None = None


@dataclass(frozen=True)
class Comparison:
    """One column of a split measured against another sample.

    Args:
        kind: `drift`, `skew` or `serving skew`.
        column: the column.
        split: the split that was measured.
        against: what it was measured against: "pushed version 3", "train".
        method: name of the measure.
        value: None where there is too little to measure.
        threshold: what a sample of the same distribution does not exceed.
        level: `ok`, `warn` or `fail`.
    """

    kind: str
    column: str
    split: str
    against: str
    method: str
    value: float | None
    threshold: float
    level: str


@dataclass(frozen=True)
class Findings(JsonFile, file="findings.json", format=2):
    """Everything that one validation found.

    Args:
        notes: what a person should know.
        anomalies: what is not as it should be.
        comparisons: every measure of drift and skew, also those within bounds.
        against: what drift was measured against, None when there was no earlier version to compare with.
    """

    notes: tuple[str, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    against: str | None = None

    @property
    def problems(self) -> list[str]:
        """The sentences that stop a run."""
        return self.sentences(FAIL)

    def sentences(self, level: str) -> list[str]:
        """Returns the sentences of the anomalies of a level."""
        return [anomaly.sentence for anomaly in self.anomalies if anomaly.level == level]

    @classmethod
    def file_in(cls, folder: str | os.PathLike[str]) -> Path:
        """Returns the path of the file in a folder, where format 1 had another name for it."""
        path, older = super().file_in(folder), Path(folder) / "gate.json"
        return older if older.is_file() and not path.is_file() else path

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        """Returns the fields of format 1, which had whether the gate was passed beside what says so."""
        del format
        return fields
