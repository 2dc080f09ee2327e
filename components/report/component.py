"""The steps that report: DataReport on the data, before anything can stop the run, and Report on all of it."""

import json
from pathlib import Path
from typing import Any

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import (
    ExampleAnomalies,
    Examples,
    ExampleStatistics,
    ModelEvaluation,
    ModelRun,
    PushedModel,
    Schema,
)

from components.formats.report import Report as ReportFile
from components.formats.summary import Summary
from components.report.artifacts import HTML, ClassificationMetrics, Metrics, RunReport, set_confusion, set_metrics
from components.report.collect import Origin, Sources, collect
from components.report.columns.describe import describe_columns
from components.report.files import PAGE, write
from components.schema_gen.schema_file import read_schema
from components.shared.file_names import SCHEMA


@component
def DataReport(
    examples: InputArtifact[Examples],
    statistics: InputArtifact[ExampleStatistics],
    schema: InputArtifact[Schema],
    anomalies: InputArtifact[ExampleAnomalies],
    report: OutputArtifact[RunReport],
    html: OutputArtifact[HTML],
    settings: Parameter[str],
    code: Parameter[str],
) -> None:
    """Describes every column of train and eval, and reports on the data alone.

    Args:
        examples: the ingested splits.
        statistics: statistics of every split.
        schema: the schema in force.
        anomalies: what the validation found.
        report: `columns.json`, and the report as far as it goes.
        html: the page of that report.
        settings: JSON: `pipeline` and `config`.
        code: fingerprint of this step's code, part of the cache key.
    """
    del code
    in_force = read_schema(Path(schema.uri) / SCHEMA)
    describe_columns(examples.uri, statistics.uri, in_force, Summary.read(examples.uri)).write(report.uri)
    sources = Sources(examples=examples.uri, anomalies=anomalies.uri, columns=report.uri)
    _write(sources, settings, report, html)


@component
def Report(
    examples: InputArtifact[Examples],
    anomalies: InputArtifact[ExampleAnomalies],
    data_report: InputArtifact[RunReport],
    model_run: InputArtifact[ModelRun],
    evaluation: InputArtifact[ModelEvaluation],
    pushed_model: InputArtifact[PushedModel],
    report: OutputArtifact[RunReport],
    html: OutputArtifact[HTML],
    regression_metrics: OutputArtifact[Metrics],
    classification_metrics: OutputArtifact[Metrics],
    confusion: OutputArtifact[ClassificationMetrics],
    settings: Parameter[str],
    code: Parameter[str],
    relatedness: InputArtifact[ModelEvaluation] = None,
) -> None:
    """Reports on the whole run.

    Args:
        examples: the ingested splits, for their summary.
        anomalies: what the validation found.
        data_report: the DataReport's columns.
        model_run: the Trainer's learning curves.
        evaluation: the Evaluator's figures.
        pushed_model: what the Pusher did.
        report: `report.html`, `report.json`, `card.md`, `card.json`.
        html: the page again, as one file that Kubeflow shows.
        regression_metrics: the metrics of the regression head, as Kubeflow shows them.
        classification_metrics: the metrics of the classification head.
        confusion: the confusion matrix.
        settings: JSON: `pipeline` and `config`.
        code: fingerprint of this step's code, part of the cache key.
        relatedness: what Relatedness found, where it is part of the run.
    """
    del code
    sources = Sources(
        examples=examples.uri,
        anomalies=anomalies.uri,
        columns=data_report.uri,
        model_run=model_run.uri,
        evaluation=evaluation.uri,
        pushed_model=pushed_model.uri,
        relatedness=relatedness.uri if relatedness else None,
    )
    model = _write(sources, settings, report, html).model
    assert model is not None, "the evaluation is an input of this step"
    heads = model.evaluation.heads
    set_metrics(regression_metrics, heads["regression"].metrics)
    set_metrics(classification_metrics, heads["classification"].metrics)
    if model.evaluation.confusion is not None:
        set_confusion(confusion, model.evaluation.confusion)


def _write(sources: Sources, settings: str, report: Any, html: Any) -> ReportFile:
    """Writes the report into its artifacts and returns it."""
    chosen = json.loads(settings)
    collected = collect(sources, Origin(chosen["pipeline"], chosen["config"]))
    write(collected, Path(report.uri))
    html.write((Path(report.uri) / PAGE).read_text(encoding="utf-8"))
    return collected
