"""What the page shows of relatedness: each head's change with its interval, all on one scale, and the cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.formats.estimates import Estimate
from components.report.page.charts import estimates
from components.report.page.number_format import change

_WORDS = {"helped": "passed", "hurt": "failed", "no difference": "not reached", "not clear": "warned"}


def relatedness_view(found: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the relatedness part of a report with its heads drawn."""
    bounds = [value for head in found["heads"].values() for value in head["change"].values() if value is not None]
    span = min([0.0, *bounds]), max([0.0, *bounds])
    return {**found, "heads": [_head(head, span) for head in found["heads"].values()]}


def _head(head: Mapping[str, Any], span: tuple[float, float]) -> dict[str, Any]:
    interval = Estimate(**head["change"])
    drawing = estimates.small(interval, span, 0.0, f"Change of {head['title']}", change(head["change"]))
    return {**head, "state": _WORDS[head["verdict"]], "drawing": drawing}
