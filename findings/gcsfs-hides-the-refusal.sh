#!/usr/bin/env bash
# gcsfs 2025.12.0: why Google Cloud Storage refuses a file is lost twice, in an error of gcsfs's own.
#
# A download that is refused (403, or any other answer of an error to a request for the content) ends in TypeError:
# the words of the refusal are looked for in an answer that was not kept. An upload of 5 MiB or more, of which a part is
# refused, ends in AttributeError, from the clean-up, which looks for the half upload in an attribute that does not
# exist. A program that tells "no such bucket" from "no permission" by gcsfs's OSErrors sees neither; the refusal is
# there in the chain of the second error (`__context__`), and reading a byte by `cat_file` gives it for the first.
#
# Seen with Python 3.11 and gcsfs 2025.12.0, against a server on this machine that refuses every content with 403:
#
#     get_file                     TypeError
#     cat_file                     OSError: Forbidden: ... reader may not
#     put_file, 6 MiB              AttributeError, in the context of OSError: Forbidden: ... writer may not
#
# Ends with 0 if all of this is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check gcsfs==2025.12.0 fsspec==2025.12.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gcsfs import GCSFileSystem


class Google(BaseHTTPRequestHandler):
    """Knows one object, and refuses its content and all that is written."""

    def answer(self, status, values, **headers):
        body = json.dumps(values).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, who):
        self.answer(403, {"error": {"code": 403, "message": f"{who} may not"}})

    def do_GET(self):
        if "alt=media" in self.path or "/download/" in self.path:
            self.refuse("reader")
        else:
            self.answer(200, {"name": "a.bin", "bucket": "b", "size": "3", "kind": "storage#object"})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/session"):
            self.refuse("writer")
        else:
            self.answer(200, {}, Location=f"http://{self.headers['Host']}/session")

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Google)
threading.Thread(target=server.serve_forever, daemon=True).start()
files = GCSFileSystem(token="anon", endpoint_url=f"http://127.0.0.1:{server.server_port}")
with open("big.bin", "wb") as file:
    file.write(bytes(6 * 2**20))


def ended(call):
    try:
        call()
    except Exception as error:
        return error
    raise SystemExit("nothing was raised")


download = ended(lambda: files.get_file("b/a.bin", "a.bin"))
read = ended(lambda: files.cat_file("b/a.bin"))
upload = ended(lambda: files.put_file("big.bin", "b/big.bin"))
for name, error in (("get_file", download), ("cat_file", read), ("put_file, 6 MiB", upload)):
    print(f"{name:28} {type(error).__name__}: {error} (context: {error.__context__!r})")
assert type(download) is TypeError, download
assert isinstance(read, OSError) and "reader may not" in str(read), read
assert type(upload) is AttributeError, upload
assert "writer may not" in str(upload.__context__), upload.__context__
PY
