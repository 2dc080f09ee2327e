"""Where a new schedule goes on after the one that it replaces.

The server counts from a schedule's last run, or else from its start, or else from when it was made. A new schedule has
no last run. Without a start, an interval would start over with it, and a pipeline deployed more often than its interval
would never run; with a start in the past, times that the old schedule has run would be run again. So the new one starts
where the old one stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeline.kubeflow.client.api import Client

NEWEST = "created_at desc"


def reached(client: Client, replaced: Sequence[Any]) -> datetime | None:
    """Returns the time up to which schedules have run.

    Args:
        client: the connection.
        replaced: schedules of the server; those that are disabled leave nothing to go on from.

    Returns:
        The latest, or None if none of them is enabled.
    """
    stands = [_stands(client, each) for each in replaced if each.status == "ENABLED"]
    return max((moment for moment in stands if moment), default=None)


def anchor(schedule: Any, last: datetime | None) -> datetime | None:
    """Returns what the server counts a schedule's next time from.

    Args:
        schedule: a schedule of the server.
        last: the time that its last run was meant for, None before the first.
    """
    trigger = schedule.trigger
    span = trigger and (trigger.cron_schedule or trigger.periodic_schedule)
    start = span.start_time if span and is_time(span.start_time) else None
    return last or start or schedule.created_at


def is_time(moment: datetime | None) -> bool:
    """Returns whether it is a time; the server may write the year 1970 or 1 where it has none."""
    return moment is not None and moment.year > 1970


def _stands(client: Client, schedule: Any) -> datetime | None:
    runs = client.pages(
        "list the runs of the schedule",
        client.runs.run_service_list_runs,
        "runs",
        experiment_id=schedule.experiment_id,
        sort_by=NEWEST,
    )
    for run in runs:
        if schedule.created_at and run.created_at and run.created_at < schedule.created_at:
            break
        if run.recurring_run_id == schedule.recurring_run_id and is_time(run.scheduled_at):
            return anchor(schedule, run.scheduled_at)
    return anchor(schedule, None)
