"""The report: what the artifacts of a run say, brought together.

    ExampleGen  summary.json ───┐
    validation  findings.json ──┼─► data ──┐
    DataReport  columns.json ───┘          ├─► verdict
    Tuner       tuning.json ───── tuning   │
    Trainer     history.json ───┐          │
    Evaluator   *.json ─────────┼─► model ─┤
    Pusher      push.json ──────┴──────────┘
    Relatedness relatedness.json ─► relatedness, where it is part of the run

A run that was stopped has fewer artifacts; what is not there is None in the report. Nothing here knows TensorFlow,
so an old run's report is made again in a second.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from components.formats.columns import Columns
from components.formats.evaluation import Evaluation
from components.formats.figures import Figures
from components.formats.findings import Findings
from components.formats.history import History
from components.formats.importance import Importance
from components.formats.push import Push
from components.formats.relatedness import Relatedness
from components.formats.report import Output, Report, RunPart, Setting, Software
from components.formats.summary import Summary
from components.formats.tuning import Tuning
from components.report.parts.data import data_part
from components.report.parts.model import model_part
from components.report.parts.relatedness import relatedness_part
from components.report.parts.verdict import verdict
from components.shared.dotted_keys import leaves

_PACKAGES = ("mtl-pipeline", "tfx", "tensorflow", "keras", "tensorflow-data-validation", "tensorflow-transform")


@dataclass(frozen=True)
class Sources:
    """Folders of a run's artifacts; None for a step that was not reached.

    Args:
        examples: ExampleGen's, for `summary.json`.
        anomalies: the data validation's, for `findings.json`.
        columns: DataReport's, for `columns.json`.
        model_run: the Trainer's, for `history.json`.
        evaluation: the Evaluator's.
        pushed_model: the Pusher's, for `push.json`.
        relatedness: Relatedness's, for `relatedness.json`.
        tuning: the Tuner's, for `tuning.json`.
    """

    examples: str | None = None
    anomalies: str | None = None
    columns: str | None = None
    model_run: str | None = None
    evaluation: str | None = None
    pushed_model: str | None = None
    relatedness: str | None = None
    tuning: str | None = None


@dataclass(frozen=True)
class Origin:
    """What is known of a run besides its artifacts.

    Args:
        pipeline: the pipeline's name.
        config: the resolved configuration.
        origins: dotted key -> where its value comes from; empty where that is not known.
        lineage: step, output, path.
        run: the run's own record as the report shows it; None inside Kubeflow, which keeps its own.
    """

    pipeline: str
    config: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    lineage: Sequence[tuple[str, str, str]] = ()
    run: RunPart | None = None


def collect(sources: Sources, origin: Origin) -> Report:
    """Returns the whole report."""
    findings = Findings.find(sources.anomalies)
    evaluation = Evaluation.find(sources.evaluation)
    push = Push.find(sources.pushed_model)
    relatedness = Relatedness.find(sources.relatedness)
    data = data_part(Summary.find(sources.examples), findings, Columns.find(sources.columns))
    model = None
    if evaluation is not None:
        model = model_part(
            evaluation,
            Figures.find(sources.evaluation),
            Importance.find(sources.evaluation),
            History.find(sources.model_run),
            origin.config.get("training", {}).get("balancing"),
        )
    return Report(
        pipeline=origin.pipeline,
        verdict=tuple(verdict(findings, evaluation, push, origin.run)),
        run=origin.run,
        config=tuple(
            Setting(key, value, origin.origins.get(key, "")) for key, value in settings(origin.config).items()
        ),
        versions=_versions(),
        lineage=tuple(Output(*row) for row in origin.lineage),
        data=data,
        tuning=Tuning.find(sources.tuning),
        model=model,
        relatedness=None if relatedness is None else relatedness_part(relatedness),
    )


def settings(config: Mapping[str, Any]) -> dict[str, str]:
    """Returns every dotted key of a configuration with its value as it is shown, an empty mapping as `{}`."""
    return {key: _shown(value) for key, value in leaves(config)}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _versions() -> tuple[Software, ...]:
    python = Software("python", platform.python_version())
    return (python, *(Software(name, metadata.version(name)) for name in _PACKAGES))
