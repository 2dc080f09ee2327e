"""The DataValidator step: judges the data and stops nothing.

The DataGate step reads the judgement; a report can be written in between.
"""

import json
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.component.experimental.annotations import BeamComponentParameter, InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Model, Schema
from tfx.utils import path_utils

from components.data_validator.analysis.drift import DRIFT, SKEW, Tolerance, compare
from components.data_validator.analysis.labels import (
    class_anomalies,
    missing_anomalies,
    outlier_bounds,
    target_anomalies,
)
from components.data_validator.analysis.leakage import leaks
from components.data_validator.analysis.row_checks import check_anomalies
from components.data_validator.anomalies import Levels, from_proto
from components.data_validator.domains import to_judge
from components.data_validator.evidence import Expected, rules_of, with_examples
from components.data_validator.sample import read_samples
from components.data_validator.source import CHANGED, found_in_source
from components.data_validator.workers_judge import WorkersJudge
from components.example_gen.cells.cells import Kind
from components.example_gen.spec import IngestSpec
from components.example_gen.workers import Workers
from components.formats.distributions import Distribution, Distributions
from components.formats.findings import WARN, Anomaly, Comparison, Findings
from components.formats.summary import Summary
from components.model_format.manifest import GO_BACK
from components.schema_gen.curation import TRAINING, identifier_notes
from components.schema_gen.domains import any_text_notes
from components.schema_gen.schema_file import read_schema
from components.shared.beam_engine import discard, runs_here
from components.shared.errors import InputError
from components.shared.file_names import EXTRA, SCHEMA
from components.shared.splits import EVAL, TRAIN, VALIDATION
from components.statistics_gen.statistics import read_statistics


@component(use_beam=True)
def DataValidator(
    examples: InputArtifact[Examples],
    statistics: InputArtifact[ExampleStatistics],
    schema: InputArtifact[Schema],
    baseline: InputArtifact[Model],
    anomalies: OutputArtifact[ExampleAnomalies],
    spec: Parameter[str],
    reviewed_schema: Parameter[str],
    settings: Parameter[str],
    code: Parameter[str],
    beam_pipeline: BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """Checks every split against the schema, the labels for sanity, the rows by custom checks; measures drift and skew.

    Args:
        examples: the ingested splits.
        statistics: statistics of every split.
        schema: the schema in force.
        baseline: the production model, whose distributions drift is measured against; empty when there is none.
        anomalies: TFDV's anomalies per split in TFX's layout; `findings.json` with everything found;
            `distributions.json` of train and eval, to be pushed with the model.
        spec: `IngestSpec.to_json()`, for how to read the source rows.
        reviewed_schema: text of the reviewed schema; empty when there is none.
        settings: JSON: `level`, `levels`, `drift`, `labels`, `checks`, as in the configuration; `loss`, that of the
            number.
        code: fingerprint of this step's code, part of the cache key.
        beam_pipeline: on whose workers examples and rows are read, where it has some beside this process.
    """
    del code
    chosen, source = json.loads(settings), IngestSpec.from_json(spec)
    labels = (source.regression, source.classification)
    in_force = read_schema(Path(schema.uri) / SCHEMA)
    summary = Summary.read(examples.uri)

    levels = Levels(chosen["level"], chosen["levels"])
    found = _schema_anomalies(examples, statistics, in_force, reviewed_schema, anomalies, levels)

    columns = _compared(summary, in_force)
    workers = None
    if beam_pipeline is not None:
        discard(beam_pipeline)  # each pass has one of its own
        workers = None if runs_here(beam_pipeline) else Workers(beam_pipeline, anomalies.uri)
    samples = read_samples(examples.uri, columns, (TRAIN, VALIDATION, EVAL), summary.wide, workers)
    train, validation = (samples[split].divided(labels) for split in (TRAIN, VALIDATION))
    unlabelled = {label: summary.without(label) for label in labels}
    found += missing_anomalies(sum(summary.splits.values()), unlabelled, chosen["labels"]["level"])
    found += class_anomalies(source.classification, summary.classes, chosen["labels"]["level"])
    found += target_anomalies(source.regression, train.number, chosen["labels"]["level"], chosen.get("loss", "mae"))
    found += leaks(train, validation, labels, chosen["labels"]["leakage"], chosen["labels"]["level"])

    key = source.column if source.split == "column" else None
    now = {split: samples[split].distributions(key) for split in (TRAIN, EVAL)}
    Distributions(now).write(anomalies.uri)
    before = Distributions.find(Path(path_utils.serving_model_path(baseline.uri)) / EXTRA, GO_BACK)
    pushed = before.splits if before else {}
    version = baseline.get_int_custom_property("version")
    against = f"pushed version {version}" if pushed else None
    comparisons, differences = _compare(now, pushed, against or "", source, chosen["drift"])

    found += differences
    train_statistics = read_statistics(statistics.uri, TRAIN).datasets[0]
    notes = []
    if not reviewed_schema:
        notes += identifier_notes(in_force, train_statistics) + any_text_notes(in_force, train_statistics)
    expected = Expected(in_force, {DRIFT: pushed, SKEW: {EVAL: now[TRAIN]}}, outlier_bounds(train.number))
    wanted = rules_of(found, expected)
    if wanted or chosen["checks"]:
        judge = None if workers is None else WorkersJudge(workers)
        shown = found_in_source(
            summary, lambda table: with_examples(found, wanted, table) + check_anomalies(table, chosen["checks"], judge)
        )
        if shown is not None:
            found = shown
        elif chosen["checks"]:
            raise InputError(
                "The data files must stay as they were ingested until `checks` have judged their rows, "
                f"got other content, or none, in {', '.join(summary.files)}. Run again."
            )
        else:
            notes.append(CHANGED)

    if version and not pushed:
        notes.append(f"Drift was not measured: the production model, version {version}, has no {Distributions.FILE}.")
    Findings(tuple(notes), tuple(found), tuple(comparisons), against).write(anomalies.uri)


def _schema_anomalies(
    examples: Examples,
    statistics: ExampleStatistics,
    schema: schema_pb2.Schema,
    reviewed: str,
    anomalies: ExampleAnomalies,
    levels: Levels,
) -> list[Anomaly]:
    """Returns what breaks the schema in each split, and writes TFDV's own account of it."""
    found = []
    anomalies.split_names = statistics.split_names
    for split in artifact_utils.decode_split_names(statistics.split_names):
        rows = artifact_utils.get_split_uri([examples], split)
        judged, strict = to_judge(read_statistics(statistics.uri, split), schema, rows)
        proto = tfdv.validate_statistics(judged, strict, environment=TRAINING)
        folder = Path(artifact_utils.get_split_uri([anomalies], split))
        folder.mkdir(parents=True)
        (folder / "SchemaDiff.pb").write_bytes(proto.SerializeToString())
        found += from_proto(proto, schema, split, levels, reviewed)
    return found


def _compared(summary: Summary, schema: schema_pb2.Schema) -> dict[str, str]:
    """Returns column → kind of the labels and of every feature in use that is no vector."""
    used = {feature.name for feature in schema.feature if not feature.lifecycle_stage}
    kinds = {name: kind for name, kind in summary.columns.items() if kind != Kind.VECTOR and name in used}
    return kinds | {summary.regression: Kind.FLOAT.value, summary.classification: Kind.BYTES.value}


def _compare(
    now: dict[str, dict[str, Distribution]],
    pushed: dict[str, dict[str, Distribution]],
    against: str,
    source: IngestSpec,
    drift: dict[str, Any],
) -> tuple[list[Comparison], list[Anomaly]]:
    """Measures drift of train and eval, and skew between them."""
    tolerance = Tolerance(drift["level"], drift["false_alarms"], drift["thresholds"])
    # Splits by key or time differ by design, in the column of the split most of all.
    level = drift["skew"] if source.split == "row" else min(drift["skew"], WARN, key=("ignore", WARN, "fail").index)
    skew = Tolerance(level, drift["false_alarms"], drift["thresholds"])
    apart = {name: one for name, one in now[EVAL].items() if name != source.column}
    results = [
        *(compare(DRIFT, split, now[split], pushed[split], against, tolerance) for split in pushed),
        compare(SKEW, EVAL, apart, now[TRAIN], TRAIN, skew),
    ]
    comparisons = [one for some, _ in results for one in some]
    return comparisons, [one for _, some in results for one in some]
