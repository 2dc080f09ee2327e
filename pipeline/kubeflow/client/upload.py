"""Bringing a package to the server: pipeline, version and experiment are looked for, and made where they are missing.

Each is made under a name that says what it is, so a call that was killed half-way is simply repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.kubeflow.client.api import Client, named
from pipeline.kubeflow.compiling.package import Package


@dataclass(frozen=True)
class Place:
    """Where a package stands on the server; None where it is not there yet.

    Args:
        pipeline: the pipeline's id.
        version: the version's id.
        experiment: the experiment's id.
    """

    pipeline: str | None
    version: str | None
    experiment: str | None

    def missing(self, package: Package, experiment: str) -> list[str]:
        """Returns what has to be made, as in `version 0a1b of wine`."""
        wanted = {
            f"pipeline {package.name}": self.pipeline,
            f"version {package.version} of {package.name}": self.version,
            f"experiment {experiment}": self.experiment,
        }
        return [what for what, there in wanted.items() if there is None]

    def reference(self, latest: bool) -> dict[str, str]:
        """Returns what a run refers to: the version, or the pipeline alone, which means its latest version."""
        pipeline = {"pipeline_id": self.pipeline or "(new)"}
        return pipeline if latest else {**pipeline, "pipeline_version_id": self.version or "(new)"}


def locate(client: Client, package: Package, experiment: str) -> Place:
    """Looks for the package and the experiment; changes nothing."""
    pipeline = find_pipeline(client, package.name)
    version = _find_version(client, pipeline, package.version) if pipeline else None
    return Place(pipeline, version, _find_experiment(client, experiment))


def bring(client: Client, package: Package, experiment: str) -> Place:
    """Makes what is missing of pipeline, version and experiment.

    Returns:
        A place where all three ids are known.
    """
    place = locate(client, package, experiment)
    pipeline = place.pipeline or _create_pipeline(client, package.name)
    version = place.version or _upload_version(client, pipeline, package)
    return Place(pipeline, version, place.experiment or _create_experiment(client, experiment))


def find_pipeline(client: Client, name: str) -> str | None:
    """Returns the id of the pipeline of a name, or None."""
    listing = client.pipelines.pipeline_service_list_pipelines
    return _find(client, "pipeline", name, listing, namespace=client.namespace)


def _find_version(client: Client, pipeline: str, name: str) -> str | None:
    listing = client.pipelines.pipeline_service_list_pipeline_versions
    return _find(client, "pipeline_version", name, listing, pipeline)


def _find_experiment(client: Client, name: str) -> str | None:
    listing = client.experiments.experiment_service_list_experiments
    return _find(client, "experiment", name, listing, namespace=client.namespace)


def _find(
    client: Client, kind: str, name: str, listing: Callable[..., Any], *parents: str, **options: str | None
) -> str | None:
    """Returns the id of the object of a kind, as the server's answers spell it, that has a name, or None."""
    what = f"look for the {kind.removeprefix('pipeline_')}"
    found = client.pages(what, listing, f"{kind}s", *parents, filter=named(name), **options)
    return next((getattr(each, f"{kind}_id") for each in found if each.display_name == name), None)


def _create_pipeline(client: Client, name: str) -> str:
    # Without a version: an upload would name the first version like the pipeline, not by its content.
    return _id(
        client.create(
            f"create the pipeline {name}",
            lambda: find_pipeline(client, name),
            client.pipelines.pipeline_service_create_pipeline,
            _placed(client, {"name": name, "display_name": name}),
        ),
        "pipeline_id",
    )


def _upload_version(client: Client, pipeline: str, package: Package) -> str:
    return _id(
        client.create(
            f"upload version {package.version} of {package.name}",
            lambda: _find_version(client, pipeline, package.version),
            client.uploads.upload_pipeline_version,
            str(package.path),
            name=package.version,
            pipelineid=pipeline,
        ),
        "pipeline_version_id",
    )


def _create_experiment(client: Client, name: str) -> str:
    return _id(
        client.create(
            f"create the experiment {name}",
            lambda: _find_experiment(client, name),
            client.experiments.experiment_service_create_experiment,
            _placed(client, {"display_name": name}),
        ),
        "experiment_id",
    )


def _placed(client: Client, body: dict[str, str]) -> dict[str, str]:
    return {**body, "namespace": client.namespace} if client.namespace else body


def _id(made: Any, attribute: str) -> str:
    """Returns the id of an object that was made, or was found, by its id, to be there already."""
    return str(made if isinstance(made, str) else getattr(made, attribute))
