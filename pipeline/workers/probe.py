"""Asks an engine for a tiny job before a run relies on it: who answers, and with which versions.

The job is run by a process of its own, `python -m pipeline.workers.probe`, which can be ended whatever it waits for.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.run import Config
from pipeline.config.runtime import DATAFLOW, LOCAL, PORTABLE, Runtime
from pipeline.errors import InputError
from pipeline.workers.failures import engine_in_words, reason

_PATIENCE = {DATAFLOW: 900.0}  # which starts machines first
_USUAL_PATIENCE = 60.0
_GRACE = 10.0
"""Of the patience, the seconds that are left to call a job off that has not ended."""
_NAMESPACE = "mtl.probe"
_TOLD = "told: "


@dataclass(frozen=True)
class Worker:
    """A worker that answered.

    Args:
        host: its host.
        process: its process id.
        versions: what it has -> the version; None where it is missing.
        denied: why it cannot write to the folder of the artifacts; empty where it can.
    """

    host: str
    process: int
    versions: Mapping[str, str | None]
    denied: str

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {version or 'missing'}" for name, version in self.versions.items())
        return f"{self.host} ({self.process}): {listed}"


def probe(config: Config, patience: float | None = None) -> list[Worker]:
    """Runs a tiny job on the engine of a configuration, and returns the workers that had a part in it.

    Args:
        config: the configuration.
        patience: seconds that all of it may take, more than 10; None is a minute, for Dataflow a quarter of an hour.

    Returns:
        The workers in order of host and process; none for the engine `local`, which is this installation itself.

    Raises:
        InputError: nothing listens at the endpoint, the job fails or takes too long, or a worker differs from this
            installation or does not share the folder of the artifacts with it.
    """
    runtime = config.runtime
    if runtime.engine == LOCAL:
        return []
    _require_listener(runtime)
    patience = patience or _PATIENCE.get(runtime.engine, _USUAL_PATIENCE)
    parent = next(folder for folder in (config.artifacts, *config.artifacts.parents) if folder.exists())
    with tempfile.TemporaryDirectory(prefix=".probe-", dir=parent) as private:
        shared = Path(private)
        shared.chmod(0o755)  # as the folders of artifacts are
        answers = _answers(runtime, shared, patience)
    here = _about("")["versions"]
    workers = [Worker(**answer) for answer in answers]
    for worker in workers:
        _require_same(worker, here)
        if worker.denied:
            raise InputError(
                f"The workers must be able to write to the folder of the artifacts, got {worker.denied} on "
                f"{worker.host} for {parent}. Give them the same folder at the same place, or set runtime.artifacts to "
                "one that they have."
            )
    return sorted(workers, key=lambda worker: (worker.host, worker.process))


def _require_listener(runtime: Runtime) -> None:
    if runtime.endpoint is None:
        return
    host, _, port = runtime.endpoint.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        what = "a Beam job server" if runtime.engine == PORTABLE else "a Flink cluster"
        raise InputError(
            f"runtime.endpoint must be where {what} listens, got {runtime.endpoint}, where nothing does "
            f"({getattr(error, 'strerror', None) or error}). Start it, or correct runtime.endpoint."
        ) from None


def _require_same(worker: Worker, here: Mapping[str, str | None]) -> None:
    for name, expected in here.items():
        if worker.versions[name] != expected:
            raise InputError(
                f"The workers must have {name} {expected}, as this installation has, got "
                f"{worker.versions[name] or 'none'} on {worker.host}. Start them from the same image or environment."
            )


def _answers(runtime: Runtime, shared: Path, patience: float) -> list[dict[str, Any]]:
    """Returns what the workers say; the job is run by a process of its own."""
    task = json.dumps({"runtime": runtime.model_dump(), "shared": str(shared), "patience": patience - _GRACE})
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pipeline.workers.probe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a Java job server may be among its children
    )
    try:
        said, _ = process.communicate(task, timeout=patience)
    except subprocess.TimeoutExpired:
        said = ""
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    told = [json.loads(line.removeprefix(_TOLD)) for line in said.splitlines() if line.startswith(_TOLD)]
    result = told[-1] if told else {}
    where = engine_in_words(runtime)
    if result.get("workers"):
        answers: list[dict[str, Any]] = result["workers"]
        return answers
    if not told and process.returncode not in (0, -signal.SIGKILL):
        result["error"] = f'"{(said.strip().splitlines() or [f"exit code {process.returncode}"])[-1]}"'
    if "error" in result:
        raise InputError(
            f"A job of one step must succeed on {where}, got {result['error']}. "
            "See the logs of the engine and of its workers."
        )
    place = f" from the pool {runtime.pool}" if runtime.pool else f" from {runtime.image}" if runtime.image else ""
    raise InputError(
        f"A job of one step must end within {patience - _GRACE:.0f} s on {where}, got no answer of a worker{place}. "
        "See whether the engine starts its workers, and has room for one."
    )


def _about(shared: str) -> dict[str, Any]:
    """Returns what a worker is: the arguments of `Worker`.

    It travels to the workers by value, whatever they have of this project, so it imports all that it needs.

    Args:
        shared: folder to write to; empty for none.
    """
    import os
    import platform
    import socket
    from importlib.metadata import PackageNotFoundError, version

    def package(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    def code() -> str | None:
        try:
            from components.shared.step_fingerprint import code_fingerprints
        except ImportError:  # nothing of this project, or another state of it
            return None
        steps = ("example_gen", "statistics_gen", "data_validator", "transform", "evaluator")
        found = code_fingerprints([f"components.{step}.component" for step in steps])
        return "-".join(digest[:8] for digest in found.values())

    denied = ""
    if shared:
        try:
            with open(os.path.join(shared, f"{socket.gethostname()}-{os.getpid()}"), "w"):
                pass
        except OSError as error:
            denied = error.strerror or str(error)
    return {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "versions": {
            "Python": ".".join(platform.python_version_tuple()[:2]),
            "apache-beam": package("apache-beam"),
            "tfx": package("tfx"),
            "mtl-pipeline code": code(),
        },
        "denied": denied,
    }


def _run_job(runtime: Runtime, shared: str, patience: float) -> dict[str, Any]:
    """Returns `workers`, what each of them said, or nothing where it took too long."""
    import apache_beam as beam
    from apache_beam.metrics import Metrics, MetricsFilter
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline.workers.arguments import PLUGIN, beam_arguments

    namespace, about = _NAMESPACE, _about

    def tell(number: int) -> int:
        # A counter reaches who submitted the job on every engine, whatever disks it shares with the workers.
        Metrics.counter(namespace, json.dumps(about(shared))).inc()
        return number

    # A worker without TFX is to say so, and not to end on importing it.
    arguments = [argument for argument in beam_arguments(runtime) if argument != f"--beam_plugin={PLUGIN}"]
    # The process is ended before this, with a better sentence.
    options = PipelineOptions([*arguments, f"--job_server_timeout={int(patience + 2 * _GRACE)}"])
    pipeline = beam.Pipeline(options=options)
    _ = pipeline | beam.Create(range(16 * runtime.workers)) | beam.Reshuffle() | beam.Map(tell)
    result = pipeline.run()
    state = result.wait_until_finish(duration=int(patience * 1000))
    if state != "DONE":
        result.cancel()
        return {}
    counters = result.metrics().query(MetricsFilter().with_namespace(namespace))["counters"]
    return {"workers": [json.loads(counter.key.metric.name) for counter in counters]}


def main() -> None:
    """Runs the job that stands on the standard input, and prints what came of it."""
    task = json.load(sys.stdin)
    try:
        result = _run_job(Runtime.model_validate(task["runtime"]), task["shared"], task["patience"])
    except Exception as error:
        result = {"error": f'"{reason(error)}"'}
    print(f"\n{_TOLD}{json.dumps(result)}", flush=True)
    os._exit(0)  # without what Beam still waits for


if __name__ == "__main__":
    main()
