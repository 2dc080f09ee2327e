"""The first thing a person reads: the data, each head and the push, each with its reason and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from components.formats.evaluation import Evaluation
from components.formats.findings import FAIL, Findings
from components.formats.push import Push
from components.formats.report import RunPart, Subject

PASSED, WARNED, FAILED, NOT_REACHED = "passed", "warned", "failed", "not reached"
VALIDATED, TUNED = "validated", "tuned"
DATA_STEPS = ("DataValidator", "DataGate")

_REMEDIES = {
    "predictions": "Lower training.learning_rate, or look for extreme values in the features.",
    "threshold": "Improve the data or the model, or set another bound under gates.{head}.thresholds.",
    "better_than_trivial": "Add rows, or features that are informative about {label}.",
    "no_worse_than_pushed": "Keep the production model, or allow a loss by gates.{head}.tolerance.",
}

_DOUBTS = {"no_worse_than_pushed": "Look at both models yourself: the comparison says little here."}


def verdict(
    findings: Findings | None, evaluation: Evaluation | None, push: Push | None, run: RunPart | None
) -> list[Subject]:
    """Returns the verdict on each subject, in the order of the run.

    Args:
        findings: those of the data validation; None where it was not reached.
        evaluation: what the Evaluator found, or None.
        push: what the Pusher did, or None.
        run: the run itself, or None; it says what stopped a run that left no artifact.
    """
    data = _data(findings, run)
    unreached = _unreached(data, run)
    heads = [_head(head, evaluation, unreached) for head in ("regression", "classification")]
    return [data, *heads, _push(push, evaluation, unreached)]


def _data(findings: Findings | None, run: RunPart | None) -> Subject:
    stopped = _failed_step(run) in DATA_STEPS
    if findings is None:
        problems = run.problems if run and stopped else ()
        if problems:
            return Subject("data", "Data", FAILED, _first(problems), _correct(None))
        return Subject("data", "Data", NOT_REACHED, _ended(run))
    failed = [anomaly for anomaly in findings.anomalies if anomaly.level == FAIL]
    if failed:
        return Subject("data", "Data", FAILED, _first(findings.problems), _correct(failed[0].remedy))
    warned = [*(anomaly.sentence for anomaly in findings.anomalies), *findings.notes]
    if warned:
        return Subject("data", "Data", WARNED, _first(warned), "Read the notes on the data; none of them stops a run.")
    return Subject("data", "Data", PASSED, "All splits are as the schema says.")


def _correct(remedy: str | None) -> str:
    if not remedy:
        return "Correct the data, or, if it is right as it is, the reviewed schema."
    return f"Correct the data, or, if it is right as it is, change this: `{remedy}`."


def _first(sentences: Sequence[str]) -> str:
    """The first sentence, and how many there are beside it."""
    more = len(sentences) - 1
    return sentences[0] + (f" ({more} more below)" if more else "")


def _unreached(data: Subject, run: RunPart | None) -> str:
    """Says why a subject that left nothing was not reached."""
    return "The data did not pass, so the run stopped before." if data.state == FAILED else _ended(run)


def _ended(run: RunPart | None) -> str:
    step = _failed_step(run)
    if step:
        return f"The run ended in {step}, before this."
    if run is not None and run.state == VALIDATED:
        return "No model was evaluated in this run."
    if run is not None and run.state == TUNED:
        return "This run only searched for settings."
    if run is not None and run.state == "interrupted":
        return "The run was interrupted before this."
    return "Nothing is known of it yet."


def _failed_step(run: RunPart | None) -> str:
    return next((step.name for step in (run.steps if run else ()) if step.state == "failed"), "")


def _head(head: str, evaluation: Evaluation | None, unreached: str) -> Subject:
    if evaluation is None:
        return Subject(head, head.capitalize(), NOT_REACHED, unreached)
    label = evaluation.labels[head]
    title = f"{head.capitalize()}: {label}"
    checks = evaluation.verdict.of(head)
    failed = [check for check in checks if not check.passed]
    doubtful = [check for check in checks if check.warning]
    if failed:
        # The check that decides comes first; where none does, the other head is the primary one.
        worst = min(failed, key=lambda check: not check.decides)
        remedy = _REMEDIES[worst.name].format(head=head, label=label)
        return Subject(head, title, FAILED if worst.decides else WARNED, without_head(head, worst.sentence), remedy)
    if doubtful:
        following = _DOUBTS.get(doubtful[0].name, "Evaluate it on more rows before you rely on it.")
        return Subject(head, title, WARNED, without_head(head, doubtful[0].sentence), following)
    telling = next((check for check in checks if check.name == "better_than_trivial"), checks[-1])
    return Subject(head, title, PASSED, without_head(head, telling.sentence))


def without_head(head: str, sentence: str) -> str:
    """Returns the sentence of a check without the head's name, for a place where the head is named already."""
    short = sentence.removeprefix(f"{head}: ")
    return short[:1].upper() + short[1:]


def _push(push: Push | None, evaluation: Evaluation | None, unreached: str) -> Subject:
    if push is None:
        return Subject("push", "Push", NOT_REACHED, unreached)
    if not push.pushed:
        sentence = evaluation.verdict.sentence if evaluation else "The model was not blessed."
        return Subject(
            "push", "Push", FAILED, f"Nothing was pushed. {sentence}", "Fix what failed above, and run again."
        )
    what = "was there already" if push.unchanged else "is now current"
    return Subject(
        "push", "Push", PASSED, f"Version {push.version} {what}, in {push.path}.", "`mtl rollback` takes it back."
    )
