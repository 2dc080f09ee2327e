"""What executes a container's command: a process of this machine, unless a test has something better."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

Done = subprocess.CompletedProcess[str]


class Runtime(Protocol):
    """Executes the containers of a cluster."""

    def root(self, pod: Path) -> Path:
        """Returns where a container sees the folder that is its pod's root."""

    def execute(self, command: Sequence[str], variables: dict[str, str], pod: Path) -> Done:
        """Executes a command with the container's own variables."""


class Processes:
    """Processes of this machine: they see the pod's folder where it is, not as the root."""

    def root(self, pod: Path) -> Path:
        return pod

    def execute(self, command: Sequence[str], variables: dict[str, str], pod: Path) -> Done:
        """Executes with an environment like the image's, and tells where the pod keeps what a real one has at `/`."""
        image = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        image["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = image | variables | {"MTL_LAUNCHER_ROOT": str(pod)}
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=pod)
