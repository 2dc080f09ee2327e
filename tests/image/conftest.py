"""The image, built once by buildah, and how a host runs it: as any user id."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/python:3.11-slim-bookworm"
NAME = "localhost/mtl-pipeline-test"
# A user without a name and in group 0, as OpenShift assigns them.
UID = 1234567
USER = f"{UID}:0"
ENVIRONMENT = os.environ | {"BUILDAH_ISOLATION": os.environ.get("BUILDAH_ISOLATION", "chroot")}

Done = subprocess.CompletedProcess[str]


def buildah(*arguments: object, timeout: float = 1800) -> Done:
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder here that any user may enter."""
    for above in (*tmp_path.parents[:2], tmp_path):
        above.chmod(0o755)
    return tmp_path


@pytest.fixture(scope="session")
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
