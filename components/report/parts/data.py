"""The report's part on the data: rows, columns, and what the validation found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.formats.summary import Summary
from components.shared.splits import TRAIN

_CHECK = ("split", "column", "kind", "level", "sentence", "method", "value", "threshold", "examples", "remedy")


def data_part(
    summary: Summary | None, gate: Mapping[str, Any] | None, columns: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Returns what is known of the data; None where nothing was read.

    Args:
        summary: the account of the ingest; None where nothing was read.
        gate: `gate.json` of the validation; None where it was not reached.
        columns: `columns.json` of the DataReport; None where it was not reached.
    """
    if summary is None:
        return None
    found = gate or {}
    comparisons = list(found.get("comparisons", []))
    return {
        "fingerprint": summary.fingerprint,
        "paths": summary.files,
        "rows": {
            "read": summary.rows_in,
            "splits": summary.splits,
            "left_out": summary.left_out,
            "unlabelled": {label: summary.without(label) for label in (summary.regression, summary.classification)},
        },
        "labels": {"regression": summary.regression, "classification": summary.classification},
        "notes": list(dict.fromkeys([*summary.warnings, *found.get("notes", [])])),
        "checks": [_check(anomaly) for anomaly in found.get("anomalies", [])],
        "comparisons": comparisons,
        "against": found.get("against"),
        "columns": [
            {**column, "drift": _drift(column["name"], comparisons)} for column in (columns or {}).get("columns", [])
        ],
    }


def _check(anomaly: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all fields of a check, those that its kind does not have empty."""
    return {name: anomaly.get(name, [] if name == "examples" else None) for name in _CHECK}


def _drift(column: str, comparisons: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Returns a column's drift in train, by the method that is furthest beyond its threshold."""
    drifts = [
        comparison
        for comparison in comparisons
        if (comparison["kind"], comparison["column"], comparison["split"]) == ("drift", column, TRAIN)
    ]
    return max(drifts, key=lambda drift: (drift["value"] or 0) / (drift["threshold"] or 1), default=None)
