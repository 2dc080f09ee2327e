"""The report's part on the data: rows, columns, and what the validation found."""

from __future__ import annotations

from collections.abc import Sequence

from components.formats.columns import Columns
from components.formats.findings import Comparison, Findings
from components.formats.report import DataPart, ReportedColumn, RowCounts
from components.formats.summary import Summary
from components.shared.splits import TRAIN


def data_part(summary: Summary | None, findings: Findings | None, columns: Columns | None) -> DataPart | None:
    """Returns what is known of the data; None where nothing was read.

    Args:
        summary: the account of the ingest; None where nothing was read.
        findings: those of the validation; None where it was not reached.
        columns: the columns that the DataReport described; None where it was not reached.
    """
    if summary is None:
        return None
    found = findings or Findings()
    return DataPart(
        fingerprint=summary.fingerprint,
        paths=tuple(summary.files),
        rows=RowCounts(
            read=summary.rows_in,
            splits=summary.splits,
            left_out=summary.left_out,
            unlabelled={label: summary.without(label) for label in (summary.regression, summary.classification)},
        ),
        labels={"regression": summary.regression, "classification": summary.classification},
        notes=tuple(dict.fromkeys([*summary.warnings, *found.notes])),
        checks=found.anomalies,
        comparisons=found.comparisons,
        against=found.against,
        columns=tuple(
            ReportedColumn(**vars(column), drift=_drift(column.name, found.comparisons))
            for column in (columns.columns if columns else ())
        ),
    )


def _drift(column: str, comparisons: Sequence[Comparison]) -> Comparison | None:
    """Returns a column's drift in train, by the method that is furthest beyond its threshold."""
    drifts = [
        comparison
        for comparison in comparisons
        if (comparison.kind, comparison.column, comparison.split) == ("drift", column, TRAIN)
    ]
    return max(drifts, key=lambda drift: (drift.value or 0) / (drift.threshold or 1), default=None)
