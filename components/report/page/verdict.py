"""The outcome of a run, in one line above the verdict's cards."""

from __future__ import annotations

from collections.abc import Sequence

from components.formats.report import Subject
from components.report.parts.verdict import TUNED, VALIDATED

_WITHOUT_MODEL = {
    VALIDATED: "The data passed; no model was evaluated.",
    TUNED: "The search has ended; no model was evaluated.",
}


def overall(verdict: Sequence[Subject], ended: str | None = None) -> dict[str, str]:
    """Returns the state of a run and its outcome, in a sentence.

    Args:
        verdict: the verdict on the data, on each head and on the push.
        ended: state of the run, where it is known.
    """
    states = {part.subject: part.state for part in verdict}
    heads = [states.get(head) for head in ("regression", "classification")]
    if states.get("data") == "failed":
        return {"state": "failed", "sentence": "The data was refused; nothing was trained."}
    if "failed" in heads:
        return {"state": "failed", "sentence": "The model was rejected; nothing was pushed."}
    if states.get("push") == "failed":
        return {"state": "failed", "sentence": "The model was not pushed."}
    if states.get("push") == "passed":
        warned = "warned" in states.values()
        sentence = "The model was pushed, with warnings." if warned else "The model was pushed."
        return {"state": "warned" if warned else "passed", "sentence": sentence}
    if ended in _WITHOUT_MODEL and states.get("data") in ("passed", "warned"):
        return {"state": states["data"], "sentence": _WITHOUT_MODEL[ended]}
    return {"state": "not reached", "sentence": "The run did not come to its end."}
