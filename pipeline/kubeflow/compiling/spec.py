"""Small rewritings of a compiled PipelineSpec, on plain JSON: what KFP needs and TFX's compiler does not write.

Every function takes the spec as a dict and changes it in place. A spec has tasks (`root.dag.tasks`), each with a
component (`components`), each with an executor (`deploymentSpec.executors`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.config.cluster import Kubeflow, StepResources

Json = dict[str, Any]

STEP = "MTL_STEP"
"""Environment variable with the name of the step. KFP stores components under a hash of their container: without it,
two steps with one executor would share the outputs of the first. The entrypoint tells by it where a parameter goes."""

BEAM = "MTL_BEAM_ARGUMENTS"
"""Environment variable with the arguments of Beam, as JSON. KFP's cache key covers a container's arguments and not its
environment, and a step gives the same on every engine."""

_LONGEST_STEP = f"{7 * 24 * 3600}s"
"""How long all attempts of a step together may take. KFP hands `backoffMaxDuration` to Argo as `maxDuration`, which
limits no wait: from the start of the first attempt on, that long later nothing is started again, and a pod that was
is killed. So it must be longer than the longest training."""


def tasks(spec: Json) -> dict[str, Json]:
    """Returns name -> task of the root DAG."""
    found: dict[str, Json] = spec["root"]["dag"]["tasks"]
    return found


def component(spec: Json, task: Json) -> Json:
    """Returns the component of a task."""
    found: Json = spec["components"][task["componentRef"]["name"]]
    return found


def containers(spec: Json) -> Iterator[tuple[str, Json]]:
    """Yields the name and the container of each task that has one."""
    for name, task in tasks(spec).items():
        executor = spec["deploymentSpec"]["executors"][component(spec, task)["executorLabel"]]
        if "container" in executor:
            yield name, executor["container"]


def drop_lifecycles(spec: Json) -> None:
    """Removes the drivers that KFP parses and never runs."""
    for _, container in containers(spec):
        container.pop("lifecycle", None)


def repair_producers(spec: Json) -> None:
    """Names the producers of parameters as the tasks are named; TFX appends `_task` to them."""
    known = tasks(spec)
    for task in known.values():
        for source in task.get("inputs", {}).get("parameters", {}).values():
            output = source.get("taskOutputParameter", {})
            repaired = output.get("producerTask", "").removesuffix("_task")
            if output and output["producerTask"] not in known and repaired in known:
                output["producerTask"] = repaired


def bind_parameter(spec: Json, name: str, kind: str, default: Any, description: str, steps: Iterable[str]) -> None:
    """Declares a parameter of the pipeline and hands it to the steps that depend on it, as one more input.

    Args:
        spec: the compiled pipeline.
        name: name of the parameter and of the input.
        kind: a ParameterTypeEnum, for instance `NUMBER_INTEGER`.
        default: its value unless a run says otherwise.
        description: what it means.
        steps: the tasks that get it; a task that is not there is passed over.
    """
    declared = {"parameterType": kind, "defaultValue": default, "isOptional": True, "description": description}
    spec["root"].setdefault("inputDefinitions", {}).setdefault("parameters", {})[name] = declared
    for task in (tasks(spec)[step] for step in steps if step in tasks(spec)):
        definitions = component(spec, task).setdefault("inputDefinitions", {}).setdefault("parameters", {})
        definitions[name] = {"parameterType": kind}
        task.setdefault("inputs", {}).setdefault("parameters", {})[name] = {"componentInputParameter": name}


def apply_settings(spec: Json, settings: Kubeflow, uncached: Iterable[str], unretried: Iterable[str]) -> None:
    """Gives each step its resources, environment, retries and caching.

    Args:
        spec: the compiled pipeline.
        settings: the `kubeflow:` section, its `cache` decided.
        uncached: steps that KFP's key knows too little of, unless their own settings say otherwise.
        unretried: steps whose failure is a verdict, unless their own settings say otherwise.
    """
    uncached, unretried = set(uncached), set(unretried)
    for name, container in containers(spec):
        step, own, task = settings.of(name), settings.steps.get(name, StepResources()), tasks(spec)[name]
        container["env"] = [{"name": key, "value": value} for key, value in {**settings.env, STEP: name}.items()]
        if resources := _resources(step):
            container["resources"] = resources
        cache = own.cache if own.cache is not None else step.cache and name not in uncached
        task["cachingOptions"] = {"enableCache": bool(cache)}
        retries = own.retries if own.retries is not None else 0 if name in unretried else step.retries
        if retries:
            task["retryPolicy"] = {
                "maxRetryCount": retries,
                "backoffDuration": "30s",
                "backoffFactor": 2.0,
                "backoffMaxDuration": _LONGEST_STEP,
            }


def move_beam_arguments(spec: Json, arguments: Sequence[str]) -> None:
    """Hands the arguments of Beam to the steps in their environment.

    Args:
        spec: the compiled pipeline, its settings applied.
        arguments: what TFX's compiler has put at the end of the arguments of every step.
    """
    given = list(arguments)
    for _, container in containers(spec):
        if container["args"][-len(given) :] == given:
            del container["args"][-len(given) :]
            container["env"].append({"name": BEAM, "value": json.dumps(given)})


def _resources(step: StepResources) -> Json:
    """Returns request and limit alike: a pod that is promised what it uses is the last to be evicted."""
    resources: Json = {}
    if step.cpu:
        resources |= {"resourceCpuRequest": step.cpu, "resourceCpuLimit": step.cpu}
    if step.memory:
        resources |= {"resourceMemoryRequest": step.memory, "resourceMemoryLimit": step.memory}
    if step.gpu:
        kind, count = "nvidia.com/gpu", str(step.gpu)
        # Twice: the second pair replaces the first in newer releases.
        resources["accelerator"] = {"type": kind, "count": count, "resourceType": kind, "resourceCount": count}
    return resources


def platform(spec: Json, settings: Kubeflow) -> Json | None:
    """Returns the second document, what only Kubernetes knows of; None if there is nothing to say."""
    executors = {}
    for name, _ in containers(spec):
        if config := _executor_config(settings, settings.of(name)):
            executors[component(spec, tasks(spec)[name])["executorLabel"]] = config
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}} if executors else None


def _executor_config(settings: Kubeflow, step: StepResources) -> Json:
    """Returns a KubernetesExecutorConfig. A name is written twice, because releases differ in which one they read."""
    config: Json = {
        "secretAsEnv": [
            _named("secret", secret.name)
            | {"keyToEnv": [{"secretKey": key, "envVar": variable} for variable, key in secret.env.items()]}
            for secret in settings.secrets
            if secret.env
        ],
        "secretAsVolume": [
            _named("secret", secret.name) | {"mountPath": secret.path} for secret in settings.secrets if secret.path
        ],
        "pvcMount": [
            {"constant": volume.claim, "pvcNameParameter": _constant(volume.claim), "mountPath": volume.path}
            for volume in settings.volumes
        ],
        "nodeSelector": {"labels": step.node_selector} if step.node_selector else {},
        "tolerations": [_filled(toleration.model_dump()) for toleration in step.tolerations],
        "imagePullSecret": [_named("secret", name) for name in settings.pull_secrets],
    }
    return _filled(config)


def _named(kind: str, name: str) -> Json:
    return {f"{kind}Name": name, f"{kind}NameParameter": _constant(name)}


def _constant(value: str) -> Json:
    return {"runtimeValue": {"constant": value}}


def _filled(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if value}
