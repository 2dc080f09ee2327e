"""Prism, Beam's portable runner, and the boot program of Beam's image, built from the source of the installed Beam."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = {"prism": "sdks/v2/go/cmd/prism", "container": "sdks/v2/python/container"}


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `prism` and `container`, which is the boot program."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed here, so Prism and Beam's boot program cannot be built")
    folder = tmp_path_factory.mktemp("go")
    environment = os.environ | {"GOBIN": str(folder / "bin"), "GOFLAGS": "-mod=mod -modcacherw"}
    for module in PROGRAMS.values():
        line = ["go", "install", f"github.com/apache/beam/{module}@v{version('apache-beam')}"]
        built = subprocess.run(line, capture_output=True, text=True, env=environment, timeout=1800)
        if built.returncode:
            pytest.skip(f"{' '.join(line)} is not possible here: {(built.stderr.strip().splitlines() or ['?'])[-1]}")
    return folder / "bin"


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment like the image's; the boot program asks pip which packages there are."""
    pip = tmp_path_factory.mktemp("pip")
    seed = "import ensurepip, pathlib; print(next(pathlib.Path(ensurepip.__file__).parent.glob('_bundled/pip-*.whl')))"
    wheel = subprocess.run([sys.executable, "-c", seed], capture_output=True, text=True, check=True).stdout.strip()
    shutil.unpack_archive(wheel, pip, "zip")
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}:{pip}",
        "PYTHONSAFEPATH": "1",
        "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT": "1",
    }


@pytest.fixture(scope="module")
def processes() -> dict[int, subprocess.Popen[bytes]]:
    """The processes of `serve` by their ports."""
    return {}


@pytest.fixture(scope="module")
def serve(
    image: dict[str, str], processes: dict[int, subprocess.Popen[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., int]]:
    """Starts a program in an environment like the image's, and returns the port where it listens.

    Its arguments take the port as `{port}`, and other free ones as `{other}`; `path` is looked into before all else.
    """
    folder = tmp_path_factory.mktemp("served")

    def started(*line: object, path: Path | None = None) -> int:
        port = free_port()
        words = [str(word).format(port=port, other=free_port()) for word in line]
        environment = image if path is None else image | {"PYTHONPATH": f"{path}:{image['PYTHONPATH']}"}
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes[port] = subprocess.Popen(words, env=environment, cwd=folder, **silent)
        return listening(processes[port], port)

    try:
        yield started
    finally:
        for process in processes.values():
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture(scope="module")
def prism(programs: Path, serve: Callable[..., int]) -> int:
    """The port of Prism."""
    return serve(programs / "prism", "-job_port={port}", "-web_port={other}", "-serve_http=false")


@pytest.fixture(scope="module")
def pool(serve: Callable[..., int]) -> int:
    """The port of a worker pool."""
    return serve(sys.executable, "-P", "-m", "pipeline.workers.worker_pool", "--service_port={port}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def listening(process: subprocess.Popen[bytes], port: int) -> int:
    """Waits until a process answers at a port of this machine, and returns the port."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                return port
        time.sleep(0.1)
    raise AssertionError(f"nothing listens at {port}: {process.args}")
