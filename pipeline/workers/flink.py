"""What a Flink cluster is configured to do when a worker is lost, as its REST interface tells."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from pipeline.config.runtime import FLINK, Runtime

_KEYS = ("restart-strategy.type", "restart-strategy")  # since Flink 1.18, and before
_NONE = ("none", "off", "disable")
_PATIENCE = 10.0


def restart_warning(runtime: Runtime) -> str | None:
    """Returns a sentence where the Flink cluster has no restart strategy, or is set to none.

    Beam leaves it to the cluster (`FlinkExecutionEnvironments` of its Flink runner sets none for a batch job), and
    without checkpoints, which a batch job has not, Flink's default is none.

    Args:
        runtime: the section `runtime`.

    Returns:
        The sentence; None on other engines, where there is a strategy, and where the cluster does not tell.
    """
    if runtime.engine != FLINK or runtime.endpoint is None:
        return None
    try:
        with urllib.request.urlopen(f"http://{runtime.endpoint}/jobmanager/config", timeout=_PATIENCE) as answer:
            told = {entry["key"]: entry["value"] for entry in json.load(answer)}
    except (OSError, ValueError, KeyError, TypeError):  # behind a proxy, or no list of keys and values
        return None
    found = next((told[key] for key in _KEYS if key in told), None)
    if found is not None and str(found).lower() not in _NONE:
        return None
    got = "none" if found is None else f'"{found}"'
    return (
        f"The Flink cluster at {runtime.endpoint} should have a restart strategy, got {got}: a job that loses a worker "
        "then fails, where with restart-strategy.type: fixed-delay it was seen to lose and double nothing (Flink "
        "1.20.3). Set it in the cluster's configuration."
    )
