"""Database servers on this machine, each in a folder of its own, where Debian's packages are installed."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

USER = "mtl"
SECRET = "s3cret'\\x"
"""A password with what SQL and shells quote."""


def program(name: str) -> str:
    """The path of a program; the test is skipped where there is none."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(command: list[object], folder: Path, port: int, **as_user: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server until the block ends; it listens when the block begins."""
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **as_user)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("localhost", port)).close()
                break
            time.sleep(0.1)
        assert process.poll() is None, (folder / "server.log").read_text()
        yield process
    finally:
        # By SIGTERM PostgreSQL waits until its clients have gone.
        process.send_signal(signal.SIGINT if Path(str(command[0])).name == "postgres" else signal.SIGTERM)
        process.wait(timeout=60)


@contextlib.contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """Yields a folder that belongs to the user whom a server is to be; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="mtl-") as name:
        if not os.getuid():
            shutil.chown(name, user)
        yield Path(name)


@contextlib.contextmanager
def postgresql() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yields the address of a PostgreSQL where `USER` may make databases, and its process."""
    initdb, server = program("initdb"), program("postgres")
    as_user = {} if os.getuid() else {"user": "postgres"}  # it refuses to be root
    port = free_port()
    with folder_of("postgres") as folder:
        (folder / "password").write_text(SECRET)
        made = ["-D", folder / "data", "-U", USER, "-A", "scram-sha-256", "--pwfile", folder / "password"]
        subprocess.run([initdb, *made], check=True, capture_output=True, cwd=folder, **as_user)
        settings = ["-p", str(port), "-k", folder, "-c", "listen_addresses=localhost"]
        with served([server, "-D", folder / "data", *settings], folder, port, **as_user) as process:
            yield f"postgresql://{USER}@localhost:{port}", process


@contextlib.contextmanager
def mysql() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yields the address of a MariaDB where `USER` may make databases, and its process."""
    install, server = program("mariadb-install-db"), program("mariadbd")
    owner = [] if os.getuid() else ["--user=mysql"]
    port = free_port()
    quoted = SECRET.replace("\\", "\\\\").replace("'", "''")
    with folder_of("mysql") as folder:
        data = ["--no-defaults", f"--datadir={folder}/data", *owner]
        line = [install, *data, "--skip-test-db", "--auth-root-authentication-method=normal"]
        subprocess.run(line, check=True, capture_output=True)
        first = [
            f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{quoted}';",
            f"GRANT ALL ON *.* TO '{USER}'@'%';",
            *(f"DROP USER IF EXISTS ''@'{host}';" for host in ("localhost", socket.gethostname())),
        ]
        (folder / "first.sql").write_text("\n".join(first) + "\n")
        files = [f"--socket={folder}/socket", f"--pid-file={folder}/pid", f"--init-file={folder}/first.sql"]
        place = [f"--port={port}", "--bind-address=127.0.0.1"]
        with served([server, *data, *place, *files], folder, port) as process:
            yield f"mysql://{USER}@localhost:{port}", process
