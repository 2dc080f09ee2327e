"""Schedules that say what they are: the same call twice changes nothing, another one replaces.

The API has no update, and its names are not unique, so a schedule is replaced by making a new one. What a schedule was
made of is hashed into its description; a call compares that with what it wants and works in single steps, looking at
the server again before each:

    1. create the new schedule, disabled          the old one still runs
    2. delete every other of its name
    3. enable the new one

Killed between any two requests, a repeated call sees what is there and goes on. Between 1 and 2 nothing but the old
schedule runs. Between 2 and 3 none does, for the time of one request; the new one, which starts where the old one
stood, then runs the latest time that passed, as the server does also without catch-up: no time is lost. A time that
falls between 1 and 2 is run by the old schedule and again by the new one: the price of never missing one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.errors import ClusterError, InputError
from pipeline.kubeflow.client.api import Client, named
from pipeline.kubeflow.client.handover import reached
from pipeline.kubeflow.client.submit import Order
from pipeline.kubeflow.client.trigger import Trigger
from pipeline.kubeflow.client.upload import Place

_MARK = re.compile(r"mtl schedule of (?P<pipeline>\S+), state (?P<digest>[0-9a-f]{16})")


@dataclass(frozen=True)
class Wanted:
    """The schedule that shall be there.

    Args:
        order: what it runs.
        pipeline: the pipeline's name.
        trigger: when.
        catchup: whether the server runs every time that passed while it could not, or the last of them alone.
        concurrency: how many of its runs may be under way at once, 1 to 10.
        enabled: whether it runs at all.
    """

    order: Order
    pipeline: str
    trigger: Trigger
    catchup: bool = False
    concurrency: int = 1
    enabled: bool = True

    def body(self, place: Place, since: datetime | None = None) -> dict[str, Any]:
        """Returns the request that makes it, but for whether it is enabled.

        Args:
            place: where its pipeline, version and experiment are.
            since: the time that the schedule it replaces has reached.
        """
        return self._content(place) | {
            "trigger": self.trigger.body(since),
            "description": f"mtl schedule of {self.pipeline}, state {self.digest(place)}",
        }

    def digest(self, place: Place) -> str:
        """Returns 16 hexadecimal digits that depend on everything the schedule is made of."""
        return hashlib.sha256(json.dumps(self._content(place), sort_keys=True).encode()).hexdigest()[:16]

    def _content(self, place: Place) -> dict[str, Any]:
        return self.order.body(place) | {
            "trigger": self.trigger.body(),
            "no_catchup": not self.catchup,
            "max_concurrency": str(self.concurrency),
        }


@dataclass(frozen=True)
class Found:
    """A schedule on the server.

    Args:
        id: its id.
        pipeline: the pipeline that its description names; None if it was not made here.
        digest: what it was made of, None likewise.
        enabled: whether it runs.
        created: when it was made, ISO 8601.
    """

    id: str
    pipeline: str | None
    digest: str | None
    enabled: bool
    created: str


@dataclass(frozen=True)
class ScheduleChange:
    """One request: `create`, `delete`, `enable` or `disable`.

    Args:
        action: which.
        id: of which schedule; None for the one that a `create` before it makes.
        enabled: for `create`, whether it runs from the start.
    """

    action: str
    id: str | None = None
    enabled: bool = False


def plan(found: Sequence[Found], digest: str, enabled: bool) -> list[ScheduleChange]:
    """Returns the requests that lead from what is there to exactly one schedule as it is wanted.

    Args:
        found: every schedule of its name.
        digest: what the wanted one is made of.
        enabled: whether it shall run.
    """
    alike = [each for each in found if each.digest == digest]
    # Two callers at once must keep the same one.
    kept = min(alike, key=lambda each: (not each.enabled, each.created, each.id), default=None)
    others = [each for each in found if each is not kept]
    running = kept.enabled if kept else enabled and not others
    steps = [] if kept else [ScheduleChange("create", enabled=running)]
    steps += [ScheduleChange("delete", each.id) for each in others]
    if running != enabled:
        steps.append(ScheduleChange("enable" if enabled else "disable", kept.id if kept else None))
    return steps


def schedule(client: Client, wanted: Wanted, place: Place, tell: Callable[[str], None]) -> str:
    """Brings the server to exactly one schedule as it is wanted.

    Args:
        client: the connection.
        wanted: the schedule.
        place: where its pipeline, version and experiment are.
        tell: called with each thing done, as in `created 1a2b`.

    Returns:
        `unchanged`, `created`, `replaced`, `enabled`, `disabled` or `cleaned up`.
    """
    done: list[ScheduleChange] = []
    while steps := plan(find(client, wanted), wanted.digest(place), wanted.enabled):
        if steps[0] in done:
            raise ClusterError(
                f'The schedule "{wanted.order.name}" must be as it was left, got another state after '
                f"{steps[0].action}. Repeat the call; somebody else may be changing it."
            )
        tell(_perform(client, wanted, place, steps[0]))
        done.append(steps[0])
    return _summary([step.action for step in done])


def creation(client: Client, wanted: Wanted, place: Place, enabled: bool) -> dict[str, Any]:
    """Returns the request that makes the schedule, which goes on where those it replaces stand."""
    since = reached(client, all_named(client, wanted.order.name))
    return wanted.body(place, since) | {"mode": "ENABLE" if enabled else "DISABLE"}


def find(client: Client, wanted: Wanted) -> list[Found]:
    """Returns the schedules of the wanted name, in whatever experiment.

    Raises:
        InputError: one of them was not made here, or runs another pipeline.
    """
    found = [_found(each) for each in all_named(client, wanted.order.name)]
    for each in found:
        if each.pipeline != wanted.pipeline:
            other = f"one of the pipeline {each.pipeline}" if each.pipeline else "one that mtl has not made"
            raise InputError(
                f'The schedule "{wanted.order.name}" must be one of the pipeline {wanted.pipeline}, got {other} '
                f'({each.id}). Give another --name, or delete it first: mtl kubeflow unschedule "{wanted.order.name}".'
            )
    return found


def all_named(client: Client, name: str) -> list[Any]:
    """Returns the schedules of a name, whoever made them."""
    found = client.pages(
        "list the schedules",
        client.recurring_runs.recurring_run_service_list_recurring_runs,
        "recurring_runs",
        namespace=client.namespace,
        filter=named(name),
    )
    return [each for each in found if each.display_name == name]


def delete(client: Client, schedule_id: str) -> None:
    """Deletes a schedule, which may be gone already."""
    # ORPHAN: runs under way go on. Servers before 2.16 do not know the word, and stop them with their schedule.
    client.call_unless_gone(
        "delete the schedule",
        client.recurring_runs.recurring_run_service_delete_recurring_run,
        schedule_id,
        propagation_policy="ORPHAN",
    )


def _found(run: Any) -> Found:
    match = _MARK.search(run.description or "")
    pipeline, digest = (match["pipeline"], match["digest"]) if match else (None, None)
    created = run.created_at.isoformat() if run.created_at else ""
    return Found(run.recurring_run_id, pipeline, digest, run.status == "ENABLED", created)


def _perform(client: Client, wanted: Wanted, place: Place, step: ScheduleChange) -> str:
    """Sends one request; returns what it has done."""
    api = client.recurring_runs
    if step.action == "create":
        made = _create(client, wanted, place, step.enabled)
        return f"created {made}, {'enabled' if step.enabled else 'disabled'}"
    if step.action == "delete":
        delete(client, str(step.id))
    elif step.action == "enable":
        client.call_unless_gone("enable the schedule", api.recurring_run_service_enable_recurring_run, step.id)
    else:
        client.call_unless_gone("disable the schedule", api.recurring_run_service_disable_recurring_run, step.id)
    return f"{step.action}d {step.id}"


def _create(client: Client, wanted: Wanted, place: Place, enabled: bool) -> str:
    digest = wanted.digest(place)

    def there() -> str | None:
        return next((each.id for each in find(client, wanted) if each.digest == digest), None)

    made = client.create(
        "create the schedule",
        there,
        client.recurring_runs.recurring_run_service_create_recurring_run,
        creation(client, wanted, place, enabled),
    )
    return str(made if isinstance(made, str) else made.recurring_run_id)


def _summary(done: Sequence[str]) -> str:
    if not done:
        return "unchanged"
    if "delete" in done:
        return "cleaned up" if set(done) == {"delete"} else "replaced"
    return f"{done[-1]}d"
