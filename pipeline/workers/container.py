"""The image's entry point: one image is the command `mtl`, every step on Kubeflow, and the worker of Beam's runners.

Kubeflow names a command of its own. Beam's runners start a container with flags alone, `--id=1-1
--provision_endpoint=…`, which are for Beam's boot program, or with `--worker_pool`. All else is for `mtl`.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.errors import InputError

BOOT = Path("/opt/apache/beam/boot")
"""Beam's boot program, in the image if it was built with one."""

_BEAM_FLAG = re.compile(
    r"--?(id|worker_pool|semi_persist_dir|(provision|control|logging|artifact|status)_endpoint)(=.*)?", re.DOTALL
)
_WORKER_POOL = [sys.executable, "-P", "-m", "pipeline.workers.worker_pool", "--service_port=50000"]


def command(arguments: Sequence[str], boot: Path = BOOT) -> list[str]:
    """Returns the command that a container started with these arguments is to become.

    Args:
        arguments: what follows the image's name.
        boot: Beam's boot program.

    Raises:
        InputError: a runner wants a worker, and the image has no boot program.
    """
    if not arguments or not _BEAM_FLAG.fullmatch(arguments[0]):
        return ["mtl", *arguments]
    if boot.exists():
        return [str(boot), *arguments]
    if arguments[0].lstrip("-").startswith("worker_pool"):
        return _WORKER_POOL
    raise InputError(
        f"The image of a Beam worker must hold Beam's boot program, got no {boot}. "
        "Build it with --build-arg BEAM_SDK=docker.io/apache/beam_python3.11_sdk:2.73.0."
    )


def main() -> None:
    """Becomes the command, with the same process id, so that signals reach it."""
    try:
        wanted = command(sys.argv[1:])
    except InputError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    os.execvp(wanted[0], wanted)


if __name__ == "__main__":
    main()
