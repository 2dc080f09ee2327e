"""Printing what is configured and what has run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.evaluator.analysis.head import PRIMARY_METRIC
from components.example_gen.cells.cells import Kind
from components.report.page.number_format import estimate, number
from components.report.parts.runs import DataChanges, MetricChange, RunComparison
from pipeline.config.resolve import Resolved
from pipeline.config.run import Config
from pipeline.errors import InputError
from pipeline.runs.record import read_runs
from pipeline.verbs.check import check_data

_STATES = {
    "pushed": "green",
    "validated": "green",
    "tuned": "green",
    "rejected": "yellow",
    "stopped": "yellow",
    "failed": "red",
    "interrupted": "red",
    "running": "cyan",
}
# With less room than this a reason says nothing.
_LEAST_REASON = 20


def show_config(resolved: Resolved, console: Console) -> None:
    """Prints the configuration as YAML, with the origin of each value as a comment; the output is a valid file."""
    values, origins = resolved.config.as_json(), dict(resolved.origins)
    try:
        found = _inferred(resolved.config)
    except InputError as error:
        console.print(
            Text(f"# The data could not be read, so nothing is inferred from it: {error}", "yellow"),
            soft_wrap=True,
        )
        found = {}
    for key in ("data.delimiter", "features.numeric"):
        section, name = key.split(".")
        value = found.get(key)
        if value and not values[section][name]:
            values[section][name] = value
            origins[key] = "inferred from the data"
    if texts := found.pop("texts", None):
        # Not written down as categories: the data gate leaves out those that turn out to be identifiers.
        origins.setdefault("features.categorical", f"default; text in the data: {', '.join(texts)}")
    _print(values, Resolved(resolved.config, origins), console)


def _inferred(config: Config) -> dict[str, Any]:
    """Returns what the data itself says, by dotted key, and under `texts` the columns that hold text."""
    checked = check_data(config)
    kinds = {feature.name: feature.kind for feature in checked.features}
    return {
        "data.delimiter": checked.plan.table.dialect.delimiter,
        "features.numeric": [name for name, kind in kinds.items() if kind in (Kind.INT, Kind.FLOAT)],
        "texts": [name for name, kind in kinds.items() if kind == Kind.BYTES],
    }


def _print(values: dict[str, Any], resolved: Resolved, console: Console, prefix: str = "", indent: int = 0) -> None:
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            console.print(Text(f"{'  ' * indent}{name}:", "bold"), soft_wrap=True)
            _print(value, resolved, console, f"{key}.", indent + 1)
        else:
            written = yaml.safe_dump({name: value}, default_flow_style=True, allow_unicode=True, width=10**6)
            line = "  " * indent + written.strip()[1:-1]
            console.print(Text.assemble(f"{line:<60}", (f"  # {resolved.origin(key)}", "dim")), soft_wrap=True)


def show_runs(outputs: Sequence[Path], console: Console, as_json: bool) -> None:
    """Prints the runs of some output folders, oldest first."""
    runs = sorted((run for output in outputs for run in read_runs(output)), key=lambda run: run.started)
    if as_json:
        console.file.write(json.dumps([asdict(run) for run in runs], indent=1) + "\n")
        return
    if not runs:
        places = ", ".join(str(output) for output in outputs) or "runs"
        raise InputError(
            f"There must be a run to list, got none under {places}. Use `mtl run`, or give --output FOLDER."
        )
    headings = ["run", "pipeline", "result", *PRIMARY_METRIC.values(), "version", "seconds", "why"]
    rows = []
    for run in runs:
        values = [run.metrics.get(head, {}).get(metric) for head, metric in PRIMARY_METRIC.items()]
        figures = ["" if value is None else f"{value:.4g}" for value in values]
        why = run.problems[0] if run.problems else ""
        rows.append([run.id, run.pipeline, run.state, *figures, str(run.version or ""), f"{run.seconds:.0f}", why])
    widths = [max(cell_len(row[position]) for row in [headings, *rows]) for position in range(len(headings) - 1)]
    # Only the reason gives way where the terminal is narrow; where little is left of it, it stands below its run.
    room = console.width - sum(widths) - 2 * len(widths)
    beside = room >= _LEAST_REASON
    for row, style in ((headings, "bold"), *((row, "") for row in rows)):
        *cells, reason = (Text(cell, style or _STATES.get(cell, "")) for cell in row)
        for cell, heading, width in zip(cells, headings, widths, strict=False):
            cell.align("right" if heading in (*PRIMARY_METRIC.values(), "version", "seconds") else "left", width)
        if beside:
            reason.truncate(room, overflow="ellipsis")
            cells.append(reason)
        console.print(Text("  ").join(cells), soft_wrap=True)
        if reason and not beside and row is not headings:
            console.print(Text.assemble("  ", reason), soft_wrap=True)
    if early := [run.id for run in runs if run.ended_early]:
        console.print(
            Text(f"Without a report, as they ended before their first step: {', '.join(early)}."), soft_wrap=True
        )


def show_comparison(comparison: RunComparison, console: Console) -> None:
    """Prints what differs between two runs: configuration, data, and the metrics with their intervals."""
    for name, side in (("A", comparison.a), ("B", comparison.b)):
        version = f", version {side.version}" if side.version else ""
        console.print(
            Text.assemble(f"{name}  {side.id}  {side.pipeline}  ", (side.state, _STATES[side.state]), version)
        )
    settings = [(changed.key, changed.a, changed.b) for changed in comparison.config]
    _section(console, "configuration", "both were configured alike", settings)
    _section(console, "data", _alike(comparison.data), _data_rows(comparison.data))
    for head in PRIMARY_METRIC:
        _section(console, head, "neither run came as far", _metric_rows(comparison.metrics, head), ("B − A", "better"))
    if comparison.metrics and not comparison.same_rows:
        console.print(
            Text("\nThe runs were evaluated on different rows; part of a difference may be due to them.", "yellow")
        )


def _metric_rows(changes: Sequence[MetricChange], head: str) -> list[tuple[str, ...]]:
    return [
        (
            change.title,
            *(estimate(figure) for figure in (change.a, change.b, change.difference)),
            change.better.upper() if change.better else "not clear",
        )
        for change in changes
        if change.head == head
    ]


def _alike(data: DataChanges) -> str:
    """What is said where nothing of the data differs."""
    if data.compared:
        return "the same rows and statistics"
    return "the same rows" if data.fingerprint_a else "nothing is known of it"


def _data_rows(data: DataChanges) -> list[tuple[str, ...]]:
    prints = (data.fingerprint_a, data.fingerprint_b)
    rows: list[tuple[str, ...]] = []
    if prints[0] != prints[1]:
        rows.append(("fingerprint", *((one or "unknown")[:12] for one in prints)))
    rows += [(f"rows {row.split}", number(row.a), number(row.b)) for row in data.rows if row.a != row.b]
    for changed in data.columns:
        shown = [side if isinstance(side, str) else number(side) for side in (changed.a, changed.b)]
        rows.append((f"{changed.name} {changed.statistic} {changed.split}", *shown))
    return rows


def _section(
    console: Console, title: str, nothing: str, rows: Sequence[tuple[str, ...]], more: Sequence[str] = ()
) -> None:
    console.print()
    if not rows:
        console.print(Text.assemble((title, "bold"), f"  {nothing}"))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in (title, "A", "B", *more):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
