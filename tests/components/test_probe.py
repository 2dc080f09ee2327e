"""The probe of an engine: on Prism, with workers as they should be and as they should not."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from apache_beam.portability.api import beam_fn_api_pb2

from components.shared.errors import InputError
from pipeline.config.resolve import resolve
from pipeline.config.run import Config
from pipeline.workers import probe as module
from pipeline.workers.probe import probe
from pipeline.workers.worker_pool import WorkerPool

ROOT = Path(__file__).parents[2]
OTHER_VERSION = "2.72.0"


def config(folder: Path, *settings: str) -> Config:
    flags = {"name": "t", "data.path": "t.csv", "labels.regression": "y", "labels.classification": "k"}
    return resolve(None, flags, [f"runtime.output={folder}/out", *settings]).config


def portable(folder: Path, port: int, *settings: str) -> Config:
    return config(folder, "runtime.engine=portable", f"runtime.endpoint=localhost:{port}", *settings)


def refusal(asked: Config, patience: float | None = None) -> str:
    with pytest.raises(InputError) as refused:
        probe(asked, patience)
    return str(refused.value)


def test_this_machine_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module.subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    assert probe(config(tmp_path, "runtime.workers=2")) == []


@pytest.mark.parametrize(
    ("settings", "what"),
    [(["runtime.engine=portable"], "a Beam job server"), (["runtime.engine=flink"], "a Flink cluster")],
)
def test_an_endpoint_where_nothing_listens(tmp_path: Path, settings: list[str], what: str):
    assert refusal(config(tmp_path, *settings, "runtime.endpoint=localhost:1")) == (
        f"runtime.endpoint must be where {what} listens, got localhost:1, where nothing does (Connection refused). "
        "Start it, or correct runtime.endpoint."
    )


@pytest.mark.slow
@pytest.mark.parametrize("place", ["this process", "pool"])
def test_a_worker_says_what_it_has(tmp_path: Path, prism: int, pool: int, place: str):
    settings = [] if place == "this process" else [f"runtime.pool=localhost:{pool}"]
    [worker] = probe(portable(tmp_path, prism, *settings))
    assert worker.host == platform.node()
    assert worker.versions | {"mtl-pipeline code": ""} == {
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "apache-beam": version("apache-beam"),
        "tfx": version("tfx"),
        "mtl-pipeline code": "",
    }
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}", str(worker.versions["mtl-pipeline code"]))
    assert list(tmp_path.iterdir()) == []


POOL = (sys.executable, "-P", "-m", "pipeline.workers.worker_pool", "--service_port={port}")


@pytest.mark.slow
def test_a_worker_with_other_code_is_refused(tmp_path: Path, prism: int, serve: Callable[..., int]):
    other = tmp_path / "other"
    shutil.copytree(ROOT / "components", other / "components", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "components" / "transform" / "apply.py").open("a") as source:
        source.write("# One more line.\n")
    sentence = refusal(portable(tmp_path, prism, f"runtime.pool=localhost:{serve(*POOL, path=other)}"))
    found = re.fullmatch(
        r"The workers must have mtl-pipeline code ([\w-]+), as this installation has, got ([\w-]+) on .+\. "
        r"Start them from the same image or environment\.",
        sentence,
    )
    assert found, sentence
    here, there = (code.split("-") for code in found.groups())
    assert [mine == theirs for mine, theirs in zip(here, there, strict=True)] == [True, True, True, False, True]


@pytest.mark.slow
def test_a_worker_with_another_beam_is_refused(tmp_path: Path, prism: int, serve: Callable[..., int]):
    """An environment whose packages say another version, as an older image's would."""
    told = tmp_path / "packages" / f"apache_beam-{OTHER_VERSION}.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: apache-beam\nVersion: {OTHER_VERSION}\n")
    pool = serve(*POOL, path=told.parent)
    assert refusal(portable(tmp_path, prism, f"runtime.pool=localhost:{pool}")) == (
        f"The workers must have apache-beam {version('apache-beam')}, as this installation has, got {OTHER_VERSION} on "
        f"{platform.node()}. Start them from the same image or environment."
    )


@pytest.mark.slow
def test_a_worker_without_the_folder_of_the_artifacts_is_refused(tmp_path: Path, prism: int, serve: Callable[..., int]):
    """A pool that has another disk where the artifacts lie here, as on another machine without the volume."""
    (tmp_path / "volume").mkdir()
    apart = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs none {tmp_path}/volume && exec "$@"', "sh")
    if subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    pool = serve(*apart, *POOL)
    asked = portable(tmp_path, prism, f"runtime.pool=localhost:{pool}", f"runtime.artifacts={tmp_path}/volume")
    assert refusal(asked) == (
        "The workers must be able to write to the folder of the artifacts, got No such file or directory on "
        f"{platform.node()} for {tmp_path}/volume. Give them the same folder at the same place, or set "
        "runtime.artifacts to one that they have."
    )
    assert list((tmp_path / "volume").iterdir()) == []


@pytest.mark.slow
def test_a_pool_that_starts_no_worker_is_not_waited_for(
    tmp_path: Path, programs: Path, serve: Callable[..., int], monkeypatch: pytest.MonkeyPatch
):
    own = serve(programs / "prism", "-job_port={port}", "-web_port={other}", "-serve_http=false")
    monkeypatch.setattr(WorkerPool, "StartWorker", lambda *_: beam_fn_api_pb2.StartWorkerResponse())
    address, server = WorkerPool.start(use_process=True)
    try:
        sentence = refusal(portable(tmp_path, own, f"runtime.pool={address}"), patience=25)
    finally:
        server.stop(0)
    assert sentence == (
        f"A job of one step must end within 15 s on the engine portable at localhost:{own}, got no answer of a worker "
        f"from the pool {address}. See whether the engine starts its workers, and has room for one."
    )


@pytest.mark.slow
def test_a_job_that_fails_is_told_with_its_reason(tmp_path: Path, prism: int):
    sentence = refusal(portable(tmp_path, prism, "runtime.beam_args=[--environment_type=unknown:environment:v1]"))
    assert sentence == (
        f"A job of one step must succeed on the engine portable at localhost:{prism}, got "
        '"Unknown environment type: unknown:environment:v1". See the logs of the engine and of its workers.'
    )
