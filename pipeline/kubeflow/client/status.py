"""What Kubeflow Pipelines has of us: versions, schedules with their next time, and the last runs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.errors import InputError
from pipeline.kubeflow.client import cron as crons
from pipeline.kubeflow.client.api import Client, named
from pipeline.kubeflow.client.handover import NEWEST, anchor, is_time
from pipeline.kubeflow.client.trigger import Trigger

_Json = dict[str, Any]
_STATES = {"SUCCEEDED": "green", "FAILED": "red", "CANCELED": "yellow", "RUNNING": "cyan", "PENDING": "cyan"}


def collect(client: Client, pipeline: str | None, runs: int, zone: tzinfo, now: datetime) -> _Json:
    """Returns pipelines, schedules and runs as JSON values.

    Args:
        client: the connection.
        pipeline: the name of the only pipeline to show, or None for all.
        runs: how many runs to show, newest first.
        zone: the server's time zone for cron expressions.
        now: the present.
    """
    pipelines = [_pipeline(client, each) for each in _pipelines(client, pipeline)]
    names = {each["id"]: each["name"] for each in pipelines}
    versions = {version["id"]: version["name"] for each in pipelines for version in each["versions"]}

    def shown(reference: Any) -> bool:
        return pipeline is None or (reference is not None and reference.pipeline_id in names)

    found_runs = client.pages(
        "list the runs",
        client.runs.run_service_list_runs,
        "runs",
        namespace=client.namespace,
        sort_by=NEWEST,
    )
    last_runs = list(itertools.islice((run for run in found_runs if shown(run.pipeline_version_reference)), runs))
    schedules = client.pages(
        "list the schedules",
        client.recurring_runs.recurring_run_service_list_recurring_runs,
        "recurring_runs",
        namespace=client.namespace,
        sort_by=NEWEST,
    )
    return {
        "pipelines": pipelines,
        "schedules": [
            _schedule(each, last_runs, names, versions, zone, now)
            for each in schedules
            if shown(each.pipeline_version_reference)
        ],
        "runs": [_run(run, names, versions) for run in last_runs],
    }


def show(status: _Json, console: Console) -> None:
    """Prints what `collect` returns as three tables."""
    versions = [
        (each["name"], version["name"], version["created"] or "")
        for each in status["pipelines"]
        for version in each["versions"] or [{"name": "none", "created": ""}]
    ]
    schedules = [
        (
            each["name"],
            each["pipeline"] or "",
            each["version"],
            each["when"],
            each["state"],
            each["next"] or "",
        )
        for each in status["schedules"]
    ]
    runs = [
        (each["name"], each["pipeline"] or "", each["version"], each["created"] or "", each["state"])
        for each in status["runs"]
    ]
    _print(console, "pipelines", ("pipeline", "version", "created"), versions)
    _print(console, "schedules", ("schedule", "pipeline", "version", "when", "state", "next run"), schedules)
    _print(console, "runs", ("run", "pipeline", "version", "created", "state"), runs)


def _print(console: Console, what: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        console.print(f"No {what}.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, _STATES.get(cell, "")) for cell in row))
    console.print(table)
    console.print()


def _pipelines(client: Client, name: str | None) -> list[Any]:
    found = client.pages(
        "list the pipelines",
        client.pipelines.pipeline_service_list_pipelines,
        "pipelines",
        namespace=client.namespace,
        filter=named(name) if name else None,
    )
    return [each for each in found if name is None or each.display_name == name]


def _pipeline(client: Client, pipeline: Any) -> _Json:
    versions = client.pages(
        "list the versions",
        client.pipelines.pipeline_service_list_pipeline_versions,
        "pipeline_versions",
        pipeline.pipeline_id,
        sort_by=NEWEST,
    )
    return {
        "name": pipeline.display_name,
        "id": pipeline.pipeline_id,
        "versions": [
            {"name": each.display_name, "id": each.pipeline_version_id, "created": _time(each.created_at)}
            for each in versions
        ],
    }


def _schedule(schedule: Any, runs: Sequence[Any], names: _Json, versions: _Json, zone: tzinfo, now: datetime) -> _Json:
    trigger = _trigger(schedule.trigger)
    enabled = schedule.status == "ENABLED"
    own = [run.scheduled_at for run in runs if run.recurring_run_id == schedule.recurring_run_id and run.scheduled_at]
    counted = anchor(schedule, max(own, default=None)) or now
    coming = trigger.next(counted, now, zone) if trigger and enabled else None
    return {
        "name": schedule.display_name,
        "id": schedule.recurring_run_id,
        **_refers(schedule.pipeline_version_reference, names, versions),
        "when": trigger.explained().partition(" (")[0] if trigger else "unknown",
        "state": schedule.status,
        "next": _time(coming),
        "concurrency": int(schedule.max_concurrency or 1),
        "catchup": not schedule.no_catchup,
        "experiment_id": schedule.experiment_id,
        "parameters": (schedule.runtime_config.parameters if schedule.runtime_config else None) or {},
    }


def _run(run: Any, names: _Json, versions: _Json) -> _Json:
    return {
        "name": run.display_name,
        "id": run.run_id,
        **_refers(run.pipeline_version_reference, names, versions),
        "schedule_id": run.recurring_run_id,
        "created": _time(run.created_at),
        "finished": _time(run.finished_at),
        "state": run.state or "UNKNOWN",
        "error": run.error.message if run.error else None,
    }


def _refers(reference: Any, names: _Json, versions: _Json) -> _Json:
    """Returns the names of the pipeline and version that a reference means."""
    if reference is None:
        return {"pipeline": None, "version": "unknown"}
    version = reference.pipeline_version_id
    return {
        "pipeline": names.get(reference.pipeline_id),
        "version": versions.get(version, version) if version else "latest",
    }


def _trigger(trigger: Any) -> Trigger | None:
    """Returns a trigger of the server, or None if it is of a kind that is not known here."""
    span = trigger and (trigger.cron_schedule or trigger.periodic_schedule)
    if not span:
        return None
    start, end = (moment if is_time(moment) else None for moment in (span.start_time, span.end_time))
    if not trigger.cron_schedule:
        return Trigger(None, int(span.interval_second), start, end)
    # The server's five fields are not ours: the first is the second, and the weekday is left out.
    fields = span.cron.split()
    try:
        return Trigger(crons.parse(" ".join([*fields, "*"] if len(fields) == 5 else fields)), None, start, end)
    except InputError:
        return None


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment and is_time(moment) else None
