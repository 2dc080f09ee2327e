"""Signs of life of workers: given by a process of its own, looked for by who waits for a job."""

import json
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.portable_runner import PipelineResult

from pipeline.config.runtime import Runtime
from pipeline.workers import heartbeat
from pipeline.workers.failures import explained
from pipeline.workers.heartbeat import WorkersLost, heartbeat_arguments, start, watched

WORKER = "import pipeline.workers.heartbeat, sys; sys.stdin.read()"


def options(folder: Path) -> str:
    """What Beam hands a worker of a job with the arguments of the heartbeat."""
    found = PipelineOptions([*heartbeat_arguments(folder), "--experiments=other"]).get_all_options()
    assert found["beam_plugins"] == ["pipeline.workers.heartbeat"]
    return json.dumps({f"beam:option:{name}:v1": value for name, value in found.items() if value is not None})


@pytest.mark.parametrize("place", ["variable", "file"])
def test_a_worker_gives_signs_until_it_is_killed(tmp_path: Path, place: str):
    folder = tmp_path / "signs"
    folder.mkdir()
    (tmp_path / "options.json").write_text(options(folder))
    told = {"PIPELINE_OPTIONS": options(folder)} if place == "variable" else {}
    told = told or {"PIPELINE_OPTIONS_FILE": str(tmp_path / "options.json")}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], stdin=subprocess.PIPE, env=os.environ | told)
    sign = folder / f"{platform.node()}-{worker.pid}"
    until = time.monotonic() + 60
    while not sign.exists() and time.monotonic() < until:
        time.sleep(0.1)
    watch = heartbeat._Watch(folder)
    assert watch.silent() < 60
    worker.kill()
    worker.communicate()
    watch.silent()
    time.sleep(0.2)
    assert watch.silent() >= 0.2, "nothing changes any more"


def test_no_worker_no_sign():
    assert start({}) is None
    assert start({"PIPELINE_OPTIONS": json.dumps({"beam:option:experiments:v1": ["beam_fn_api"]})}) is None


class Job(PipelineResult):
    """A job that ends when it is told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.ended, self.cancelled, self._failure = threading.Event(), False, failure

    def cancel(self) -> None:
        self.cancelled = True


def waiting(self: Any, duration: int | None = None) -> str:
    self.ended.wait(60)
    if self._failure is not None:
        raise self._failure
    return "DONE"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "SILENCE", 0.5)
    monkeypatch.setattr(heartbeat, "_POLL", 0.05)
    monkeypatch.setattr(PipelineResult, "wait_until_finish", waiting)


def test_a_job_whose_workers_are_silent_is_given_up(tmp_path: Path):
    job = Job()
    with watched(tmp_path / "signs"):
        (tmp_path / "signs" / "host-1").write_text("1")
        with pytest.raises(WorkersLost) as lost:
            job.wait_until_finish()
    job.ended.set()
    assert job.cancelled
    runtime = Runtime(engine="portable", endpoint="localhost:8099")
    assert str(explained(lost.value, "Transform", runtime)).startswith(
        "The job of Transform must end well on the engine portable at localhost:8099, got "
        '"no sign of a worker for 0 s". '
    )


@pytest.mark.parametrize("signs", ["none", "many"])
def test_a_job_whose_workers_speak_or_never_did_is_waited_for(tmp_path: Path, signs: str):
    job = Job()

    def beat() -> None:
        for number in range(30):
            if signs == "many":
                (tmp_path / "signs" / "host-1").write_text(str(number))
            time.sleep(0.05)
        job.ended.set()

    with watched(tmp_path / "signs"):
        thread = threading.Thread(target=beat)
        thread.start()
        assert job.wait_until_finish() == "DONE"
        thread.join()
    assert not job.cancelled


def test_what_a_job_raises_is_raised(tmp_path: Path):
    job = Job(RuntimeError("Pipeline failed"))
    job.ended.set()
    with watched(tmp_path / "signs"), pytest.raises(RuntimeError, match="Pipeline failed"):
        job.wait_until_finish()


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_the_workers_of_a_pool_give_signs_on_prism(
    tmp_path: Path, prism: int, pool: int, monkeypatch: pytest.MonkeyPatch, killed: bool
):
    monkeypatch.undo()  # of what `impatient` does
    monkeypatch.setattr(heartbeat, "SILENCE", 20.0)
    signs = tmp_path / "signs"
    place = ["--environment_type=EXTERNAL", f"--environment_config=localhost:{pool}", "--sdk_container_image=none"]
    line = ["--runner=PortableRunner", f"--job_endpoint=localhost:{prism}", *place, *heartbeat_arguments(signs)]
    job = beam.Pipeline(options=PipelineOptions(line))
    seconds = 3600 if killed else 1
    _ = job | beam.Create([seconds] * 4) | beam.Reshuffle() | beam.Map(time.sleep)
    workers: list[str] = []

    def kill() -> None:
        while not (signs.exists() and any(signs.iterdir())):
            time.sleep(0.1)
        workers.extend(path.name for path in signs.iterdir())
        time.sleep(5)  # until it is at work
        if killed:
            os.kill(int(workers[0].rpartition("-")[2]), 9)

    killing = threading.Thread(target=kill)
    killing.start()
    with watched(signs):
        if killed:
            with pytest.raises(RuntimeError, match=r"SDK worker disconnected|no sign of a worker for 20 s"):
                job.run().wait_until_finish()
        else:
            assert job.run().wait_until_finish() == "DONE"
    killing.join()
    [worker] = workers
    assert worker.startswith(f"{platform.node()}-")
    assert worker != f"{platform.node()}-{os.getpid()}", "a process of the pool"
