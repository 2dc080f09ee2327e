"""The image, built once by buildah, and how a host runs it: as any user id."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/python:3.11-slim-bookworm"
NAME = "localhost/mtl-pipeline-test"
# Makes the base image where no registry is at hand; it lies beside the clone, if anywhere.
TOOL = ROOT.parent / "shared" / "tools" / "base-image"
# A user without a name and in group 0, as OpenShift assigns them.
UID = 1234567
USER = f"{UID}:0"
ENVIRONMENT = os.environ | {"BUILDAH_ISOLATION": os.environ.get("BUILDAH_ISOLATION", "chroot")}

Done = subprocess.CompletedProcess[str]


def lacking(tool: Path = TOOL) -> str:
    """Returns why no image can be built here, empty where one can; makes the base image if its tool is there."""
    if shutil.which("buildah") is None:
        return "buildah is not installed here, so no image can be built"
    if buildah("inspect", "--type", "image", BASE).returncode == 0:
        return ""
    if not tool.is_file():
        return f"{BASE} is not on this machine, nor {tool} that makes it, and tests fetch nothing"
    made = subprocess.run([tool, BASE], capture_output=True, text=True, env=ENVIRONMENT, timeout=1800)
    assert made.returncode == 0, made.stderr
    return ""


def buildah(*arguments: object, timeout: float = 3600) -> Done:
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
    metadata: dict[str, Any]

    def run(self, *arguments: object, volumes: Mapping[Path, str] | None = None) -> Done:
        """Runs the entry point with arguments; `volumes` maps folders here to `PLACE` or `PLACE:ro` there."""
        return self.execute([*self.metadata["Entrypoint"], *arguments], volumes or {})

    def execute(
        self, command: Sequence[object], volumes: Mapping[Path, str], variables: Mapping[str, str] | None = None
    ) -> Done:
        """Executes a command instead of the entry point, as Kubernetes does where a pod names one."""
        mounts = [part for here, there in volumes.items() for part in ("--volume", f"{here}:{there}")]
        given = [part for name, value in (variables or {}).items() for part in ("--env", f"{name}={value}")]
        return buildah("run", "--user", USER, *mounts, *given, self.container, "--", *command)


@contextlib.contextmanager
def built(name: str, **given: str) -> Iterator[Image]:
    """Builds the image under a name, with build arguments, and removes both it and its container at the end."""
    options = [part for key, value in given.items() for part in ("--build-arg", f"{key}={value}")]
    began = time.monotonic()
    done = buildah("bud", "--layers", "--pull-never", *options, "--tag", name, ROOT)
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr[-4000:]
    size = buildah("images", "--format", "{{.Size}}", name).stdout.split("\n")[0]
    metadata = json.loads(buildah("inspect", "--type", "image", name).stdout)["OCIv1"]["config"]
    container = buildah("from", "--pull-never", name).stdout.strip()
    try:
        yield Image(container, seconds, size, metadata)
    finally:
        buildah("rm", container)
        buildah("rmi", name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder here that any user may enter."""
    for above in (*tmp_path.parents[:2], tmp_path):
        above.chmod(0o755)
    return tmp_path


@pytest.fixture(scope="session")
def image():
    if reason := lacking():
        pytest.skip(reason)
    with built(NAME) as image:
        yield image
