"""Between KFP's launcher and TFX, on plain JSON: what each of them writes differently.

KFP's launcher copies inputs to local folders and outputs from them, and hands over an `ExecutorInput` with the remote
URIs. TFX opens the URIs it is given, which no file system of TensorFlow does for `minio://`, and needs the types of
its inputs, which KFP loses. `to_local` rewrites what comes in, `to_remote` what goes out.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from components.objects.registry import SCHEMES

Json = dict[str, Any]

FOLDERS = {
    scheme.prefix: f"{scheme.launcher_folder}/" for scheme in SCHEMES.values() if scheme.launcher_folder is not None
}
"""What the URIs begin with that KFP's launcher copies -> where it keeps the copies, below its root."""

# KFP adds this output to every task; its type is none of TFX's.
LOGS = "executor-logs"


@dataclass(frozen=True)
class Translation:
    """An `ExecutorInput` that TFX understands, and the way back.

    Args:
        executor_input: with local paths, types and plain metadata.
        remote: local path -> URI.
    """

    executor_input: Json
    remote: Mapping[str, str]


def to_local(executor_input: Json, inputs_spec: Json, root: str = "/") -> Translation:
    """Rewrites what KFP hands over.

    Args:
        executor_input: the `ExecutorInput` as KFP's launcher writes it.
        inputs_spec: the `ComponentInputsSpec` with the types of the inputs.
        root: where the launcher's folders are.
    """
    result = copy.deepcopy(executor_input)
    inputs = artifacts(result.get("inputs", {}))
    outputs = artifacts(result.get("outputs", {}))
    result.get("outputs", {}).get("artifacts", {}).pop(LOGS, None)
    outputs.pop(LOGS, None)
    types = {key: about["artifactType"] for key, about in inputs_spec.get("artifacts", {}).items()}
    for key, artifact in inputs.items():
        if not any(artifact.get("type", {}).values()) and key in types:
            artifact["type"] = types[key]
    remote = {}
    for artifact in [*inputs.values(), *outputs.values()]:
        local = artifact.get("customPath") or local_path(artifact["uri"], root)
        remote[local] = artifact["uri"]
        artifact["uri"] = local
        artifact["metadata"] = {name: _unwrapped(value) for name, value in artifact.get("metadata", {}).items()}
    return Translation(result, remote)


def to_remote(executor_output: Json, remote: Mapping[str, str]) -> Json:
    """Rewrites what TFX hands back, for KFP's launcher to upload and register.

    Args:
        executor_output: the `ExecutorOutput` as TFX writes it.
        remote: local path -> URI, of `Translation`.

    Returns:
        The same with remote URIs, in metadata as well, and without nulls, which KFP cannot store.
    """
    result = copy.deepcopy(executor_output)
    for artifact in artifacts(result).values():
        artifact["uri"] = _remote(artifact["uri"], remote)
        metadata = artifact.get("metadata", {})
        artifact["metadata"] = {name: _remote(value, remote) for name, value in metadata.items() if value is not None}
    return result


def local_path(uri: str, root: str = "/") -> str:
    """Returns where the launcher keeps its copy of a URI; a URI that it does not copy stays as it is."""
    for scheme, folder in FOLDERS.items():
        if uri.startswith(scheme):
            return f"{root.rstrip('/')}/{folder}{uri.removeprefix(scheme)}"
    return uri


def title(artifact: Mapping[str, Any]) -> str:
    """Returns the name of an artifact's type, empty if it has none."""
    schema = artifact.get("type", {})
    if "schemaTitle" in schema:
        return str(schema["schemaTitle"])
    return str((yaml.safe_load(schema.get("instanceSchema", "")) or {}).get("title", ""))


def artifacts(section: Json) -> dict[str, Json]:
    """Returns key -> the one artifact, of the inputs or outputs of an `ExecutorInput`, or of an `ExecutorOutput`."""
    entries = section.get("artifacts", {})
    return {key: entry["artifacts"][0] for key, entry in entries.items() if entry.get("artifacts")}


def _unwrapped(value: Any) -> Any:
    """Returns a list or mapping without the box that KFP stores it in."""
    if isinstance(value, dict) and len(value) == 1 and (kind := next(iter(value))) in ("struct", "list"):
        return value[kind]
    return value


def _remote(value: Any, remote: Mapping[str, str]) -> Any:
    """Returns the URI of a local path, or of what lies below one; anything else as it is."""
    if isinstance(value, str):
        for local, uri in remote.items():
            if value == local or value.startswith(f"{local}/"):
                return uri + value.removeprefix(local)
    return value
