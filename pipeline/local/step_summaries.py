"""What each step did, in a few words and in sentences, read from the artifacts it left."""

from __future__ import annotations

from pathlib import Path

from components.formats.evaluation import Evaluation
from components.formats.findings import WARN, Findings
from components.formats.push import Push
from components.formats.summary import Summary
from components.model_format.manifest import Manifest
from pipeline.graph.steps import STEPS
from pipeline.graph.steps.base import SERVING
from pipeline.runs.record import Run, StepRecord


def detail(step: StepRecord) -> str:
    """Returns a few words about a finished step, for its line in the table."""
    known = STEPS.get(step.name)
    return known.summary(step.artifacts) if known and known.summary else ""


def warnings(run: Run) -> list[str]:
    """Returns what a person should know of the data and of what was learnt, although it stopped nothing."""
    sentences: list[str] = []
    if examples := run.artifact("ExampleGen", "examples"):
        sentences += Summary.read(examples).warnings
    if found := findings(run):
        sentences += [*found.notes, *found.sentences(WARN)]
    if model := run.artifact("Trainer", "model"):
        sentences += Manifest.read(Path(model) / SERVING).notes
    return list(dict.fromkeys(sentences))


def findings(run: Run) -> Findings | None:
    """Returns what the data validation found, None when the run did not come that far."""
    folder = run.artifact("DataValidator", "anomalies")
    return None if folder is None else Findings.read(folder)


def evaluation(run: Run) -> Evaluation | None:
    """Returns the Evaluator's figures, None when the run did not come that far."""
    folder = run.artifact("Evaluator", "evaluation")
    return None if folder is None else Evaluation.read(folder)


def push(run: Run) -> Push | None:
    """Returns what the Pusher did, None when the run did not come that far."""
    folder = run.artifact("Pusher", "pushed_model")
    return None if folder is None else Push.read(folder)
