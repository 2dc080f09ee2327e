"""The pipeline, for every runner: reads from top to bottom like the flow of the data."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from tfx.components.evaluator.component import Evaluator as ModelAnalysis
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.components.trainer.component import Trainer
from tfx.components.transform.component import Transform
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2

from components import outputs
from components.baseline.component import Baseline
from components.data_gate.component import DataGate
from components.evaluator.component import Evaluator
from components.example_gen.component import ExampleGen
from components.pusher.component import Pusher
from pipeline.analysis import eval_config
from pipeline.config import Config
from pipeline.facts import Facts

PREPROCESSING_FN = "components.transform.preprocessing.preprocessing_fn"
RUN_FN = "components.trainer.run_fn.run_fn"


def build(config: Config, facts: Facts) -> Pipeline:
    """Returns the TFX pipeline of a configuration.

    1. ExampleGen reads the table, divides it into train, validation and eval, and counts every row.
    2. StatisticsGen and SchemaGen describe the splits; the schema is that of train.
    3. DataGate settles the schema and stops the run if the data is not as it says.
    4. Transform learns scales and vocabularies from train and applies them.
    5. Trainer fits the two-headed network and exports it.
    6. Baseline brings the model now pushed, if any.
    7. Evaluator scores both on eval, per head and slice, and blesses or rejects.
    8. Pusher publishes a blessed model.

    Args:
        config: the resolved configuration.
        facts: fingerprint, schema and pushed model.
    """
    settings = _settings(config)
    example_gen = ExampleGen(
        spec=config.ingest_spec(dict(facts.types), find_files=bool(facts.fingerprint)).to_json(),
        fingerprint=facts.fingerprint,
        code=facts.code["ExampleGen"],
    ).with_id("ExampleGen")
    examples = example_gen.outputs["examples"]

    statistics = StatisticsGen(examples=examples)
    schema = SchemaGen(
        statistics=statistics.outputs["statistics"],
        exclude_splits=[outputs.VALIDATION, outputs.EVAL],
        infer_feature_shape=False,
    )
    data_gate = DataGate(
        examples=examples,
        statistics=statistics.outputs["statistics"],
        inferred_schema=schema.outputs["schema"],
        reviewed_schema=facts.reviewed_schema,
        settings=_json(settings["DataGate"]),
        code=facts.code["DataGate"],
    ).with_id("DataGate")
    checked_schema = data_gate.outputs["schema"]

    transform = Transform(
        examples=examples,
        schema=checked_schema,
        preprocessing_fn=PREPROCESSING_FN,
        custom_config=settings["Transform"] | {"code": facts.code["Transform"]},
        disable_statistics=True,
        disable_analyzer_cache=True,
    )
    trainer = Trainer(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=checked_schema,
        run_fn=RUN_FN,
        train_args=trainer_pb2.TrainArgs(splits=[outputs.TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=[outputs.VALIDATION]),
        custom_config=settings["Trainer"] | {"code": facts.code["Trainer"]},
    )
    model = trainer.outputs["model"]

    baseline = Baseline(
        destination=str(config.destination),
        version=facts.production.baseline,
        content=facts.production.content,
        code=facts.code["Baseline"],
    ).with_id("Baseline")
    baseline.add_upstream_node(trainer)  # order only: it needs nothing of the Trainer
    evaluator = Evaluator(
        examples=examples,
        schema=checked_schema,
        model=model,
        baseline=baseline.outputs["model"],
        settings=_json(settings["Evaluator"]),
        code=facts.code["Evaluator"],
    ).with_id("Evaluator")
    pusher = Pusher(
        examples=examples,
        model=model,
        evaluation=evaluator.outputs["evaluation"],
        blessing=evaluator.outputs["blessing"],
        destination=str(config.destination),
        keep=config.push.keep,
        provenance=_json(asdict(facts.production) | {"pipeline": config.name}),
        code=facts.code["Pusher"],
    ).with_id("Pusher")

    steps = [example_gen, statistics, schema, data_gate, transform, trainer, baseline, evaluator, pusher]
    if config.evaluation.tfma:
        analysis = ModelAnalysis(
            examples=examples, model=model, schema=checked_schema, eval_config=eval_config(config)
        ).with_id("ModelAnalysis")
        steps.insert(-1, analysis)
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(config.output / "artifacts"),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(config.output / "metadata.db")),
        components=steps,
        enable_cache=True,
        beam_pipeline_args=list(config.runtime.beam_args),
    )


def _settings(config: Config) -> dict[str, dict[str, Any]]:
    """Returns, for each step, the part of the configuration it depends on, and nothing more."""
    labels = config.labels.model_dump()
    gates = config.gates.model_dump(mode="json")
    data = config.gates.data
    return {
        "DataGate": {
            "labels": list(labels.values()),
            "keep": config.features.categorical,
            "level": data.reviewed if config.data.schema_file else data.inferred,
            "levels": data.levels,
        },
        "Transform": labels | {"max_categories": config.features.max_categories},
        "Trainer": {
            "labels": labels,
            "model": config.model.model_dump(),
            "training": config.training.model_dump(),
            "reading": {"missing": config.data.missing, "vectors": config.features.vectors},
        },
        "Evaluator": config.evaluation.model_dump(exclude={"tfma"})
        | {"gates": {name: gates[name] for name in ("regression", "classification", "rule")}},
    }


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
