"""The report's part on the data: rows, columns, and what the validation found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.formats.columns import Columns
from components.formats.report import DataPart, ReportedColumn, RowCounts
from components.formats.summary import Summary
from components.shared.splits import TRAIN

_CHECK = ("split", "column", "kind", "level", "sentence", "method", "value", "threshold", "examples", "remedy")


def data_part(summary: Summary | None, gate: Mapping[str, Any] | None, columns: Columns | None) -> DataPart | None:
    """Returns what is known of the data; None where nothing was read.

    Args:
        summary: the account of the ingest; None where nothing was read.
        gate: `gate.json` of the validation; None where it was not reached.
        columns: the columns that the DataReport described; None where it was not reached.
    """
    if summary is None:
        return None
    found = gate or {}
    comparisons = list(found.get("comparisons", []))
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
        notes=tuple(dict.fromkeys([*summary.warnings, *found.get("notes", [])])),
        checks=tuple(_check(anomaly) for anomaly in found.get("anomalies", [])),
        comparisons=tuple(comparisons),
        against=found.get("against"),
        columns=tuple(
            ReportedColumn(**vars(column), drift=_drift(column.name, comparisons))
            for column in (columns.columns if columns else ())
        ),
    )


def _check(anomaly: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all fields of a check, those that its kind does not have empty."""
    return {name: anomaly.get(name, [] if name == "examples" else None) for name in _CHECK}


def _drift(column: str, comparisons: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Returns a column's drift in train, by the method that is furthest beyond its threshold."""
    drifts = [
        comparison
        for comparison in comparisons
        if (comparison["kind"], comparison["column"], comparison["split"]) == ("drift", column, TRAIN)
    ]
    return max(drifts, key=lambda drift: (drift["value"] or 0) / (drift["threshold"] or 1), default=None)
