"""What went wrong between us and the API of Kubeflow Pipelines, in one sentence, and whether it may pass."""

from __future__ import annotations

import json

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from pipeline.errors import ClusterError
from pipeline.kubeflow.client.connection import Connection

# The server failed, or asks for patience: the same request may succeed a moment later.
_TRANSIENT = {429, 500, 502, 503, 504}
_TLS = 0  # the generated client's status for a failure of TLS
_LOGIN = "Give a valid token or cookies, or the host that it redirects to."

# Status -> what the host must do, and what to do if it does not.
_REFUSALS = {
    _TLS: ("show a certificate that is trusted", "Give the certificate of its authority with --ca-file."),
    401: ("accept the token or cookies", "Give --token-file, --token or --cookies of a session that is still valid."),
    403: ("allow it to this account", "Ask for the role, or give another --namespace."),
    404: ("have what is asked for", "Check that --host ends where /apis begins and serves Kubeflow Pipelines 2."),
    409: ("have the name free", "Give another name."),
    **dict.fromkeys(range(300, 400), ("answer itself", _LOGIN)),
    **dict.fromkeys(_TRANSIENT, ("be in order", "Try again later, or look into the log of its ml-pipeline pod.")),
}
_OTHER = ("take the request", "Change what it names.")


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
    status = getattr(error, "status", None)
    times = "once" if tries == 1 else f"{tries} times"
    if status is None:
        return ClusterError(_no_answer(error, what, connection, times))
    must, advice = _REFUSALS.get(status, _OTHER)
    got = f"{status} {times}" if status in _TRANSIENT else f"{status}"
    got = str(getattr(error, "reason", "")).partition("\n")[2] if status == _TLS else f"{got}{_said(error)}"
    return ClusterError(f"To {what}, {connection.host} must {must}, got {got}. {advice}", status)


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
