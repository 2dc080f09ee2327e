"""A figure as the page shows it: a drawing with its title, its caption and its legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from components.report.page.number_format import short

_LONGEST_LABEL = 24


def figure(
    title: str, drawing: Markup, caption: str, *, legend: Sequence[tuple[str, str, str]] = (), wide: bool = False
) -> dict[str, Any]:
    """Returns what the `figure` macro draws.

    Args:
        title: what it shows.
        drawing: an SVG.
        caption: how to read it, with the number of rows or epochs.
        legend: of each mark its class, what it stands for, and a figure of it or nothing.
        wide: whether it needs the whole width of the page.
    """
    return {"title": title, "drawing": drawing, "caption": caption, "legend": legend, "wide": wide}


def label_of(column: str) -> str:
    """Returns the label column that a head predicts, as long as an axis or a legend has room for."""
    return short(column, _LONGEST_LABEL)
