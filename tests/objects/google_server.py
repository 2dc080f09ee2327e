"""Google's JSON API of Cloud Storage on loopback: as much of it as gcsfs asks, and what Google answers.

https://cloud.google.com/storage/docs/json_api/v1
"""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

OBJECT = re.compile(r"/(download/)?storage/v1/b/([^/]+)/o/([^/]+)")
REWRITE = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)/rewriteTo/b/([^/]+)/o/([^/]+)")
UPLOAD = re.compile(r"/upload/storage/v1/b/([^/]+)/o")
BUCKET = re.compile(r"/storage/v1/b/([^/]+)(/o)?")


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


@dataclass
class Google:
    """What lies in the store, and what was asked.

    Attributes:
        buckets: bucket -> object -> content.
        asked: method, path and query of each request.
        refusals: what is asked -> status and message of the answer, by the beginning of "METHOD /path?query".
        busy: how many of the next requests are answered by 503.
        page: most entries that one listing gives.
    """

    buckets: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"bucket": {}})
    asked: list[str] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    busy: int = 0
    page: int = 2
    uploads: dict[str, tuple[str, str, bool, bytes]] = field(default_factory=dict)
    written: dict[tuple[str, str], datetime] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def bucket(self, name: str) -> dict[str, bytes]:
        if name not in self.buckets:
            raise Refused(404, "The specified bucket does not exist.")
        return self.buckets[name]

    def content(self, bucket: str, name: str) -> bytes:
        if name not in self.bucket(bucket):
            raise Refused(404, f"No such object: {bucket}/{name}")
        return self.buckets[bucket][name]

    def resource(self, bucket: str, name: str) -> dict[str, Any]:
        time = self.written.get((bucket, name), datetime(2026, 1, 1, tzinfo=UTC))
        stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        size = str(len(self.content(bucket, name)))
        about = {"kind": "storage#object", "bucket": bucket, "name": name, "size": size}
        return about | {"generation": "1", "metageneration": "1", "timeCreated": stamp, "updated": stamp}

    def put(self, bucket: str, name: str, content: bytes, new: bool = False) -> dict[str, Any]:
        if new and name in self.bucket(bucket):
            raise Refused(412, "At least one of the pre-conditions you specified did not hold.")
        self.bucket(bucket)[name] = content
        self.written[bucket, name] = datetime.now(UTC)
        return self.resource(bucket, name)

    def listing(self, bucket: str, query: dict[str, str]) -> dict[str, Any]:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        found: dict[str, bool] = {}
        for name in sorted(self.bucket(bucket)):
            if name.startswith(prefix):
                rest = name.removeprefix(prefix)
                inner = bool(delimiter) and delimiter in rest
                found[prefix + rest.partition(delimiter)[0] + delimiter if inner else name] = inner
        names = sorted(name for name in found if name > query.get("pageToken", ""))
        page = names[: min(self.page, int(query["maxResults"]))]
        answer: dict[str, Any] = {
            "kind": "storage#objects",
            "prefixes": [name for name in page if found[name]],
            "items": [self.resource(bucket, name) for name in page if not found[name]],
        }
        return answer | ({"nextPageToken": page[-1]} if len(page) < len(names) else {})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: in two, the client waits 40 ms before it acknowledges the first
    server: "Server"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        google = self.server.google
        line = f"{self.command} {self.path}"
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        with google.lock:
            google.asked.append(line)
            try:
                if google.busy:
                    google.busy -= 1
                    raise Refused(503, "Try again.")
                for beginning, (status, message) in google.refusals.items():
                    if line.startswith(beginning):
                        raise Refused(status, message)
                status, headers, content = self.respond(google, path, query, body)
            except Refused as refused:
                about = {"error": {"code": refused.status, "message": str(refused)}}
                status, headers, content = refused.status, {}, json.dumps(about).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815

    def respond(
        self, google: Google, path: str, query: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        def told(answer: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
            return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

        if self.command == "POST" and (found := UPLOAD.fullmatch(path)):
            return self.upload(google, unquote(found[1]), query, body)
        if self.command == "POST" and (found := REWRITE.fullmatch(path)):
            bucket, name, target, new = map(unquote, found.groups())
            return told({"done": True, "resource": google.put(target, new, google.content(bucket, name))})
        if found := OBJECT.fullmatch(path):
            bucket, name = unquote(found[2]), unquote(found[3])
            content = google.content(bucket, name)
            if self.command == "DELETE":
                del google.buckets[bucket][name]
                return 204, {}, b""
            if not found[1]:
                return told(google.resource(bucket, name))
            if part := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")):
                return 206, {}, content[int(part[1]) : int(part[2]) + 1]
            return 200, {}, content
        if self.command == "GET" and (found := BUCKET.fullmatch(path)):
            bucket = unquote(found[1])
            google.bucket(bucket)
            return told(google.listing(bucket, query) if found[2] else {"kind": "storage#bucket", "name": bucket})
        raise AssertionError(f"no such request is known: {self.command} {self.path}")

    def upload(
        self, google: Google, bucket: str, query: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        new = query.get("ifGenerationMatch") == "0"
        if query["uploadType"] == "multipart":
            edge = re.search(r'boundary="(.+)"', self.headers["Content-Type"])
            _, about, content, _ = body.split(b"--" + edge[1].encode())
            name = json.loads(about.partition(b"\n\n")[2])["name"]
            return 200, {}, json.dumps(google.put(bucket, name, content.partition(b"\n\n")[2][:-1], new)).encode()
        if (upload := query.get("upload_id")) is None:
            upload = str(len(google.uploads))
            google.uploads[upload] = bucket, query["name"], new, b""
            host = f"http://{self.headers['Host']}/upload/storage/v1/b/{bucket}/o"
            return 200, {"Location": f"{host}?uploadType=resumable&upload_id={upload}"}, b""
        _, name, new, before = google.uploads[upload]
        first, last, total = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", self.headers["Content-Range"]).groups())
        assert (first, last + 1 - first) == (len(before), len(body))
        google.uploads[upload] = bucket, name, new, before + body
        if last + 1 < total:
            return 308, {"Range": f"bytes=0-{last}"}, b""
        return 200, {}, json.dumps(google.put(bucket, name, before + body, new)).encode()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Serves `google` until it is closed."""

    daemon_threads = True
    google: Google


def serve() -> Iterator[Server]:
    """Yields a running server, and stops it."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.google = Google()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
