"""The verbs that talk to a cluster: `mtl kubeflow submit`, `schedule`, `unschedule` and `status`."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from components.objects.place import one_of
from pipeline.errors import InputError
from pipeline.kubeflow.running.translation import FOLDERS

if TYPE_CHECKING:
    from pipeline.kubeflow.client.connection import Connection
    from pipeline.kubeflow.client.submit import Order
    from pipeline.kubeflow.compiling.package import Package

MAX_CONCURRENCY = 10  # the server's own bound

_DRY_RUN = click.option("--dry-run", is_flag=True, help="Print what would be sent; change nothing.")


def _options(*options: Callable[..., Any]) -> Callable[..., Any]:
    """Returns one decorator of several, which adds the options in their order."""

    def add(verb: Callable[..., Any]) -> Callable[..., Any]:
        return functools.reduce(lambda added, option: option(added), reversed(options), verb)

    return add


def _setting(name: str, text: str, **more: Any) -> Callable[..., Any]:
    """Returns an option that an environment variable may give, as --host is given by KFP_HOST."""
    variable = f"KFP_{name.upper().replace('-', '_')}"
    return click.option(f"--{name}", envvar=variable, help=f"{text} [{variable}]", **more)


_CONNECTION = (
    _setting("host", "Address up to where /apis begins [default: the service, inside a pod]."),
    _setting("namespace", "Your namespace, where Kubeflow is multi-user."),
    _setting("token", "Bearer token."),
    _setting("token-file", "File with the bearer token, read for each request.", type=click.Path(path_type=Path)),
    _setting("cookies", "Cookie header of a browser session."),
    _setting("ca-file", "Certificates to trust.", type=click.Path(path_type=Path, exists=True)),
    _setting("timeout", "Seconds to wait for an answer.", default=60.0, type=click.FloatRange(min=0, min_open=True)),
    _setting("retries", "Tries after one that failed.", default=4, type=click.IntRange(min=0)),
    _setting("backoff", "Seconds before the next try, doubled each time.", default=0.5, type=click.FloatRange(min=0)),
)

_ORDER = (
    click.argument("package", type=click.Path(path_type=Path)),
    click.option("-p", "--param", "assignments", multiple=True, metavar="NAME=VALUE", help="A root parameter."),
    click.option("--pipeline", help="Pipeline's name on the cluster [default: as compiled]"),
    click.option("--experiment", default="Default", show_default=True, help="Made if it is not there."),
    click.option("--pipeline-root", help=f"{one_of(FOLDERS)} folder for artifacts [default: the cluster's]"),
    click.option("--service-account", help="Kubernetes service account of the pods [default: the cluster's]"),
    click.option("--latest", is_flag=True, help="Run the pipeline's latest version, not this one."),
    click.option("--name", help="Name of the schedule, or of the run, which adds the time [default: the pipeline's]"),
)


def _connecting(verb: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that make a `Connection`, and passes that as first argument."""

    @_options(*_CONNECTION)
    @functools.wraps(verb)
    def wrapped(
        host: str | None,
        namespace: str | None,
        token: str | None,
        token_file: Path | None,
        cookies: str | None,
        ca_file: Path | None,
        timeout: float,
        retries: int,
        backoff: float,
        **options: Any,
    ) -> None:
        from pipeline.kubeflow.client.connection import Connection

        connection = Connection(host, namespace, token, token_file, cookies, ca_file, timeout, retries, backoff)
        verb(connection, **options)

    return wrapped


def _ordering(verb: Callable[..., None]) -> Callable[..., None]:
    """Adds the package and the options that a run and a schedule share, and passes what they make."""

    @_options(*_ORDER)
    @functools.wraps(verb)
    def wrapped(
        package: Path,
        assignments: tuple[str, ...],
        name: str | None,
        pipeline: str | None,
        pipeline_root: str | None,
        service_account: str | None,
        latest: bool,
        **options: Any,
    ) -> None:
        from pipeline.kubeflow.client.submit import Order
        from pipeline.kubeflow.compiling.package import read_package, typed

        read = read_package(package, pipeline)
        parameters = typed(assignments, read.parameters)
        order = Order(name or read.name, parameters, pipeline_root, service_account, latest)
        verb(package=read, order=order, **options)

    return wrapped


@click.command()
@_ordering
@click.option("--wait", "waits", is_flag=True, help="Wait for its end; exit 3 if it does not succeed.")
@click.option("--poll", default=10.0, show_default=True, type=click.FloatRange(min=0), help="Seconds between looks.")
@_DRY_RUN
@_connecting
def submit(
    connection: Connection,
    package: Package,
    order: Order,
    experiment: str,
    waits: bool,
    poll: float,
    dry_run: bool,
) -> None:
    """Upload a compiled pipeline, if it is not there yet, and run it once."""
    from pipeline.kubeflow.client.api import connected
    from pipeline.kubeflow.client.submit import run_name, start, wait
    from pipeline.kubeflow.client.upload import bring, locate

    order = dataclasses.replace(order, name=run_name(order.name))
    with connected(connection) as client:
        if dry_run:
            place = locate(client, package, experiment)
            _would(place.missing(package, experiment), ["start the run"], order.body(place))
            return
        place = bring(client, package, experiment)
        run = start(client, order, place)
        version = "latest version" if order.latest else f"version {package.version}"
        click.echo(f"{order.name}: run {run} of {package.name}, {version}")
        if waits:
            wait(client, run, poll, click.echo)


@click.command()
@click.option("--cron", help="Minute hour day month weekday, or six fields with the second first.")
@click.option("--interval", help="Time between two runs, as in 30m, 6h or 1d.")
@click.option("--start", help="Runs only after this time, as in 2030-01-31T03:00:00Z.")
@click.option("--end", help="No run after this time.")
@click.option("--catchup", is_flag=True, help="Run every time missed while it could not, not the last alone.")
@click.option(
    "--max-concurrency",
    default=1,
    show_default=True,
    type=click.IntRange(1, MAX_CONCURRENCY),
    help="Runs under way at once.",
)
@click.option("--enabled/--disabled", default=True, help="Whether it runs [default: it does]")
@_ordering
@_DRY_RUN
@_connecting
def schedule(
    connection: Connection,
    package: Package,
    order: Order,
    experiment: str,
    cron: str | None,
    interval: str | None,
    start: str | None,
    end: str | None,
    catchup: bool,
    max_concurrency: int,
    enabled: bool,
    dry_run: bool,
) -> None:
    """Run a compiled pipeline again and again; the same call twice changes nothing, another replaces."""
    from pipeline.kubeflow.client.api import connected
    from pipeline.kubeflow.client.schedule import Wanted, creation, find, plan
    from pipeline.kubeflow.client.schedule import schedule as bring_about
    from pipeline.kubeflow.client.trigger import make_trigger
    from pipeline.kubeflow.client.upload import bring, locate

    trigger = make_trigger(cron, interval, start, end)
    wanted = Wanted(order, package.name, trigger, catchup, max_concurrency, enabled)
    click.echo(f"{order.name}: {trigger.explained()}")
    with connected(connection) as client:
        if dry_run:
            place = locate(client, package, experiment)
            steps = plan(find(client, wanted), wanted.digest(place), enabled)
            requests = [f"{step.action} {step.id or 'the new schedule'}" for step in steps]
            create = next((step for step in steps if step.action == "create"), None)
            body = creation(client, wanted, place, create.enabled) if create else None
            _would(place.missing(package, experiment), requests, body)
            return
        outcome = bring_about(client, wanted, bring(client, package, experiment), click.echo)
        click.echo(f"{order.name}: {outcome}")


@click.command()
@click.argument("name")
@_DRY_RUN
@_connecting
def unschedule(connection: Connection, name: str, dry_run: bool) -> None:
    """Delete the schedule of a name; runs that it has started go on."""
    from pipeline.kubeflow.client.api import connected
    from pipeline.kubeflow.client.schedule import all_named, delete

    with connected(connection) as client:
        ids = [each.recurring_run_id for each in all_named(client, name)]
        for each in [] if dry_run else ids:
            delete(client, each)
    done = "would delete" if dry_run else "deleted"
    click.echo(f"{name}: {done} {', '.join(ids)}" if ids else f"{name}: no such schedule, nothing to delete")


@click.command()
@click.option("--pipeline", help="Only this pipeline.")
@click.option("--runs", default=10, show_default=True, type=click.IntRange(min=0), help="How many of the last runs.")
@click.option(
    "--time-zone",
    envvar="CRON_SCHEDULE_TIMEZONE",
    default="UTC",
    show_default=True,
    help="The cluster's zone for cron expressions. [CRON_SCHEDULE_TIMEZONE]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_connecting
def status(connection: Connection, pipeline: str | None, runs: int, time_zone: str, as_json: bool) -> None:
    """List uploaded versions, schedules with their next run, and the last runs."""
    from zoneinfo import ZoneInfo

    from pipeline.kubeflow.client.api import connected
    from pipeline.kubeflow.client.status import collect, show

    try:
        zone = ZoneInfo(time_zone)
    except (OSError, ValueError, LookupError) as error:
        raise InputError(
            f'The time zone must be a name such as Europe/Paris, got "{time_zone}". Change --time-zone.'
        ) from error
    with connected(connection) as client:
        found = collect(client, pipeline, runs, zone, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(found, indent=1))
    else:
        show(found, Console())


def _would(missing: list[str], requests: list[str], body: dict[str, Any] | None) -> None:
    """Prints what a call would do, and the body of what it would create."""
    for what in missing:
        click.echo(f"would create {what}")
    for request in requests:
        click.echo(f"would {request}")
    if not requests:
        click.echo("unchanged")
    if body:
        click.echo(json.dumps(body, indent=1))


VERBS = (submit, schedule, unschedule, status)
