"""The used part of the v2beta1 API of Kubeflow Pipelines as a real HTTP server on loopback, with state.

It is written from the API's definition, not from our client: bodies are read through the generated models, which know
every field; names are unique where the real server has them unique; lists come in pages; a schedule's name is not
unique, and there is no request that changes one.
"""

import itertools
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import kfp_server_api
import yaml

Json = dict[str, Any]
_KINDS: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "NUMBER_INTEGER": (int,),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
}


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


@dataclass
class Fault:
    """What goes wrong with requests that match.

    Args:
        match: regular expression on `METHOD /path`.
        how: an HTTP status, `hang`, `drop` (the connection is closed), `login` (a page of HTML), or `empty`
            (nothing is found).
        times: how often.
        done: the request is carried out before the answer is lost.
    """

    match: str
    how: int | str
    times: int = 1
    done: bool = False


@dataclass
class Cluster:
    """What the server knows, and how it behaves.

    Args:
        page: most objects on a page.
        multi_user: namespaces must be given, and only `team` may be used.
        token: the bearer token that is wanted.
        cookie: the cookie that is wanted.
        writes_left: writes it still takes; after them every request fails, as if the caller had been killed.
    """

    page: int = 2
    multi_user: bool = False
    token: str | None = None
    cookie: str | None = None
    writes_left: int | None = None
    faults: list[Fault] = field(default_factory=list)
    pipelines: list[Json] = field(default_factory=list)
    versions: list[Json] = field(default_factory=list)
    experiments: list[Json] = field(default_factory=list)
    runs: list[Json] = field(default_factory=list)
    schedules: list[Json] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    enabled: list[int] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["SUCCEEDED"])
    error: str = ""
    url: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def stamped(self, body: Json, key: str, prefix: str) -> Json:
        number = next(self._numbers)
        created = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        return {**body, key: f"{prefix}-{number}", "created_at": created.isoformat().replace("+00:00", "Z")}

    def answer(self, method: str, url: str, body: bytes, content_type: str) -> Json:
        """Carries out one request."""
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        path = unquote(parts.path).removeprefix("/apis/v2beta1")
        for pattern, action in ROUTES.items():
            verb, _, template = pattern.partition(" ")
            match = re.fullmatch(template, path)
            if verb == method and match:
                if "upload" in path:
                    return action(self, query, _uploaded(body, content_type))
                return action(self, query, json.loads(body or b"{}"), *match.groups())
        raise Refusal(404, f"no such path: {method} {path}")

    def listed(self, query: Json, objects: list[Json], key: str) -> Json:
        """Returns one page of the objects that match filter and namespace."""
        if "namespace" in query or self.multi_user:
            self.allow(query.get("namespace"))
            objects = [each for each in objects if each.get("namespace") == query.get("namespace")]
        for predicate in json.loads(query.get("filter", "{}")).get("predicates", []):
            assert predicate["operation"] == "EQUALS"
            objects = [each for each in objects if each[predicate["key"]] == predicate["string_value"]]
        if query.get("sort_by") == "created_at desc":
            objects = objects[::-1]
        begin = int(query.get("page_token") or 0)
        end = begin + min(self.page, int(query.get("page_size", self.page)))
        more = {"next_page_token": str(end)} if end < len(objects) else {}
        return {key: objects[begin:end], "total_size": len(objects), **more}

    def allow(self, namespace: str | None) -> None:
        if self.multi_user and not namespace:
            raise Refusal(400, "Namespace cannot be empty")
        if self.multi_user and namespace != "team":
            raise Refusal(403, f"User 'ann' is not authorized with reason: no access to namespace {namespace}")


def _uploaded(body: bytes, content_type: str) -> str:
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    part = message.get_payload()[0]
    assert part.get_filename().endswith(".yaml")
    return part.get_payload(decode=True).decode()


def _model(name: str, body: Json) -> Json:
    """Reads a body through the generated model, which refuses what it does not know."""
    model = getattr(kfp_server_api, name)
    unknown = body.keys() - set(model.attribute_map.values())
    if unknown:
        raise Refusal(400, f"unknown fields {sorted(unknown)} of {name}")
    model(**{attribute: body[key] for attribute, key in model.attribute_map.items() if key in body})
    return body


def _find(objects: list[Json], key: str, value: str) -> Json:
    for each in objects:
        if each[key] == value:
            return each
    raise Refusal(404, f"{key} {value} not found")


def _create_pipeline(cluster: Cluster, query: Json, body: Json) -> Json:
    _model("V2beta1Pipeline", body)
    cluster.allow(body.get("namespace"))
    if any(each["name"] == body["name"] for each in cluster.pipelines):
        raise Refusal(409, f"The name {body['name']} already exists")
    made = cluster.stamped(body, "pipeline_id", "pipeline")
    cluster.pipelines.append(made)
    return made


def _upload_version(cluster: Cluster, query: Json, text: str) -> Json:
    pipeline = _find(cluster.pipelines, "pipeline_id", query["pipelineid"])
    spec = next(yaml.safe_load_all(text))
    same = (each for each in cluster.versions if each["pipeline_id"] == pipeline["pipeline_id"])
    if any(each["name"] == query["name"] for each in same):
        raise Refusal(409, f"The name {query['name']} already exists")
    names = {"name": query["name"], "display_name": query["name"]}
    body = {"pipeline_id": pipeline["pipeline_id"], "pipeline_spec": spec, **names}
    made = cluster.stamped(body, "pipeline_version_id", "version")
    cluster.versions.append(made)
    return made


def _create_experiment(cluster: Cluster, query: Json, body: Json) -> Json:
    _model("V2beta1Experiment", body)
    cluster.allow(body.get("namespace"))
    if any(each["display_name"] == body["display_name"] for each in cluster.experiments):
        raise Refusal(409, f"Experiment {body['display_name']} already exists")
    made = cluster.stamped(body, "experiment_id", "experiment")
    cluster.experiments.append(made)
    return made


def _accept(cluster: Cluster, body: Json) -> Json:
    """Checks what a run and a schedule share; returns the body with the namespace of its experiment."""
    experiment = _find(cluster.experiments, "experiment_id", body["experiment_id"])
    reference = _model("V2beta1PipelineVersionReference", body["pipeline_version_reference"])
    _find(cluster.pipelines, "pipeline_id", reference["pipeline_id"])
    versions = [each for each in cluster.versions if each["pipeline_id"] == reference["pipeline_id"]]
    wanted = reference.get("pipeline_version_id")
    version = _find(versions, "pipeline_version_id", wanted) if wanted else versions[-1]
    inputs = version["pipeline_spec"]["root"].get("inputDefinitions", {}).get("parameters", {})
    config = _model("V2beta1RuntimeConfig", body.get("runtime_config", {}))
    for name, value in config.get("parameters", {}).items():
        if name not in inputs:
            raise Refusal(400, f"parameter {name} is not found in the pipeline spec")
        if type(value) not in _KINDS[inputs[name]["parameterType"]]:
            raise Refusal(400, f"parameter {name} is not {inputs[name]['parameterType']}")
    return body | ({"namespace": experiment["namespace"]} if "namespace" in experiment else {})


def _create_run(cluster: Cluster, query: Json, body: Json) -> Json:
    made = cluster.stamped(_accept(cluster, _model("V2beta1Run", body)), "run_id", "run")
    cluster.runs.append(made | {"state": "PENDING"})
    return made


def _get_run(cluster: Cluster, query: Json, body: Json, run_id: str) -> Json:
    run = _find(cluster.runs, "run_id", run_id)
    run["state"] = cluster.states.pop(0) if len(cluster.states) > 1 else cluster.states[0]
    if run["state"] == "FAILED":
        run["error"] = {"code": 13, "message": cluster.error}
        tasks = [{"display_name": "trainer", "state": "FAILED"}, {"display_name": "transform", "state": "SUCCEEDED"}]
        run["run_details"] = {"task_details": tasks}
    return run


def _create_schedule(cluster: Cluster, query: Json, body: Json) -> Json:
    _model("V2beta1RecurringRun", body)
    _model("V2beta1Trigger", body["trigger"])
    if not 1 <= int(body["max_concurrency"]) <= 10:
        raise Refusal(400, "max_concurrency must be between 1 and 10")
    mode = body.pop("mode")
    made = cluster.stamped(_accept(cluster, body), "recurring_run_id", "schedule") | {"status": f"{mode}D"}
    cluster.schedules.append(made)
    return made


def _switch(status: str) -> Callable[..., Json]:
    def switch(cluster: Cluster, query: Json, body: Json, schedule_id: str) -> Json:
        _find(cluster.schedules, "recurring_run_id", schedule_id)["status"] = status
        return {}

    return switch


def _delete_schedule(cluster: Cluster, query: Json, body: Json, schedule_id: str) -> Json:
    assert query["propagation_policy"] == "ORPHAN"
    cluster.schedules.remove(_find(cluster.schedules, "recurring_run_id", schedule_id))
    return {}


def _list(attribute: str, key: str) -> Callable[..., Json]:
    return lambda cluster, query, body: cluster.listed(query, getattr(cluster, attribute), key)


def _list_versions(cluster: Cluster, query: Json, body: Json, pipeline_id: str) -> Json:
    objects = [each for each in cluster.versions if each["pipeline_id"] == pipeline_id]
    begin = Cluster(page=cluster.page)
    return begin.listed(query, objects, "pipeline_versions")


def _list_runs(cluster: Cluster, query: Json, body: Json) -> Json:
    experiment = query.get("experiment_id")
    runs = [each for each in cluster.runs if experiment in (None, each["experiment_id"])]
    # An experiment has a namespace, so the namespace need not be given beside it.
    return (Cluster(page=cluster.page) if experiment else cluster).listed(query, runs, "runs")


ROUTES: dict[str, Callable[..., Json]] = {
    "GET /pipelines": _list("pipelines", "pipelines"),
    "POST /pipelines": _create_pipeline,
    "GET /pipelines/([^/]+)/versions": _list_versions,
    "POST /pipelines/upload_version": _upload_version,
    "GET /experiments": _list("experiments", "experiments"),
    "POST /experiments": _create_experiment,
    "GET /runs": _list_runs,
    "POST /runs": _create_run,
    "GET /runs/([^/]+)": _get_run,
    "GET /recurringruns": _list("schedules", "recurringRuns"),
    "POST /recurringruns": _create_schedule,
    "POST /recurringruns/([^/:]+):enable": _switch("ENABLED"),
    "POST /recurringruns/([^/:]+):disable": _switch("DISABLED"),
    "DELETE /recurringruns/([^/]+)": _delete_schedule,
}


class _Handler(BaseHTTPRequestHandler):
    cluster: Cluster
    stopped: threading.Event
    lock: threading.Lock

    def log_message(self, *arguments: Any) -> None:
        """Says nothing."""

    def respond(self) -> None:
        """Answers one request, or fails as it is told to."""
        cluster, line = self.cluster, f"{self.command} {unquote(urlsplit(self.path).path)}"
        cluster.requests.append(line)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if cluster.writes_left == 0:
            return
        fault = next((each for each in cluster.faults if each.times and re.search(each.match, line)), None)
        if fault:
            fault.times -= 1
        if fault is None or fault.done:
            with self.lock:
                answer = self._carry_out(line, body)
        if fault is None:
            self._send(*answer)
        elif fault.how == "hang":
            self.stopped.wait(5)
        elif fault.how == "login":
            self._send(200, "<html>Log in</html>", "text/html")
        elif fault.how == "empty":
            self._send(200, {})
        elif isinstance(fault.how, int):
            self._send(fault.how, {"message": "the database is away", "code": 13})

    def _carry_out(self, line: str, body: bytes) -> tuple[int, Json]:
        cluster = self.cluster
        if cluster.token and self.headers.get("Authorization") != f"Bearer {cluster.token}":
            return 401, {"message": "Request header error: there is no user identity header."}
        if cluster.cookie and self.headers.get("Cookie") != cluster.cookie:
            return 401, {"message": "there is no session"}
        try:
            answer = cluster.answer(self.command, self.path, body, self.headers.get("Content-Type", ""))
        except Refusal as refusal:
            return refusal.status, {"message": str(refusal), "code": refusal.status}
        if self.command != "GET":
            cluster.writes.append(line)
            cluster.enabled.append(sum(each["status"] == "ENABLED" for each in cluster.schedules))
            if cluster.writes_left is not None:
                cluster.writes_left -= 1
        return 200, answer

    def _send(self, status: int, answer: Json | str, kind: str = "application/json") -> None:
        content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if 300 <= status < 400:
            self.send_header("Location", "https://login.example/")
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(cluster: Cluster, tls: ssl.SSLContext | None = None) -> Iterator[Cluster]:
    """Serves a cluster on a free port of loopback."""
    stopped = threading.Event()
    state = {"cluster": cluster, "stopped": stopped, "lock": threading.Lock()}
    methods = {f"do_{method}": _Handler.respond for method in ("GET", "POST", "DELETE")}
    handler = type("Handler", (_Handler,), state | methods)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    cluster.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield cluster
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
