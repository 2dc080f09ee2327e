"""What the page of the history shows: each head's primary metric over the runs, and all runs, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.evaluator.analysis.head import METRICS, PRIMARY_METRIC
from components.report.page.charts import curves
from components.report.parts.runs import ListedRun


def index_view(runs: Sequence[ListedRun]) -> dict[str, Any]:
    """Returns the history of runs that are given oldest first: `runs`, each with its primary metrics, newest first."""
    newest_first = [
        (run, [run.metrics.get(head, {}).get(metric) for head, metric in PRIMARY_METRIC.items()])
        for run in reversed(runs)
    ]
    titles = [METRICS[head][metric].title for head, metric in PRIMARY_METRIC.items()]
    return {"runs": newest_first, "titles": titles, "histories": _histories(runs)}


def _histories(runs: Sequence[ListedRun]) -> list[dict[str, Any]]:
    """One drawing for each pipeline and head; runs of different pipelines have nothing in common."""
    drawn = []
    for pipeline in dict.fromkeys(run.pipeline for run in runs):
        for head, metric in PRIMARY_METRIC.items():
            points = [
                curves.Judged(run.id, value, run.version)
                for run in runs
                if run.pipeline == pipeline and (value := run.metrics.get(head, {}).get(metric)) is not None
            ]
            if points:
                title = f"{METRICS[head][metric].title} of {_label(runs, pipeline, head)}"
                drawn.append({"title": title, "n": len(points), "drawing": curves.history(points, title, title)})
    return drawn


def _label(runs: Sequence[ListedRun], pipeline: str, head: str) -> str:
    """The head's label column in the newest run of a pipeline, or the head's name."""
    newest = [run for run in runs if run.pipeline == pipeline][-1]
    return newest.labels.get(head, head)
