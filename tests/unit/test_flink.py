"""What a Flink cluster says of its restart strategy, told by a server that answers as Flink's REST interface does.

`GET /jobmanager/config` is a list of {"key": …, "value": …} of what is configured, without defaults:
`ClusterConfigurationInfoHeaders.CLUSTER_CONFIG_REST_PATH`, `ConfigurationInfo.from` and `ConfigurationInfoEntry` in
`org.apache.flink.runtime.rest.messages` of Flink 1.20. The accepted values, and that the default is `none` without
checkpoints: `org.apache.flink.configuration.RestartStrategyOptions`, and docs/ops/state/task_failure_recovery of 1.20.
"""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.config.runtime import Runtime
from pipeline.workers.flink import restart_warning

OTHERS = {"jobmanager.rpc.port": "6123", "execution.attached": "true", "rest.address": "localhost"}


@pytest.fixture
def cluster() -> Iterator[Callable[[int, bytes], str]]:
    """Starts a cluster that answers with a status and a body, and returns its `host:port`."""
    servers = []

    def started(status: int, body: bytes) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/jobmanager/config"
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=UTF-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        servers.append(ThreadingHTTPServer(("localhost", 0), Answer))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"localhost:{servers[-1].server_port}"

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


def configured(settings: dict[str, str]) -> bytes:
    return json.dumps([{"key": key, "value": value} for key, value in (OTHERS | settings).items()]).encode()


def warning(endpoint: str) -> str | None:
    return restart_warning(Runtime(engine="flink", endpoint=endpoint, pool="localhost:50000"))


@pytest.mark.parametrize(
    ("settings", "got"),
    [
        ({}, "none"),
        ({"restart-strategy.fixed-delay.attempts": "3"}, "none"),
        ({"restart-strategy.type": "none"}, '"none"'),
        ({"restart-strategy.type": "off"}, '"off"'),
        ({"restart-strategy.type": "Disable"}, '"Disable"'),
        ({"restart-strategy": "none"}, '"none"'),
    ],
)
def test_a_cluster_that_restarts_nothing_is_warned_of(cluster, settings: dict[str, str], got: str):
    endpoint = cluster(200, configured(settings))
    assert warning(endpoint) == (
        f"The Flink cluster at {endpoint} should have a restart strategy, got {got}: a job that loses a worker then "
        "fails, where with restart-strategy.type: fixed-delay it was seen to lose and double nothing (Flink 1.20.3). "
        "Set it in the cluster's configuration."
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"restart-strategy.type": "fixed-delay"},
        {"restart-strategy.type": "exponential-delay"},
        {"restart-strategy": "failure-rate"},
        {"restart-strategy.type": "fixed-delay", "restart-strategy": "none"},
    ],
)
def test_a_cluster_that_restarts_is_not(cluster, settings: dict[str, str]):
    assert warning(cluster(200, configured(settings))) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b'{"errors": ["Not found."]}'), (200, b"<html>"), (200, b'{"key": 1}'), (200, b'[{"name": 1}]')],
)
def test_what_does_not_tell_is_no_reason_to_warn(cluster, status: int, body: bytes):
    assert warning(cluster(status, body)) is None


def test_where_nothing_listens_the_probe_speaks():
    assert warning("localhost:1") is None


@pytest.mark.parametrize(
    "runtime", [Runtime(), Runtime(engine="flink"), Runtime(engine="portable", endpoint="localhost:1")]
)
def test_no_cluster_no_question(runtime: Runtime, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("a cluster was asked"))
    assert restart_warning(runtime) is None
