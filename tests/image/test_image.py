"""The image, built by buildah and run as a host would: any user id, nothing to write to but /tmp and /work."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/python:3.11-slim-bookworm"
NAME = "localhost/mtl-pipeline-test"
# A user without a name and in group 0, as OpenShift assigns them.
USER = "1234567:0"
ENVIRONMENT = os.environ | {"BUILDAH_ISOLATION": os.environ.get("BUILDAH_ISOLATION", "chroot")}

# The step runs where the worker pool is: there, the environment is the image's.
PIPELINE = """
import socket, time
import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.environments import ExternalEnvironment

for _ in range(1200):
    try:
        socket.create_connection(("localhost", 50000)).close()
        break
    except OSError:
        time.sleep(0.1)
with beam.Pipeline(runner=FnApiRunner(default_environment=ExternalEnvironment("localhost:50000"))) as pipeline:
    where = pipeline | beam.Create([1]) | beam.Map(lambda _: __import__("sys").prefix)
    assert_that(where, equal_to(["/opt/mtl"]))
"""

pytestmark = pytest.mark.slow


def buildah(*arguments: object, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
    line = ["buildah", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, env=ENVIRONMENT, timeout=timeout)


@dataclass(frozen=True)
class Image:
    """A container made of the built image, and what the build took.

    Args:
        container: its name.
        seconds: of the build.
        size: of all layers, the base among them.
        metadata: what the image says of itself.
    """

    container: str
    seconds: float
    size: str
    metadata: dict[str, object]

    def run(self, *arguments: object, volumes: dict[Path, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs the entry point with arguments; `volumes` maps folders here to `PLACE` or `PLACE:ro` there."""
        mounts = [part for here, there in (volumes or {}).items() for part in ("--volume", f"{here}:{there}")]
        return buildah("run", "--user", USER, *mounts, self.container, "--", *self.metadata["Entrypoint"], *arguments)


@pytest.fixture(scope="module")
def image():
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed here, so no image can be built")
    if buildah("inspect", "--type", "image", BASE).returncode:
        pytest.skip(f"{BASE} is not on this machine, and tests fetch nothing")
    began = time.monotonic()
    built = buildah("bud", "--layers", "--pull-never", "--tag", NAME, ROOT)
    seconds = time.monotonic() - began
    assert built.returncode == 0, built.stderr[-4000:]
    size = buildah("images", "--format", "{{.Size}}", NAME).stdout.split("\n")[0]
    metadata = json.loads(buildah("inspect", "--type", "image", NAME).stdout)["OCIv1"]["config"]
    container = buildah("from", "--pull-never", NAME).stdout.strip()
    yield Image(container, seconds, size, metadata)
    buildah("rm", container)
    buildah("rmi", NAME)


def test_a_run_on_the_bundled_data_pushes_a_model(image: Image, tmp_path: Path):
    work, source = tmp_path / "work", tmp_path / "source"
    work.mkdir()
    shutil.copytree(ROOT / "data" / "wine", source)
    for folder in (*tmp_path.parents[:2], tmp_path):
        folder.chmod(0o755)
    work.chmod(0o777)
    print(f"built in {image.seconds:.0f} s, {image.size}")
    done = image.run(
        *("run", "--config", "/source/config.yaml", "--set", "runtime.output=/work/wine"),
        volumes={work: "/work", source: "/source:ro"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [record] = (work / "wine" / "runs").glob("*.json")
    assert json.loads(record.read_text())["state"] == "pushed"
    assert (work / "wine" / "serving" / "1" / "saved_model.pb").stat().st_uid == int(USER.partition(":")[0])

    predicted = image.run(
        *("predict", "--input", "/source/wine.csv", "--output", "/work/answers.csv", "--model", "/work/wine/serving"),
        volumes={work: "/work", source: "/source:ro"},
    )
    assert predicted.returncode == 0, predicted.stdout + predicted.stderr
    assert len((work / "answers.csv").read_text().splitlines()) == 1 + 178


def test_it_says_what_it_is_and_has_neither_rights_nor_compiler(image: Image):
    assert image.metadata["User"] == "1000:0"
    assert image.metadata["Labels"]["org.opencontainers.image.title"] == "mtl-pipeline"
    look = (
        "import os, shutil, sys; print(os.getuid(), shutil.which('gcc'), shutil.which('uv'), sys.prefix, "
        "[place for place in ('/', '/opt/mtl', '/opt/apache/beam', '/etc', '/tmp', '/work') "
        "if os.access(place, os.W_OK)])"
    )
    said = buildah("run", "--user", USER, image.container, "--", "python", "-c", look)
    assert said.stdout == "1234567 None None /opt/mtl ['/tmp', '/work']\n", said.stderr


def test_beams_workers_run_in_it_and_a_missing_boot_program_is_one_sentence(image: Image):
    refused = image.run("--id=1-1", "--provision_endpoint=localhost:1")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: The image of a Beam worker must hold Beam's boot program, got no /opt/")
    line = ["buildah", "run", "--user", USER, image.container, "--", *image.metadata["Entrypoint"], "--worker_pool"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    pool = subprocess.Popen(line, env=ENVIRONMENT, start_new_session=True, **silent)
    try:
        done = subprocess.run([sys.executable, "-c", PIPELINE], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    finally:
        os.killpg(pool.pid, signal.SIGTERM)
        pool.wait(timeout=60)
