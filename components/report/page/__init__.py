"""The pages a person reads: one run, the history of runs, and two runs side by side; each is one HTML file.

A page asks the network for nothing: style, script and drawings are in it, and its content policy forbids the rest.
Without script all of it is visible; script adds tabs, sorting, search and a choice of theme.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.formats.report import Report
from components.report.page.comparison import drawings
from components.report.page.data import data_view, positions
from components.report.page.html import fill
from components.report.page.index import index_view
from components.report.page.model import model_view
from components.report.page.relatedness import relatedness_view
from components.report.page.tuning import tuning_view
from components.report.page.verdict import overall
from components.report.parts.runs import ListedRun, RunComparison

__all__ = ["render", "render_comparison", "render_index"]


def render(report: Report) -> str:
    """Returns the page of one run.

    Args:
        report: see `Report`; parts that the run did not come to are None.
    """
    return fill(
        "report.html",
        report=report,
        # What someone has set comes before what nobody has.
        config=sorted(report.config, key=lambda setting: setting.origin == "default"),
        overall=overall(report.verdict, report.run.state if report.run else None),
        data=data_view(report.data) if report.data else None,
        positions=positions(report.data) if report.data else {},
        model=model_view(report.model) if report.model else None,
        relatedness=relatedness_view(report.relatedness) if report.relatedness else None,
        tuning=tuning_view(report.tuning) if report.tuning else None,
    )


def render_index(runs: Sequence[ListedRun]) -> str:
    """Returns the page that lists runs and draws each head's primary metric over them.

    Args:
        runs: the runs, oldest first.
    """
    return fill("index.html", pipelines=list(dict.fromkeys(run.pipeline for run in runs)), **index_view(runs))


def render_comparison(comparison: RunComparison) -> str:
    """Returns the page of two runs side by side."""
    return fill("comparison.html", comparison=comparison, drawings=drawings(comparison.metrics))
