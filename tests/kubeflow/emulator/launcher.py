"""The launcher: copies inputs in, runs the command, reads its answer, copies outputs back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from tests.kubeflow.emulator.runtime import Runtime
from tests.kubeflow.emulator.storage import ObjectStore, stored

Json = dict[str, Any]
_FOLDERS = {"minio": "minio", "s3": "s3", "gs": "gcs"}


class LauncherError(Exception):
    """The container is done, and the launcher cannot use what it left."""


@dataclass(frozen=True)
class Finished:
    """What a container left: exit code, log, and, if it succeeded, key -> (uri, properties) and output parameters."""

    code: int
    log: str
    artifacts: dict[str, tuple[str, Json]]
    parameters: Json


def local(uri: str, root: Path) -> Path:
    """`LocalPathForURI`, below the root of a pod."""
    scheme, _, key = uri.partition("://")
    return root / _FOLDERS[scheme] / key


def launch(container: Json, given: Json, run_root: str, store: ObjectStore, pod: Path, runtime: Runtime) -> Finished:
    """Runs one container in a fresh pod.

    Args:
        container: image, command, args and env of the compiled pipeline.
        given: the driver's `ExecutorInput`.
        run_root: every output must lie below it.
        store: the object store.
        pod: an empty folder, the root of the pod's file system as far as the launcher writes to it.
        runtime: executes the command.
    """
    for artifact in _artifacts(given, "inputs").values():
        store.download(artifact["uri"], local(artifact["uri"], pod))
    for artifact in _artifacts(given, "outputs").values():
        local(artifact["uri"], pod).parent.mkdir(parents=True, exist_ok=True)
    variables = {entry["name"]: entry["value"] for entry in container.get("env", [])}
    done = runtime.execute(_command(container, given, runtime.root(pod)), variables, pod)
    log = done.stdout + done.stderr
    if done.returncode:
        return Finished(done.returncode, log, {}, {})
    try:
        return _collected(given, run_root, store, pod, log)
    except (LauncherError, ValueError, json_format.ParseError) as error:
        return Finished(1, f"{log}launcher: {error}\n", {}, {})


def _command(container: Json, given: Json, root: Path) -> list[str]:
    """The command and its arguments, with every file where the container sees it."""
    seen = json.loads(json.dumps(given))
    for named in (seen["outputs"], *seen["outputs"]["parameters"].values()):
        named["outputFile"] = str(_file(named["outputFile"], root))
    message = json_format.ParseDict(seen, pipeline_spec_pb2.ExecutorInput())
    text = json_format.MessageToJson(message, indent=None)
    command = [_filled(part, seen, text, root) for part in [*container["command"], *container["args"]]]
    assert max(map(len, command)) < 128 << 10, "the kernel takes no argument of 128 KiB"
    return command


def _file(name: str, root: Path) -> Path:
    """A file that the driver names by its URI or by its path in the pod."""
    return local(name, root) if "://" in name else root / name.removeprefix("/")


def _filled(text: str, given: Json, executor_input: str, root: Path) -> str:
    text = text.replace("{{$}}", executor_input)

    def value(match: re.Match[str]) -> str:
        side, kind, key, field = match.groups()
        if kind == "parameters":
            found = given["inputs"]["parameterValues"][key] if side == "inputs" else given["outputs"][kind][key]
            return found["outputFile"] if field == "output_file" else str(found)
        artifact = _artifacts(given, side)[key]
        return artifact["uri"] if field == "uri" else str(local(artifact["uri"], root))

    return re.sub(r"\{\{\$\.(inputs|outputs)\.(artifacts|parameters)\['([^']+)'\](?:\.(\w+))?\}\}", value, text)


def _collected(given: Json, run_root: str, store: ObjectStore, pod: Path, log: str) -> Finished:
    answer = pipeline_spec_pb2.ExecutorOutput()
    file = _file(given["outputs"]["outputFile"], pod)
    if file.exists():  # strictly: an unknown field is an error
        json_format.Parse(file.read_text(encoding="utf-8"), answer)
    artifacts = {}
    for key, artifact in _artifacts(given, "outputs").items():
        uri, metadata = artifact["uri"], dict(artifact["metadata"])
        if key in answer.artifacts:
            said = json_format.MessageToDict(answer.artifacts[key].artifacts[0])
            uri = said.get("uri") or uri
            metadata |= said.get("metadata", {})
        if not uri.startswith(f"{run_root}/"):
            raise LauncherError(f"KeyFromURI: {uri} is not under {run_root}")
        if (produced := local(uri, pod)).exists():
            store.upload(produced, uri)
        properties = {name: stored(value) for name, value in metadata.items()}
        artifacts[key] = (uri, properties | {"display_name": key, "store_session_info": "{}"})
    parameters = {name: json_format.MessageToDict(value) for name, value in answer.parameter_values.items()}
    for key, about in given["outputs"]["parameters"].items():
        if key not in parameters:
            parameters[key] = _file(about["outputFile"], pod).read_text(encoding="utf-8")
    return Finished(0, log, artifacts, parameters)


def _artifacts(given: Json, side: str) -> dict[str, Json]:
    return {key: entry["artifacts"][0] for key, entry in given[side]["artifacts"].items()}
