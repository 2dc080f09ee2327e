"""The image, built by buildah and run as a host would: any user id, nothing to write to but /tmp and /work."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.image.conftest import ENVIRONMENT, NAME, ROOT, UID, USER, Image, buildah, built

SDK = "localhost/beam-sdk-test"

# The step runs where the worker pool is: there, the environment is the image's.
PIPELINE = """
import time
import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.environments import ExternalEnvironment

def listening():
    # Read, not tried: a client that asks a free port among the ephemeral ones again and again may meet itself there.
    tables = [open(f"/proc/net/{name}").read() for name in ("tcp", "tcp6")]
    return any(":C350 " in line and " 0A " in line for table in tables for line in table.splitlines())

for _ in range(1200):
    if listening():
        break
    time.sleep(0.1)
with beam.Pipeline(runner=FnApiRunner(default_environment=ExternalEnvironment("localhost:50000"))) as pipeline:
    where = pipeline | beam.Create([1]) | beam.Map(lambda _: __import__("sys").prefix)
    assert_that(where, equal_to(["/opt/mtl"]))
"""

pytestmark = [pytest.mark.slow, pytest.mark.image]


def test_a_run_on_the_bundled_data_pushes_a_model(image: Image, folder: Path):
    work, source = folder / "work", folder / "source"
    work.mkdir()
    shutil.copytree(ROOT / "data" / "wine", source)
    work.chmod(0o777)
    print(f"built in {image.seconds:.0f} s, {image.size}")
    done = image.run(
        *("run", "--config", "/source/config.yaml", "--set", "runtime.output=/work/wine"),
        volumes={work: "/work", source: "/source:ro"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [record] = (work / "wine" / "runs").glob("*.json")
    assert json.loads(record.read_text())["state"] == "pushed"
    assert (work / "wine" / "serving" / "1" / "saved_model.pb").stat().st_uid == UID

    predicted = image.run(
        *("predict", "--input", "/source/wine.csv", "--output", "/work/answers.csv", "--model", "/work/wine/serving"),
        volumes={work: "/work", source: "/source:ro"},
    )
    assert predicted.returncode == 0, predicted.stdout + predicted.stderr
    assert len((work / "answers.csv").read_text().splitlines()) == 1 + 178


def test_it_says_what_it_is_and_has_neither_rights_nor_compiler(image: Image):
    assert image.metadata["User"] == "1000:0"
    assert labels(image) == {"title": "mtl-pipeline", "version": "unknown", "revision": "unknown"}
    look = (
        "import os, shutil, sys; print(os.getuid(), shutil.which('gcc'), shutil.which('uv'), sys.prefix, "
        "[place for place in ('/', '/opt/mtl', '/opt/apache/beam', '/etc', '/tmp', '/work') "
        "if os.access(place, os.W_OK)])"
    )
    said = buildah("run", "--user", USER, image.container, "--", "python", "-c", look)
    assert said.stdout == "1234567 None None /opt/mtl ['/tmp', '/work']\n", said.stderr


def labels(image: Image) -> dict[str, str]:
    """The labels that tell one image from another."""
    return {
        name: image.metadata["Labels"][f"org.opencontainers.image.{name}"] for name in ("title", "version", "revision")
    }


@pytest.fixture
def sdk(image: Image, folder: Path):
    """An image with nothing but a boot program, in the place of Beam's; it says what it was started with."""
    boot = folder / "boot"
    boot.write_text('#!/bin/sh\necho "boot: $*"\n')
    boot.chmod(0o755)
    container = buildah("from", "scratch").stdout.strip()
    assert buildah("copy", container, boot, "/opt/apache/beam/boot").returncode == 0
    assert buildah("commit", container, SDK).returncode == 0
    buildah("rm", container)
    yield SDK
    buildah("rmi", SDK)


def test_build_arguments_name_the_image_and_give_it_beams_boot_program(sdk: str):
    with built(f"{NAME}-beam", BEAM_SDK=sdk, VERSION="1.2.3", REVISION="0a1b2c") as image:
        print(f"built again in {image.seconds:.0f} s")
        assert labels(image) == {"title": "mtl-pipeline", "version": "1.2.3", "revision": "0a1b2c"}
        started = image.run("--id=1-1", "--provision_endpoint=localhost:1")
        assert (started.returncode, started.stdout) == (0, "boot: --id=1-1 --provision_endpoint=localhost:1\n")
        assert image.run("--version").stdout.startswith("mtl-pipeline ")


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
