"""What a test may ask of the S3-compatible server besides S3."""

import contextlib
import urllib.request
from collections.abc import Iterator


@contextlib.contextmanager
def nobody_let_in(endpoint: str) -> Iterator[None]:
    """While it lasts, the server checks credentials, and knows none."""

    def allow(calls: int) -> None:
        place, kind = f"{endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(place, str(calls).encode(), kind)).close()

    allow(0)
    try:
        yield
    finally:
        allow(10**9)
