"""Commands without the eight seconds that each new process takes to import TensorFlow and TFX."""

import atexit
import contextlib
import json
import os
import select
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

SERVER = Path(__file__).with_name("warm_server.py")
CLIENT = Path(__file__).with_name("warm_client.py")


class WarmProcess:
    """Runs `mtl` in forks of one process, see `warm_server.py`; the first command starts it.

    Use it where the command is the subject. Where its process is, start one: for signals, what is left behind, what is
    imported.
    """

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None
        self._said: IO[bytes] | None = None

    def run(
        self, arguments: Sequence[object], folder: Path, environment: Mapping[str, str], timeout: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Runs `mtl` with arguments and returns what `subprocess.run` would.

        Raises:
            subprocess.TimeoutExpired: it ran for longer than `timeout` seconds; the process is killed.
        """
        words = list(map(str, arguments))
        with tempfile.TemporaryDirectory(prefix="warm-") as captured:
            out, err = Path(captured, "out"), Path(captured, "err")
            request = {"arguments": words, "folder": str(folder), "environment": dict(environment)}
            code = self._ask(request | {"out": str(out), "err": str(err)}, timeout)
            return subprocess.CompletedProcess(["mtl", *words], code, out.read_text(), err.read_text())

    def _ask(self, request: dict, timeout: float) -> int:
        server = self._started()
        assert server.stdin is not None
        assert server.stdout is not None
        assert self._said is not None
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended, which its answer tells
                server.stdin.write(json.dumps(request) + "\n")
                server.stdin.flush()
            ready, _, _ = select.select([server.stdout], [], [], timeout)
        except BaseException:  # an interrupt, say; the answer must not be taken for that of the next request
            self.close()
            raise
        if not ready:
            self.close()
            raise subprocess.TimeoutExpired(["mtl", *request["arguments"]], timeout)
        answer = server.stdout.readline()
        if not answer:
            self._said.seek(0)
            said = self._said.read().decode()
            self.close()
            raise RuntimeError(f"the warm process ended:\n{said}")
        return int(answer)

    def _started(self) -> subprocess.Popen[str]:
        if self._server is None:
            self._said = tempfile.TemporaryFile()  # noqa: SIM115  - `close` closes it
            self._server = subprocess.Popen(
                [sys.executable, SERVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
                start_new_session=True,
            )
            atexit.register(self.close)
        return self._server

    def close(self) -> None:
        """Ends the process and whatever command it runs."""
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
            self._server.stdin.close()
            self._server.stdout.close()
            self._said.close()
            self._server = self._said = None


@contextlib.contextmanager
def served(process: WarmProcess, socket: Path) -> Iterator[str]:
    """Answers at a socket; yields the shell function that makes `mtl` a command of the process."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked = json.load(self.rfile)
            done = process.run(asked["arguments"], Path(asked["folder"]), asked["environment"])
            answer = {"code": done.returncode, "out": done.stdout, "err": done.stderr}
            self.wfile.write(json.dumps(answer).encode())

    with socketserver.UnixStreamServer(str(socket), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"mtl() {{ '{sys.executable}' -IS '{CLIENT}' '{socket}' \"$@\"; }}\n"
        finally:
            server.shutdown()
            thread.join()
