"""The page that lists the runs of an output folder and links their reports."""

from __future__ import annotations

from pathlib import Path

from components.report.files import PAGE
from components.report.page import render_index
from components.shared.kept_files import replace_text
from pipeline.runs.record import REPORTS, read_runs, report_folder


def write_index(output: Path) -> Path:
    """Writes `index.html` beside the reports and returns its path; readers see the old or the new one, whole."""
    runs = read_runs(output)
    target = output / REPORTS / "index.html"
    linked = {run.id: f"{run.id}/{PAGE}" for run in runs if (report_folder(output, run.id) / PAGE).exists()}
    page = render_index([run.listed(linked.get(run.id)) for run in runs])
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_text(target, page)
    return target
