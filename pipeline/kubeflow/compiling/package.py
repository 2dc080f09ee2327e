"""A compiled pipeline as the server will see it: its name, its version and its parameters.

The version is named by a hash of the content, so that the same pipeline is uploaded once, whoever compiles it and
however often, and a run or a schedule says exactly what it runs.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import InputError, did_you_mean

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
_KINDS = {
    "STRING": "text",
    "NUMBER_INTEGER": "a whole number",
    "NUMBER_DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "LIST": "a JSON list",
    "STRUCT": "a JSON object",
}
_COMPILE = "Make one with `mtl kubeflow compile`."
_COMPILED = "Only what was a parameter when it was compiled can change."


@dataclass(frozen=True)
class RootParameter:
    """One root parameter of a pipeline.

    Args:
        kind: its type in the pipeline spec, e.g. `NUMBER_INTEGER`.
        required: it has no default and is not optional.
    """

    kind: str
    required: bool


@dataclass(frozen=True)
class Package:
    """A compiled pipeline.

    Args:
        path: its YAML file.
        name: the pipeline's name on the server.
        version: the version's name on the server, a hash of the content.
        parameters: root parameter -> its type.
    """

    path: Path
    name: str
    version: str
    parameters: Mapping[str, RootParameter]


def read_package(path: Path, name: str | None = None) -> Package:
    """Reads a compiled pipeline.

    Args:
        path: YAML as `mtl kubeflow compile` writes it: a pipeline spec, and perhaps a platform spec.
        name: the name on the server; by default the one in the spec.

    Raises:
        InputError: it is no compiled pipeline, or the name is none that the server takes.
    """
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise InputError(f"The pipeline must be a readable YAML file, got {path}: {reason}. {_COMPILE}") from error
    spec = documents[0] if documents else None
    if not isinstance(spec, dict) or not {"pipelineInfo", "root", "schemaVersion"} <= spec.keys():
        raise InputError(
            f"The pipeline must be a spec with pipelineInfo, root and schemaVersion, got {path} without. {_COMPILE}"
        )
    name = name or str(spec["pipelineInfo"].get("name", ""))
    if not _NAME.fullmatch(name):
        raise InputError(
            f'The pipeline\'s name must be 1 to 128 of a-z, 0-9 and -, got "{name}". Give another with --pipeline.'
        )
    definitions = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    parameters = {
        key: RootParameter(
            about.get("parameterType", "STRING"), not about.get("isOptional") and "defaultValue" not in about
        )
        for key, about in definitions.items()
    }
    return Package(path, name, content_hash(documents), parameters)


def content_hash(documents: Sequence[Any]) -> str:
    """Returns the version's name: 16 hexadecimal digits that depend on the content alone, not on how it is laid out."""
    return hashlib.sha256(json.dumps(documents, sort_keys=True, default=str).encode()).hexdigest()[:16]


def typed(assignments: Sequence[str], parameters: Mapping[str, RootParameter]) -> dict[str, Any]:
    """Returns parameter -> value of its type, as the server wants them in JSON.

    Args:
        assignments: `name=value` each.
        parameters: what the pipeline knows.

    Raises:
        InputError: an assignment is malformed, unknown, repeated or of another type, or a required one is missing.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, sign, text = assignment.partition("=")
        if not sign:
            raise InputError(f'A parameter must be given as NAME=VALUE, got "{assignment}". Put a = after its name.')
        if name not in parameters:
            known = ", ".join(sorted(parameters)) or "none"
            hint = did_you_mean(name, parameters)
            raise InputError(f'A parameter must be one of the pipeline\'s ({known}), got "{name}".{hint} {_COMPILED}')
        if name in values:
            raise InputError(f'A parameter must be given once, got "{name}" twice. Leave one out.')
        values[name] = _value(name, text, parameters[name].kind)
    if missing := [name for name, about in parameters.items() if about.required and name not in values]:
        raise InputError(
            f"Parameters without a default must be given, got none for {', '.join(missing)}. "
            f"Give --param {missing[0]}=VALUE."
        )
    return values


def _value(name: str, text: str, kind: str) -> Any:
    try:
        return _read(text, kind)
    except ValueError as error:
        wanted = _KINDS.get(kind, kind)
        raise InputError(f'The parameter {name} must be {wanted}, got "{text}". Give --param {name}=VALUE.') from error


def _read(text: str, kind: str) -> Any:
    if kind == "STRING":
        return text
    if kind == "NUMBER_INTEGER":
        return int(text)
    if kind == "NUMBER_DOUBLE":
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(text)
        return number
    if kind == "BOOLEAN":
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    value = json.loads(text)
    if kind in ("LIST", "STRUCT") and not isinstance(value, list if kind == "LIST" else dict):
        raise ValueError(text)
    return value
