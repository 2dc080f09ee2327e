"""One run of a package, started now and, if wanted, waited for."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import InputError, Rejected
from pipeline.kubeflow.client.api import Client, named
from pipeline.kubeflow.client.upload import Place
from pipeline.kubeflow.running.translation import FOLDERS

_ENDED = {"SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"}


@dataclass(frozen=True)
class Order:
    """What a run and a schedule have in common.

    Args:
        name: the run's or the schedule's name.
        parameters: root parameter -> typed value.
        root: where artifacts are kept, None for the cluster's default.
        account: the Kubernetes service account of the pods, None for the cluster's default.
        latest: run the pipeline's latest version instead of this package's.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    root: str | None = None
    account: str | None = None
    latest: bool = False

    def __post_init__(self) -> None:
        if self.root and not self.root.startswith(tuple(FOLDERS)):
            raise InputError(
                f'The pipeline root must begin with {", ".join(FOLDERS)}, got "{self.root}". Kubeflow\'s launcher '
                "copies nothing from or to other places."
            )

    def body(self, place: Place) -> dict[str, Any]:
        """Returns the part of a request that a run and a schedule share."""
        config = {"parameters": dict(self.parameters)} | ({"pipeline_root": self.root} if self.root else {})
        body = {
            "display_name": self.name,
            "experiment_id": place.experiment or "(new)",
            "pipeline_version_reference": place.reference(self.latest),
            "runtime_config": config,
        }
        return body | ({"service_account": self.account} if self.account else {})


def run_name(name: str) -> str:
    """Returns the name of a run that starts now, as in `wine 2030-01-31 03:00:00`."""
    return f"{name} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


def start(client: Client, order: Order, place: Place) -> str:
    """Starts one run, and one only, also where the network fails while it is asked for.

    Returns:
        The run's id.
    """
    mark = f"Submitted by mtl, request {uuid.uuid4()}."

    def find() -> Any:
        runs = client.pages(
            "look for the run",
            client.runs.run_service_list_runs,
            "runs",
            experiment_id=place.experiment,
            filter=named(order.name),
        )
        return next((run for run in runs if run.description == mark), None)

    body = order.body(place) | {"description": mark}
    return str(client.create("start the run", find, client.runs.run_service_create_run, body).run_id)


def wait(client: Client, run: str, every: float, tell: Callable[[str], None]) -> None:
    """Waits until a run has ended.

    Args:
        client: the connection.
        run: the run's id.
        every: seconds between two looks.
        tell: called with each state the run enters.

    Raises:
        Rejected: it did not succeed.
    """
    known = None
    while True:
        found = client.call("look at the run", client.runs.run_service_get_run, run)
        if found.state != known:
            known = found.state
            tell(str(known))
        if known in _ENDED:
            break
        time.sleep(every)
    if known != "SUCCEEDED":
        raise Rejected([_outcome(found)])


def _outcome(run: Any) -> str:
    tasks = (run.run_details.task_details if run.run_details else None) or []
    failed = sorted({task.display_name for task in tasks if task.state == "FAILED" and task.display_name})
    steps = f" in {', '.join(failed)}" if failed else ""
    reason = f": {' '.join(run.error.message.split()).rstrip('.')}" if run.error and run.error.message else ""
    return f"The run {run.run_id} must succeed, got {run.state}{steps}{reason}. Look into the log of the step."
