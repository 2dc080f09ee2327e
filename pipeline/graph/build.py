"""The pipeline, for every runner: reads from top to bottom like the flow of the data."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from typing import Any

from tfx.components.evaluator.component import Evaluator as ModelAnalysis
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.components.trainer.component import Trainer
from tfx.components.transform.component import Transform
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2

from components.baseline.component import Baseline
from components.data_gate.component import DataGate
from components.data_validator.component import DataValidator
from components.evaluator.component import Evaluator
from components.example_gen.component import ExampleGen
from components.pusher.component import Pusher
from components.relatedness.component import Relatedness
from components.report.component import DataReport, Report
from components.schema_gen.component import SchemaGen
from components.shared.splits import CALIBRATION, TRAIN, VALIDATION
from pipeline.config.run import Config
from pipeline.config.tuning import Range
from pipeline.graph.inputs import Inputs
from pipeline.graph.model_analysis import eval_config
from pipeline.local.lineage import DATABASE
from pipeline.workers.arguments import beam_args

PREPROCESSING_FN = "components.transform.preprocessing.preprocessing_fn"
RUN_FN = "components.trainer.run_fn.run_fn"
TUNER_FN = "components.tuner.tuner_fn.tuner_fn"


def build(config: Config, inputs: Inputs, *, search: bool = False) -> Pipeline:
    """Returns the TFX pipeline of a configuration.

    1. ExampleGen reads the table, divides it into train, validation, calibration and eval, and counts
       every row.
    2. StatisticsGen describes the splits, SchemaGen settles the schema: a reviewed one or that of train.
    3. Baseline brings the model now pushed, if any.
    4. DataValidator judges the data against the schema and against what the pushed model was trained on.
    5. DataReport reports on the data, also where it stops the run.
    6. DataGate stops the run if the data must not be trained on.
    7. Transform learns scales and vocabularies from train and applies them.
    8. Trainer fits the two-headed network, calibrates it on rows it never saw, and exports it.
    9. Evaluator scores it and the baseline on eval, per head and slice, and blesses or rejects.
    10. Pusher publishes a blessed model.
    11. Report brings everything together for a person.

    If configured, ModelAnalysis is TensorFlow's own evaluation, and Relatedness compares the network with one for each
    head alone.

    Args:
        config: the resolved configuration.
        inputs: fingerprint, schema and pushed model.
        search: have a Tuner after Transform, for `mtl tune`; nothing comes after it.
    """
    settings = _settings(config)
    spec = config.ingest_spec(dict(inputs.types), dict(inputs.forms), find_files=bool(inputs.fingerprint)).to_json()
    example_gen = ExampleGen(
        spec=spec,
        fingerprint=inputs.fingerprint,
        code=inputs.code["ExampleGen"],
        pushed_rows=inputs.production.rows["given"],
        destination="" if inputs.fingerprint else config.destination,
    ).with_id("ExampleGen")
    examples = example_gen.outputs["examples"]

    statistics = StatisticsGen(examples=examples)
    schema_gen = SchemaGen(
        examples=examples,
        statistics=statistics.outputs["statistics"],
        reviewed_schema=inputs.reviewed_schema,
        settings=_json(settings["SchemaGen"]),
        code=inputs.code["SchemaGen"],
    ).with_id("SchemaGen")
    schema = schema_gen.outputs["schema"]

    baseline = Baseline(
        destination=config.destination,
        version=inputs.production.baseline,
        content=inputs.production.content,
        labels=_json([config.labels.regression, config.labels.classification]),
        replace=int(config.push.replace),
        code=inputs.code["Baseline"],
    ).with_id("Baseline")
    baseline.add_upstream_node(schema_gen)  # order only: it needs nothing of the data
    data_validator = DataValidator(
        examples=examples,
        statistics=statistics.outputs["statistics"],
        schema=schema,
        baseline=baseline.outputs["model"],
        spec=spec,
        reviewed_schema=inputs.reviewed_schema,
        settings=_json(settings["DataValidator"]),
        code=inputs.code["DataValidator"],
    ).with_id("DataValidator")
    anomalies = data_validator.outputs["anomalies"]
    data_report = DataReport(
        examples=examples,
        statistics=statistics.outputs["statistics"],
        schema=schema,
        anomalies=anomalies,
        settings=_json(settings["DataReport"]),
        code=inputs.code["DataReport"],
    ).with_id("DataReport")
    data_gate = DataGate(anomalies=anomalies, code=inputs.code["DataGate"]).with_id("DataGate")
    data_gate.add_upstream_node(data_report)  # order only: a stopped run is reported on too

    transform = Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=PREPROCESSING_FN,
        custom_config=settings["Transform"] | {"code": inputs.code["Transform"]},
        disable_statistics=True,
        disable_analyzer_cache=True,
    )
    transform.add_upstream_node(data_gate)  # order only: what the gate thinks may change, what Transform does not
    trainer = Trainer(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema,
        run_fn=RUN_FN,
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=_held_out(config)),
        custom_config=settings["Trainer"] | {"code": inputs.code["Trainer"]},
    )
    model = trainer.outputs["model"]
    evaluator = Evaluator(
        examples=examples,
        schema=schema,
        model=model,
        baseline=baseline.outputs["model"],
        settings=_json(settings["Evaluator"]),
        code=inputs.code["Evaluator"],
    ).with_id("Evaluator")
    pusher = Pusher(
        examples=examples,
        anomalies=anomalies,
        model=model,
        evaluation=evaluator.outputs["evaluation"],
        blessing=evaluator.outputs["blessing"],
        destination=config.destination,
        keep=config.push.keep,
        provenance=_json(asdict(inputs.production) | {"pipeline": config.name}),
        replace=int(config.push.replace),
        code=inputs.code["Pusher"],
    ).with_id("Pusher")
    optional: dict[str, Any] = {}
    relatedness = None
    if config.evaluation.relatedness:
        relatedness = Relatedness(
            transformed_examples=transform.outputs["transformed_examples"],
            transform_graph=transform.outputs["transform_graph"],
            settings=_json(settings["Relatedness"]),
            code=inputs.code["Relatedness"],
        ).with_id("Relatedness")
        optional["relatedness"] = relatedness.outputs["relatedness"]
    report = Report(
        examples=examples,
        anomalies=anomalies,
        data_report=data_report.outputs["report"],
        model_run=trainer.outputs["model_run"],
        evaluation=evaluator.outputs["evaluation"],
        pushed_model=pusher.outputs["pushed_model"],
        settings=_json(settings["Report"]),
        code=inputs.code["Report"],
        **optional,
    ).with_id("Report")

    steps = [
        example_gen,
        statistics,
        schema_gen,
        baseline,
        data_validator,
        data_report,
        data_gate,
        transform,
        trainer,
        evaluator,
        pusher,
    ]
    if config.evaluation.tfma:
        analysis = ModelAnalysis(
            examples=examples, model=model, schema=schema, eval_config=eval_config(config)
        ).with_id("ModelAnalysis")
        steps.insert(-1, analysis)
    if relatedness:
        steps.insert(-1, relatedness)
    steps.append(report)
    if search:
        steps.insert(steps.index(transform) + 1, _tuner(config, inputs, transform))
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(config.output / "artifacts"),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(config.output / DATABASE)),
        components=steps,
        enable_cache=True,
        beam_pipeline_args=beam_args(config.runtime.beam_args),
    )


def up_to(pipeline: Pipeline, last: str) -> Pipeline:
    """Returns the pipeline with one of its steps and all that this one needs, and nothing else.

    Up to the last step it is the whole: that one does not need all others, as what TFMA says goes into no report.
    """
    needed = {node.id for node in pipeline.components} if last == pipeline.components[-1].id else {last}
    for node in reversed(pipeline.components):  # what a step needs stands before it
        if node.id in needed:
            needed |= {earlier.id for earlier in node.upstream_nodes}
    kept = [node for node in pipeline.components if node.id in needed]
    for node in kept:
        for following in set(node.downstream_nodes) - set(kept):
            node.remove_downstream_node(following)
    # Also where nothing was left out: with each assignment TFX changes the cache keys of the Beam steps.
    pipeline.components = kept
    return pipeline


def _tuner(config: Config, inputs: Inputs, transform: Transform) -> BaseComponent:
    """Returns the step of a search.

    A search is found again by its folder, which the trials are written to as they end; TFX's cache knows whole
    searches only, so the step runs each time and decides by itself what is left to do.
    """
    from components.tuner.component import Tuner  # with KerasTuner, which no other verb needs

    wanted = config.tuning.model_dump(exclude={"space"})
    settings = wanted | {
        "start": {"model": config.model.model_dump(), "training": config.training.model_dump()},
        "space": {key: _plain(allowed) for key, allowed in config.tuning.searched.items()},
        "epochs": config.tuning.epochs or config.training.epochs,
    }
    return Tuner(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        tuner_fn=TUNER_FN,
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=[VALIDATION]),
        custom_config={
            "settings": settings,
            "directory": str(config.output / "tuning"),
            "code": inputs.code["Tuner"],
            "attempt": uuid.uuid4().hex,
        },
    )


def _plain(allowed: list[Any] | Range) -> Any:
    return allowed.model_dump() if isinstance(allowed, Range) else allowed


def _settings(config: Config) -> dict[str, dict[str, Any]]:
    """Returns, for each step, the part of the configuration it depends on, and nothing more."""
    labels = config.labels.model_dump(exclude={"partial"})
    gates = config.gates.model_dump(mode="json")
    data = config.gates.data
    shown = config.as_json()
    # Where and how it runs changes nothing of what there is to tell.
    told = {name: value for name, value in shown.items() if name not in ("runtime", "kubeflow", "tuning")}
    on_data = {name: shown[name] for name in ("data", "labels", "features", "checks")} | {
        "gates": {name: gates[name] for name in ("data", "drift", "labels")}
    }
    return {
        "SchemaGen": {"labels": config.labels.training_only, "keep": config.features.categorical},
        "DataValidator": {
            "level": data.reviewed if config.data.schema_file else data.inferred,
            "levels": data.levels,
            "drift": gates["drift"],
            "labels": gates["labels"],
            "loss": config.training.regression_loss,
            "checks": [check.model_dump(mode="json") for check in config.checks],
        },
        "Transform": labels | {"max_categories": config.features.max_categories},
        "Trainer": {
            "labels": labels,
            "model": config.model.model_dump(),
            "training": config.training.model_dump(),
            "intervals": config.intervals.model_dump(),
            "reading": {"dialect": asdict(config.dialect), "vectors": config.features.vectors},
        },
        "Relatedness": {
            "labels": labels,
            "model": config.model.model_dump(),
            "training": config.training.model_dump(),
            "seeds": config.evaluation.relatedness,
            "confidence": config.evaluation.confidence,
            "resamples": config.evaluation.resamples,
        },
        "Evaluator": config.evaluation.model_dump(exclude={"tfma", "relatedness"})
        | {"gates": {name: gates[name] for name in ("regression", "classification", "rule")}},
        "DataReport": {"pipeline": config.name, "config": on_data},
        "Report": {"pipeline": config.name, "config": told},
    }


def _held_out(config: Config) -> list[str]:
    """Returns the splits that the Trainer sees besides train."""
    return [VALIDATION] + [CALIBRATION] * bool(config.data.split.calibration)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
