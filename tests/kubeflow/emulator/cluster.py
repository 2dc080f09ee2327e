"""A cluster: runs of compiled pipelines, one task after another, with metadata and caches that outlive a run."""

from __future__ import annotations

import graphlib
import itertools
import re
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kubeflow.emulator import driver
from tests.kubeflow.emulator.launcher import Finished, launch
from tests.kubeflow.emulator.retries import KILLED, PAST_DEADLINE, Retries
from tests.kubeflow.emulator.runtime import Processes, Runtime
from tests.kubeflow.emulator.storage import ObjectStore, Registered

Json = dict[str, Any]
OUTPUT_FILES = {"2.14": "/tmp/kfp_outputs/output_metadata.json", "2.15": None}


@dataclass
class Task:
    """What became of a task: `succeeded`, `cached`, `failed` or `omitted`."""

    state: str
    attempts: int = 0
    code: int = 0
    log: str = ""
    artifacts: dict[str, Registered] = field(default_factory=dict)
    parameters: Json = field(default_factory=dict)
    message: str = ""
    """What the workflow controller says of a failure, which is in no container's log."""


class Cluster:
    """Kubeflow Pipelines with one object store.

    Args:
        folder: holds the object store.
        version: release whose paths are used, a key of `OUTPUT_FILES`.
        root: pipeline root of every run.
        runtime: executes the containers; processes of this machine, if it is left out.
        clock: tells the time in seconds; what is waited between two attempts is added to it, and not waited.
    """

    def __init__(
        self,
        folder: Path,
        version: str = "2.15",
        root: str = "minio://mlpipeline/v2/artifacts",
        runtime: Runtime | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.store = ObjectStore(folder)
        self._output_file = OUTPUT_FILES[version]
        self._root = root
        self._runtime = runtime or Processes()
        self._ids = itertools.count(1)
        self._cache: dict[str, Task] = {}
        self._clock = clock

    def run(self, documents: list[Json], parameters: Json | None = None, until: str | None = None) -> dict[str, Task]:
        """Runs a pipeline and returns task -> what became of it; `until` leaves out what this task does not need."""
        spec = documents[0]
        assert spec["schemaVersion"] == "2.1.0"
        executors = spec["deploymentSpec"]["executors"].values()
        assert all({"container", "importer"} & set(executor) for executor in executors), (
            "non-container and non-importer"
        )
        values = driver.root_parameters(spec, parameters or {})
        run_root = f"{self._root}/{spec['pipelineInfo']['name']}/{uuid.uuid4()}"
        tasks = spec["root"]["dag"]["tasks"]
        done: dict[str, Task] = {}
        wanted = set(tasks) if until is None else _needed(tasks, until)
        for name in graphlib.TopologicalSorter({name: _upstream(tasks[name]) for name in wanted}).static_order():
            if not _is_triggered(tasks[name], done):
                done[name] = Task("omitted")
                continue
            done[name] = self._task(documents, name, values, done, run_root)
        return done

    def _task(self, documents: list[Json], name: str, values: Json, done: dict[str, Task], run_root: str) -> Task:
        spec = documents[0]
        task = spec["root"]["dag"]["tasks"][name]
        component = spec["components"][task["componentRef"]["name"]]
        label = component["executorLabel"]
        executor = spec["deploymentSpec"]["executors"][label]
        if "importer" in executor:
            return self._imported(component, executor["importer"], values)
        inputs = {
            key: done[source["taskOutputArtifact"]["producerTask"]].artifacts[
                source["taskOutputArtifact"]["outputArtifactKey"]
            ]
            for key, source in task.get("inputs", {}).get("artifacts", {}).items()
        }
        parameters = driver.task_parameters(
            task, component, values, {up: finished.parameters for up, finished in done.items()}
        )
        container = executor["container"]
        key = driver.cache_key(component, container, parameters, inputs, _claims(documents, label))
        if task.get("cachingOptions", {}).get("enableCache") and key in self._cache:
            hit = self._cache[key]
            return Task("cached", artifacts=hit.artifacts, parameters=hit.parameters)
        retries = Retries.of(task.get("retryPolicy", {}), self._clock())
        for attempt in itertools.count(1):
            given = driver.executor_input(name, component, parameters, inputs, run_root, self._output_file)
            with tempfile.TemporaryDirectory(prefix="pod-") as pod:
                finished = launch(container, given, run_root, self.store, Path(pod), self._runtime)
            if attempt > 1 and retries.is_over(self._clock()):
                return Task("failed", attempt, KILLED, finished.log, message=PAST_DEADLINE)
            if finished.code == 0:
                return self._registered(component, finished, attempt, key)
            if why := retries.refusal(attempt, self._clock()):
                return Task("failed", attempt, finished.code, finished.log, message=why)
        raise AssertionError("a task ends with one of its attempts")

    def _imported(self, component: Json, importer: Json, values: Json) -> Task:
        """An importer registers a URI; nobody looks whether anything is there."""
        uri = importer["artifactUri"].get("constant") or values[importer["artifactUri"]["runtimeParameter"]]
        output, about = next(iter(component["outputDefinitions"]["artifacts"].items()))
        kind = driver.type_name(about["artifactType"])
        return Task(
            "succeeded", artifacts={output: Registered(next(self._ids), uri, kind, importer.get("metadata", {}))}
        )

    def _registered(self, component: Json, finished: Finished, attempt: int, key: str) -> Task:
        types = {
            output: driver.type_name(about["artifactType"])
            for output, about in component.get("outputDefinitions", {}).get("artifacts", {}).items()
        }
        artifacts = {
            output: Registered(next(self._ids), uri, types.get(output, "system.Artifact"), properties)
            for output, (uri, properties) in finished.artifacts.items()
        }
        self._cache[key] = Task("succeeded", attempt, 0, finished.log, artifacts, finished.parameters)
        return self._cache[key]


def _is_triggered(task: Json, done: dict[str, Task]) -> bool:
    """Whether a task runs: all before it succeeded and its condition holds, or it is an exit task."""
    policy = task.get("triggerPolicy", {})
    if policy.get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED":
        return True
    if any(done[up].state not in ("succeeded", "cached") for up in _upstream(task)):
        return False
    return all(_holds(part, task, done) for part in policy.get("condition", "").split(" && ") if part)


def _holds(condition: str, task: Json, done: dict[str, Task]) -> bool:
    """The one form of CEL that TFX writes for a property of an artifact."""
    match = re.fullmatch(
        r"\(?inputs\.artifacts\['([^']+)'\]\.artifacts\[0\]\.metadata\['([^']+)'\] == ([0-9.]+)\)?", condition
    )
    assert match, f"a condition that is not emulated: {condition}"
    key, name, value = match.groups()
    source = task["inputs"]["artifacts"][key]["taskOutputArtifact"]
    artifact = done[source["producerTask"]].artifacts[source["outputArtifactKey"]]
    return bool(artifact.properties.get(name) == float(value))


def _upstream(task: Json) -> set[str]:
    return set(task.get("dependentTasks", []))


def _needed(tasks: Json, name: str) -> set[str]:
    """A task and all that must run before it."""
    return {name}.union(*(_needed(tasks, up) for up in _upstream(tasks[name])))


def _claims(documents: list[Json], label: str) -> Json:
    platform = documents[1] if len(documents) > 1 else {}
    executors = platform.get("platforms", {}).get("kubernetes", {}).get("deploymentSpec", {}).get("executors", {})
    return {"claims": [mount["constant"] for mount in executors.get(label, {}).get("pvcMount", [])]}
