"""What the page shows of relatedness: each head's change with its interval, all on one scale, and the cost."""

from __future__ import annotations

from typing import Any

from components.formats.estimates import Estimate
from components.formats.report import RelatednessPart, SharedHead
from components.report.page.charts import estimates
from components.report.page.number_format import change

_WORDS = {"helped": "passed", "hurt": "failed", "no difference": "not reached", "not clear": "warned"}


def relatedness_view(found: RelatednessPart) -> dict[str, Any]:
    """Returns the relatedness part of a report with its heads drawn."""
    changes = [head.change for head in found.heads.values()]
    bounds = [bound for one in changes for bound in (one.value, one.low, one.high) if bound is not None]
    span = min([0.0, *bounds]), max([0.0, *bounds])
    return {**vars(found), "heads": [_head(head, span) for head in found.heads.values()]}


def _head(head: SharedHead, span: tuple[float, float]) -> dict[str, Any]:
    drawing = estimates.small(head.change, span, 0.0, f"Change of {head.title}", change(head.change))
    return {
        **vars(head),
        "by_seed": [Estimate(value) for value in head.by_seed],
        "state": _WORDS[head.verdict],
        "drawing": drawing,
    }
