"""What a validation finds: anomalies and comparisons, as they stand in `gate.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.shared.file_names import FINDINGS
from components.shared.kept_files import read_json

IGNORE, OK, WARN, FAIL = "ignore", "ok", "warn", "fail"
MAX_EXAMPLES = 5


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
class Findings:
    """Everything that one validation found.

    Args:
        notes: what a person should know.
        anomalies: what is not as it should be.
        comparisons: every measure of drift and skew, also those within bounds.
        against: what drift was measured against, None when there was no earlier version to compare with.
    """

    notes: Sequence[str]
    anomalies: Sequence[Anomaly]
    comparisons: Sequence[Comparison] = ()
    against: str | None = None

    @property
    def problems(self) -> list[str]:
        """The sentences that stop a run."""
        return [anomaly.sentence for anomaly in self.anomalies if anomaly.level == FAIL]

    def write(self, folder: str | Path) -> None:
        """Writes `gate.json`."""
        values = asdict(self) | {"passed": not self.problems}
        (Path(folder) / FINDINGS).write_text(json.dumps(values, indent=1, ensure_ascii=False), encoding="utf-8")


def read_findings(folder: str | Path) -> dict[str, Any]:
    """Returns the content of `gate.json`."""
    return read_json(Path(folder) / FINDINGS)
