"""The driver: what a task gets, and the key of the cache."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import yaml

from tests.kubeflow.emulator.storage import Registered

Json = dict[str, Any]
_TYPES = {
    "STRING": str,
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}


def root_parameters(spec: Json, given: Json) -> Json:
    """The parameters of the run: given values, else defaults, else failure."""
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    assert set(given) <= set(declared), f"unknown parameters {set(given) - set(declared)}"
    values = {}
    for name, about in declared.items():
        assert name in given or "defaultValue" in about, f"{name} is not optional, yet has neither default value"
        values[name] = _typed(name, given.get(name, about.get("defaultValue")), about["parameterType"])
    return values


def task_parameters(task: Json, component: Json, root: Json, outputs: dict[str, Json]) -> Json:
    """The parameters of a task, resolved and of the declared types; numbers become floats on their way."""
    values = {}
    for name, source in task.get("inputs", {}).get("parameters", {}).items():
        kind = component["inputDefinitions"]["parameters"][name]["parameterType"]
        if "componentInputParameter" in source:
            value = root[source["componentInputParameter"]]
        elif "taskOutputParameter" in source:
            output = source["taskOutputParameter"]
            assert output["producerTask"] in outputs, f"unknown producer task {output['producerTask']}"
            value = outputs[output["producerTask"]][output["outputParameterKey"]]
        else:
            value = source["runtimeValue"]["constant"]
        values[name] = _typed(name, value, kind)
    return values


def executor_input(
    name: str, component: Json, parameters: Json, inputs: dict[str, Registered], run_root: str, output_file: str | None
) -> Json:
    """The `ExecutorInput` of a task; the driver adds an output of its own, `executor-logs`."""
    task_root = f"{run_root}/{name}/{uuid.uuid4()}"
    declared = component.get("outputDefinitions", {})
    outputs = {
        key: {
            "name": key,
            "uri": f"{task_root}/{key}",
            "type": about["artifactType"],
            "metadata": about.get("metadata", {}),
        }
        for key, about in declared.get("artifacts", {}).items()
    }
    outputs["executor-logs"] = {
        "name": "executor-logs",
        "uri": f"{task_root}/executor-logs",
        "type": {"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"},
        "metadata": {},
    }
    return {
        "inputs": {
            "parameterValues": parameters,
            "artifacts": {key: {"artifacts": [artifact.as_input()]} for key, artifact in inputs.items()},
        },
        "outputs": {
            "artifacts": {key: {"artifacts": [artifact]} for key, artifact in outputs.items()},
            "parameters": {key: {"outputFile": f"/tmp/kfp/outputs/{key}"} for key in declared.get("parameters", {})},
            "outputFile": output_file or f"{task_root}/output_metadata.json",
        },
    }


def cache_key(component: Json, container: Json, parameters: Json, inputs: dict[str, Registered], claims: Json) -> str:
    """What an earlier execution must share with this one to stand in for it; the environment is not part of it."""
    parts = [
        {key: artifact.id for key, artifact in inputs.items()},
        parameters,
        component.get("outputDefinitions", {}),
        [container["image"], container.get("command", []), container.get("args", [])],
        claims,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def type_name(artifact_type: Json) -> str:
    """The name a type gets in the metadata store; a schema without title ends the driver."""
    if "schemaTitle" in artifact_type:
        return artifact_type["schemaTitle"]
    return yaml.safe_load(artifact_type["instanceSchema"])["title"]


def _typed(name: str, value: Any, kind: str) -> Any:
    if kind == "STRING" and not isinstance(value, str):
        return json.dumps(value)
    assert isinstance(value, _TYPES[kind]), f"{name} must be {kind}, got {value!r}"
    return float(value) if kind.startswith("NUMBER") else value
