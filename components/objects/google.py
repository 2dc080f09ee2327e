"""`gs://` through gcsfs, which finds Google's credentials by itself.

Where and as whom is said by the environment, in the names that Google's own tools use:

    GOOGLE_APPLICATION_CREDENTIALS    file of an account, or any other source of Google's credential chain
    STORAGE_EMULATOR_HOST             http://HOST:PORT of a server that stands in for Google's, without credentials
    HTTPS_PROXY, NO_PROXY
"""

from __future__ import annotations

import logging
import os
from typing import Any

from components.objects.base import Refusal, Scheme, os_refusal


def _connect() -> Any:
    import aiohttp

    from components.objects.mended_gcsfs import MendedGcsfs

    # It logs each refusal with its traceback, which would stand beside our one sentence.
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)
    return MendedGcsfs(
        token="anon" if os.environ.get("STORAGE_EMULATOR_HOST") else None,
        requests_timeout=aiohttp.ClientTimeout(sock_connect=10, sock_read=60),
        session_kwargs={"trust_env": True},  # the proxy
        skip_instance_cache=True,
        use_listings_cache=False,
    )


def _refusal(error: Exception) -> Refusal | None:
    import aiohttp
    from gcsfs.retry import ChecksumError, HttpError
    from google.auth.exceptions import GoogleAuthError

    if isinstance(error, HttpError):
        return _of_status(int(error.code or 0))
    if isinstance(error, OSError) and str(error).startswith("Forbidden"):
        return Refusal.DENIED
    if isinstance(error, aiohttp.ClientError | GoogleAuthError):
        return Refusal.UNREACHABLE
    if isinstance(error, ChecksumError) or (isinstance(error, ValueError) and str(error).startswith("Bad Request")):
        return Refusal.OTHER
    return os_refusal(error)


def _words(error: Exception) -> str:
    """Returns what Google said, without what gcsfs says around it: the address before it, or the status behind it."""
    said = str(error)
    if said.startswith(("Forbidden: ", "Bad Request: ")):
        return said.partition("\n")[2] or said
    return said.removesuffix(f", {getattr(error, 'code', '')}")


def _of_status(status: int) -> Refusal:
    if status in (401, 403):
        return Refusal.DENIED
    return Refusal.UNREACHABLE if status >= 500 or status in (408, 429) else Refusal.OTHER


GS = Scheme(
    name="gs",
    connect=_connect,
    modified="mtime",
    settings=("GOOGLE_", "CLOUDSDK_", "STORAGE_EMULATOR_HOST"),
    refusal=_refusal,
    words=_words,
    permission="Set GOOGLE_APPLICATION_CREDENTIALS to the file of an account that may use it.",
    credentials="GOOGLE_APPLICATION_CREDENTIALS",
    connection="Check the network and the credentials.",
    other_side="store",
    server="Google's",
    identity="`GOOGLE_APPLICATION_CREDENTIALS`, or what the machine's own account may do",
    launcher_folder="gcs",
)
