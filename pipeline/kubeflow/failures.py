"""What went wrong between us and the API of Kubeflow Pipelines, in one sentence, and whether it may pass."""

from __future__ import annotations

import json

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from pipeline.errors import ClusterError
from pipeline.kubeflow.connection import Connection

# The server failed, or asks for patience: the same request may succeed a moment later.
_TRANSIENT = {429, 500, 502, 503, 504}


def may_pass(error: ClusterError) -> bool:
    """Returns whether it is worth sending the request again."""
    return error.status is None or error.status in _TRANSIENT


def explain(error: Exception, what: str, connection: Connection, tries: int) -> ClusterError:
    """Returns one sentence on what went wrong and what to do.

    Args:
        error: an `ApiException` of the generated client, or an error of urllib3.
        what: what was asked, as in "list the runs".
        connection: whom it was asked.
        tries: how often it was asked.
    """
    host = connection.host
    times = "once" if tries == 1 else f"{tries} times"
    status = getattr(error, "status", None)
    if status is None:
        return ClusterError(_no_answer(error, what, connection, times))
    said = _said(error)
    if status == 0:  # the generated client's word for a failure of TLS
        reason = str(getattr(error, "reason", "")).partition("\n")[2] or "none"
        message = (
            f"To {what}, {host} must show a certificate that is trusted, got {reason}. "
            "Give the certificate of its authority with --ca-file."
        )
    elif 300 <= status < 400:
        message = (
            f"To {what}, {host} must answer itself, got a redirect ({status}). "
            "Give a valid token or cookies, or the host that it redirects to."
        )
    elif status == 401:
        message = (
            f"To {what}, the token or cookies must be ones that {host} accepts, got {status}{said}. "
            "Give --token-file, --token or --cookies of a session that is still valid."
        )
    elif status == 403:
        place = f"namespace {connection.namespace}" if connection.namespace else "this cluster"
        message = (
            f"To {what}, the account must be allowed to do so in {place}, got {status}{said}. "
            "Ask for the role, or give another --namespace."
        )
    elif status == 404:
        message = (
            f"To {what}, {host} must have what is asked for, got {status}{said}. "
            "Check that --host ends where /apis begins and that it serves Kubeflow Pipelines 2."
        )
    elif status == 409:
        message = f"To {what}, the name must be free, got {status}{said}. Give another name."
    elif status in _TRANSIENT:
        message = (
            f"To {what}, {host} must be in order, got {status} {times}{said}. "
            "Try again later, or look into the log of its ml-pipeline pod."
        )
    else:
        message = f"The request to {what} must be one that {host} takes, got {status}{said}. Change what it names."
    return ClusterError(message, status)


def _no_answer(error: Exception, what: str, connection: Connection, times: str) -> str:
    host = connection.host
    # A refused connection is a `NewConnectionError`, which urllib3 counts among the time-outs.
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError) and not isinstance(error, NewConnectionError):
        return (
            f"To {what}, {host} must answer within {connection.timeout:g} s, got nothing {times}. "
            "Give a longer --timeout, or look whether its ml-pipeline pod is ready."
        )
    # urllib3 puts the error of the operating system behind its own words.
    cause = next((part for part in error.args[::-1] if isinstance(part, OSError)), error)
    reason = str(cause).rpartition(": ")[2].rstrip(".")
    return (
        f"To {what}, {host} must be reachable, got {reason or type(error).__name__}, {times}. "
        "Check --host, the network and the certificate (--ca-file)."
    )


def _said(error: Exception) -> str:
    """Returns what the server says of its refusal, in one line, or nothing."""
    try:
        body = json.loads(getattr(error, "body", None) or "{}")
        text = body.get("message") or body.get("error") or ""
    except (ValueError, AttributeError):
        return ""
    return f": {' '.join(str(text).split()).rstrip('.')[:300]}" if text else ""
