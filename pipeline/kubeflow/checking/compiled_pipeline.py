"""A compiled pipeline of any origin, as the rules look at it, and what they find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

Json = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """One thing that will not work.

    Args:
        where: the place in the pipeline.
        effect: what KFP does there.
        remedy: what to do.
    """

    where: str
    effect: str
    remedy: str


class CompiledTask(NamedTuple):
    """A task with the component and the executor it refers to, each empty where there is none."""

    name: str
    task: Json
    component: Json
    executor: Json


@dataclass(frozen=True)
class Compiled:
    """A compiled pipeline as it is read from a file.

    Args:
        spec: the PipelineSpec.
        job: the PipelineJob around it, empty if there is none.
        platform: the platform document, empty if there is none.
    """

    spec: Json
    job: Json
    platform: Json

    def dags(self) -> Iterator[tuple[str, Json]]:
        """Yields the name and the component of the root and of every sub-DAG."""
        yield "root", self.spec.get("root", {})
        for name, component in self.components().items():
            if "dag" in component:
                yield name, component

    def tasks(self) -> Iterator[tuple[str, Json, Json]]:
        """Yields name, task and component of every task of every DAG."""
        for _, dag in self.dags():
            for name, task in dag.get("dag", {}).get("tasks", {}).items():
                yield name, task, self.components().get(task.get("componentRef", {}).get("name", ""), {})

    def components(self) -> dict[str, Json]:
        """Returns name -> component."""
        found: dict[str, Json] = self.spec.get("components", {})
        return found

    def executors(self) -> dict[str, Json]:
        """Returns label -> executor."""
        found: dict[str, Json] = self.spec.get("deploymentSpec", {}).get("executors", {})
        return found

    def of_kind(self, kind: str) -> Iterator[CompiledTask]:
        """Yields the tasks with a `container`, `importer` or `resolver`, which is their executor."""
        for name, task, component in self.tasks():
            executor = self.executors().get(component.get("executorLabel", ""), {})
            if kind in executor:
                yield CompiledTask(name, task, component, executor[kind])
