"""What the page of two runs shows: their metrics with intervals, one above the other on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from components.report.page.charts import estimates
from components.report.parts.runs import MetricChange


def drawings(changes: Sequence[MetricChange]) -> list[list[Markup]]:
    """Returns for each metric the drawings of its values in the two runs that have one."""
    return [_drawings(change) for change in changes]


def _drawings(change: MetricChange) -> list[Markup]:
    sides = {name: side for name, side in (("A", change.a), ("B", change.b)) if side and side.value is not None}
    bounds = [value for side in sides.values() for value in (side.value, side.low, side.high) if value is not None]
    return [
        estimates.small(side, (min(bounds), max(bounds)), None, f"{change.title} of {name}")
        for name, side in sides.items()
    ]
