"""What the page of two runs shows: their metrics with intervals, one above the other on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.formats.estimates import Estimated
from components.report.page.charts import estimates

_SAYING = {"a": "A", "b": "B", None: "not clear"}


def comparison_rows(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the metrics of a comparison, drawn."""
    return [{**row, "verdict": _SAYING[row["better"]], "drawings": _drawings(row)} for row in comparison["metrics"]]


def _drawings(row: Mapping[str, Any]) -> list[str]:
    sides: dict[str, Estimated] = {
        name: row[name] for name in ("a", "b") if row[name] is not None and row[name].value is not None
    }
    bounds = [value for side in sides.values() for value in (side.value, side.low, side.high) if value is not None]
    return [
        estimates.small(side, (min(bounds), max(bounds)), None, f"{row['title']} of {name.upper()}")
        for name, side in sides.items()
    ]
