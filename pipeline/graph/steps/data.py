"""The steps from the table to data that may be trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from components.formats.columns import Columns
from components.formats.findings import WARN, Findings
from components.formats.summary import Summary
from components.shared.file_names import VERSION_MANIFEST
from pipeline.config.run import Config
from pipeline.graph.steps.base import DATA, DESTINATION, SERVING, Arguments, Inputs, Step, as_json, within


def _example_gen(config: Config, inputs: Inputs) -> Arguments:
    return {
        "spec": inputs.spec.to_json(),
        "fingerprint": inputs.fingerprint,
        "code": inputs.code["ExampleGen"],
        "pushed_rows": inputs.production.rows["given"],
        "destination": "" if inputs.fingerprint else config.destination,
    }


def _ingested(artifacts: Mapping[str, str]) -> str:
    summary = Summary.read(artifacts["examples"])
    splits = ", ".join(f"{split} {rows:,}" for split, rows in summary.splits.items())
    words = [f"{summary.rows_in:,} rows: {splits}"]
    for label in (summary.regression, summary.classification):
        if without := summary.without(label):
            words.append(f"{without:,} without {label}")
    if left_out := sum(summary.left_out.values()):
        words.append(f"left out {left_out:,}")
    return ", ".join(words)


def _statistics_gen(config: Config, inputs: Inputs) -> Arguments:
    del config
    return {"code": inputs.code["StatisticsGen"]}


def _schema_gen(config: Config, inputs: Inputs) -> Arguments:
    settings = {"labels": config.labels.training_only, "keep": config.features.categorical}
    return {
        "reviewed_schema": inputs.reviewed_schema,
        "settings": as_json(settings),
        "code": inputs.code["SchemaGen"],
    }


def _baseline(config: Config, inputs: Inputs) -> Arguments:
    return {
        "destination": config.destination,
        "version": inputs.production.baseline,
        "content": inputs.production.content,
        "labels": as_json([config.labels.regression, config.labels.classification]),
        "replace": int(config.push.replace),
        "code": inputs.code["Baseline"],
    }


def _brought(artifacts: Mapping[str, str]) -> str:
    manifest = Path(artifacts["model"], SERVING, VERSION_MANIFEST)
    return "the production model" if manifest.exists() else "no production model yet"


def _data_validator(config: Config, inputs: Inputs) -> Arguments:
    gates = config.gates.model_dump(mode="json")
    data = config.gates.data
    settings = {
        "level": data.reviewed if config.data.schema_file else data.inferred,
        "levels": data.levels,
        "drift": gates["drift"],
        "labels": gates["labels"],
        "loss": config.training.regression_loss,
        "checks": [check.model_dump(mode="json") for check in config.checks],
    }
    return {
        "spec": inputs.spec.to_json(),
        "reviewed_schema": inputs.reviewed_schema,
        "settings": as_json(settings),
        "code": inputs.code["DataValidator"],
    }


def _validated(artifacts: Mapping[str, str]) -> str:
    found = Findings.read(artifacts["anomalies"])
    counts = []
    if failed := len(found.problems):
        counts.append(f"{failed} failed")
    if warned := len(found.notes) + len(found.sentences(WARN)):
        counts.append(f"{warned} warning{'s' if warned > 1 else ''}")
    return ", ".join(counts) or "as expected"


def _data_report(config: Config, inputs: Inputs) -> Arguments:
    shown = config.as_json()
    on_data = {name: shown[name] for name in ("data", "labels", "features", "checks")}
    on_data["gates"] = {name: shown["gates"][name] for name in ("data", "drift", "labels")}
    return {
        "settings": as_json({"pipeline": config.name, "config": on_data}),
        "code": inputs.code["DataReport"],
    }


def _described(artifacts: Mapping[str, str]) -> str:
    return f"{len(Columns.read(artifacts['report']).columns):,} columns"


def _data_gate(config: Config, inputs: Inputs) -> Arguments:
    del config
    return {"code": inputs.code["DataGate"]}


def _passed(artifacts: Mapping[str, str]) -> str:
    del artifacts
    return "passed"


STEPS = (
    # Reads the table, divides it into train, validation, calibration and eval, and counts every row.
    Step(
        "ExampleGen",
        component="components.example_gen.component.ExampleGen",
        module="components.example_gen.component",
        takes={},
        arguments=_example_gen,
        summary=_ingested,
        report_source={"examples": "examples"},
        # Neither the data nor what is served now is in the key: a hit would be stale.
        cached=False,
        parameters={"data.path": "spec.paths", "data.date": "spec.date", DESTINATION: "destination"},
    ),
    # Describes the splits.
    Step(
        "StatisticsGen",
        component="components.statistics_gen.component.StatisticsGen",
        module="components.statistics_gen.component",
        takes={"examples": "ExampleGen.examples"},
        arguments=_statistics_gen,
    ),
    # Settles the schema: a reviewed one or that of train.
    Step(
        "SchemaGen",
        component="components.schema_gen.component.SchemaGen",
        module="components.schema_gen.component",
        takes={"examples": "ExampleGen.examples", "statistics": "StatisticsGen.statistics"},
        arguments=_schema_gen,
    ),
    # Brings the model now pushed, if any.
    Step(
        "Baseline",
        component="components.baseline.component.Baseline",
        module="components.baseline.component",
        takes={},
        arguments=_baseline,
        after=("SchemaGen",),  # it needs nothing of the data
        summary=_brought,
        cached=False,  # the production model is not in the key
        parameters={DESTINATION: "destination"},
    ),
    # Judges the data against the schema and against what the production model was trained on. It reads files too, those
    # its examples were made of: it judges what was ingested, so its verdict on the same examples holds whatever the
    # files say by now.
    Step(
        "DataValidator",
        component="components.data_validator.component.DataValidator",
        module="components.data_validator.component",
        takes={
            "examples": "ExampleGen.examples",
            "statistics": "StatisticsGen.statistics",
            "schema": "SchemaGen.schema",
            "baseline": "Baseline.model",
        },
        arguments=_data_validator,
        summary=_validated,
        report_source={"anomalies": "anomalies"},
    ),
    # Reports on the data, also where it stops the run.
    Step(
        "DataReport",
        component="components.report.component.DataReport",
        module="components.report.component",
        takes={
            "examples": "ExampleGen.examples",
            "statistics": "StatisticsGen.statistics",
            "schema": "SchemaGen.schema",
            "anomalies": "DataValidator.anomalies",
        },
        arguments=_data_report,
        summary=_described,
        report_source={"columns": "report"},
        reporting=True,
        parameters=within("settings.config", *DATA),
    ),
    # Stops the run if the data must not be trained on.
    Step(
        "DataGate",
        component="components.data_gate.component.DataGate",
        module="components.data_gate.component",
        takes={"anomalies": "DataValidator.anomalies"},
        arguments=_data_gate,
        after=("DataReport",),  # a stopped run is reported on too
        summary=_passed,
        retried=False,  # the same data and schema get the same verdict again
    ),
)
