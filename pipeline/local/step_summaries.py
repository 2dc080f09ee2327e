"""What each step did, in a few words and in sentences, read from the artifacts it left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.data_validator.analysis.finding import WARN
from components.formats.evaluation import Evaluation
from components.formats.summary import Summary
from components.model_format.manifest import MANIFEST
from components.shared.file_names import EXTRA, FINDINGS, PUSH
from components.shared.kept_files import read_json
from pipeline.graph.steps import STEPS
from pipeline.graph.steps.base import SERVING
from pipeline.runs.record import Run, Step


def detail(step: Step) -> str:
    """Returns a few words about a finished step, for its line in the table."""
    known = STEPS.get(step.name)
    return known.summary(step.artifacts) if known and known.summary else ""


def warnings(run: Run) -> list[str]:
    """Returns what a person should know of the data and of what was learnt, although it stopped nothing."""
    sentences: list[str] = []
    if examples := run.artifact("ExampleGen", "examples"):
        sentences += Summary.read(examples).warnings
    if found := findings(run):
        sentences += found["notes"]
        sentences += [anomaly["sentence"] for anomaly in found["anomalies"] if anomaly["level"] == WARN]
    if manifest := _read(run.artifact("Trainer", "model"), f"{SERVING}/{EXTRA}/{MANIFEST}"):
        sentences += manifest.get("notes", [])
    return list(dict.fromkeys(sentences))


def findings(run: Run) -> dict[str, Any] | None:
    """Returns what the data validation found, None when the run did not come that far."""
    return _read(run.artifact("DataValidator", "anomalies"), FINDINGS)


def evaluation(run: Run) -> Evaluation | None:
    """Returns the Evaluator's figures, None when the run did not come that far."""
    folder = run.artifact("Evaluator", "evaluation")
    return None if folder is None else Evaluation.read(folder)


def push(run: Run) -> dict[str, Any] | None:
    """Returns what the Pusher did, None when the run did not come that far."""
    return _read(run.artifact("Pusher", "pushed_model"), PUSH)


def _read(folder: str | None, file: str) -> dict[str, Any] | None:
    return None if folder is None else read_json(Path(folder) / file)
