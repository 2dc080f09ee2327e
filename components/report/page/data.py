"""What the page shows of the data: checks in the order of their weight, columns with their drawings."""

from __future__ import annotations

from typing import Any

from components.formats.findings import Anomaly, Comparison
from components.formats.report import DataPart, ReportedColumn
from components.report.page.charts import columns as drawings

_LEVELS = ("fail", "warn", "ok")


def data_view(data: DataPart) -> dict[str, Any]:
    """Returns the data part of a report with checks and comparisons sorted, and columns drawn."""
    return {
        **vars(data),
        "checks": sorted(data.checks, key=_weight),
        "comparisons": sorted(data.comparisons, key=lambda item: (_weight(item), -_excess(item))),
        "columns": [_column(column) for column in data.columns],
    }


def positions(data: DataPart) -> dict[str, int]:
    """Returns where each column stands, by which a check links to it."""
    return {column.name: position for position, column in enumerate(data.columns)}


def _weight(item: Anomaly | Comparison) -> int:
    return _LEVELS.index(item.level)


def _excess(comparison: Comparison) -> float:
    """How many times its threshold a comparison's value is."""
    return (comparison.value or 0.0) / (comparison.threshold or 1.0)


def _column(column: ReportedColumn) -> dict[str, Any]:
    train, evaluation = column.splits.get("train"), column.splits.get("eval")
    train_drawing, eval_drawing = drawings.pair(column.name, train, evaluation)
    return {
        **vars(column),
        "train": train,
        "eval": evaluation,
        "train_drawing": train_drawing,
        "eval_drawing": eval_drawing,
        "constant": train is not None and train.unique == 1,
    }
