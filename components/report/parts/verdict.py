"""The first thing a person reads: the data, each head and the push, each with its reason and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PASSED, WARNED, FAILED, NOT_REACHED = "passed", "warned", "failed", "not reached"
VALIDATED, TUNED = "validated", "tuned"
DATA_STEPS = ("DataValidator", "DataGate")

_REMEDIES = {
    "predictions": "Lower training.learning_rate, or look for extreme values in the features.",
    "threshold": "Improve the data or the model, or set another bound under gates.{head}.thresholds.",
    "better_than_trivial": "Add rows, or features that say something of {label}.",
    "no_worse_than_pushed": "Keep the pushed model, or allow a loss by gates.{head}.tolerance.",
}

_DOUBTS = {"no_worse_than_pushed": "Look at both models yourself: the comparison with the pushed one says little here."}

Values = Mapping[str, Any]


def verdict(
    gate: Values | None, evaluation: Values | None, push: Values | None, run: Values | None
) -> list[dict[str, str]]:
    """Returns title, state, reason and next step of each subject, in the order of the run.

    Args:
        gate: `gate.json`; None where the validation was not reached.
        evaluation: `evaluation.json`, or None.
        push: `push.json`, or None.
        run: the run's record as the report shows it, or None; it says what stopped a run that left no artifact.
    """
    data = _data(gate, run)
    unreached = _unreached(data, run)
    heads = [_head(head, evaluation, unreached) for head in ("regression", "classification")]
    return [data, *heads, _push(push, evaluation, unreached)]


def _entry(subject: str, title: str, state: str, reason: str, following: str = "") -> dict[str, str]:
    return {"subject": subject, "title": title, "state": state, "reason": reason, "next": following}


def _data(gate: Values | None, run: Values | None) -> dict[str, str]:
    stopped = _failed_step(run) in DATA_STEPS
    if gate is None:
        problems = list((run or {}).get("problems", [])) if stopped else []
        if problems:
            return _entry("data", "Data", FAILED, _first(problems), _correct({}))
        return _entry("data", "Data", NOT_REACHED, _ended(run), "")
    failed = [anomaly for anomaly in gate["anomalies"] if anomaly["level"] == "fail"]
    if failed:
        return _entry("data", "Data", FAILED, _first([anomaly["sentence"] for anomaly in failed]), _correct(failed[0]))
    warned = [*(anomaly["sentence"] for anomaly in gate["anomalies"]), *gate["notes"]]
    if warned:
        return _entry("data", "Data", WARNED, _first(warned), "Read the notes on the data; none of them stops a run.")
    return _entry("data", "Data", PASSED, "All splits are as the schema says.")


def _correct(anomaly: Values) -> str:
    remedy = anomaly.get("remedy")
    if not remedy:
        return "Correct the data, or, if it is right as it is, the reviewed schema."
    return f"Correct the data, or, if it is right as it is, change this: `{remedy}`."


def _first(sentences: list[str]) -> str:
    """The first sentence, and how many there are beside it."""
    more = len(sentences) - 1
    return sentences[0] + (f" ({more} more below)" if more else "")


def _unreached(data: Values, run: Values | None) -> str:
    """Says why a subject that left nothing was not reached."""
    return "The data did not pass, so the run stopped before." if data["state"] == FAILED else _ended(run)


def _ended(run: Values | None) -> str:
    step = _failed_step(run)
    if step:
        return f"The run ended in {step}, before this."
    if run is not None and run["state"] == VALIDATED:
        return "No model was to be judged in this run."
    if run is not None and run["state"] == TUNED:
        return "Only settings were to be searched."
    if run is not None and run["state"] == "interrupted":
        return "The run was interrupted before this."
    return "Nothing is known of it yet."


def _failed_step(run: Values | None) -> str:
    return next((step["name"] for step in (run or {}).get("steps", []) if step["state"] == "failed"), "")


def _head(head: str, evaluation: Values | None, unreached: str) -> dict[str, str]:
    if evaluation is None:
        return _entry(head, head.capitalize(), NOT_REACHED, unreached)
    label = evaluation["labels"][head]
    title = f"{head.capitalize()}: {label}"
    checks = [check for check in evaluation["verdict"]["checks"] if check["head"] == head]
    failed = [check for check in checks if not check["passed"]]
    doubtful = [check for check in checks if check["warning"]]
    if failed:
        # The check that decides comes first; where none does, the other head is the primary one.
        worst = min(failed, key=lambda check: not check["decides"])
        remedy = _REMEDIES[worst["name"]].format(head=head, label=label)
        return _entry(head, title, FAILED if worst["decides"] else WARNED, said(head, worst["sentence"]), remedy)
    if doubtful:
        following = _DOUBTS.get(doubtful[0]["name"], "Judge it on more rows before you rely on it.")
        return _entry(head, title, WARNED, said(head, doubtful[0]["sentence"]), following)
    telling = next((check for check in checks if check["name"] == "better_than_trivial"), checks[-1])
    return _entry(head, title, PASSED, said(head, telling["sentence"]))


def said(head: str, sentence: str) -> str:
    """Returns the sentence of a check without the head's name, for a place where the head is named already."""
    short = sentence.removeprefix(f"{head}: ")
    return short[:1].upper() + short[1:]


def _push(push: Values | None, evaluation: Values | None, unreached: str) -> dict[str, str]:
    if push is None:
        return _entry("push", "Push", NOT_REACHED, unreached)
    if not push["pushed"]:
        sentence = evaluation["verdict"]["sentence"] if evaluation else "The model was not blessed."
        return _entry(
            "push", "Push", FAILED, f"Nothing was pushed. {sentence}", "Mend what failed above, and run again."
        )
    what = "was there already" if push["unchanged"] else "is now current"
    return _entry(
        "push", "Push", PASSED, f"Version {push['version']} {what}, in {push['path']}.", "`mtl rollback` takes it back."
    )
