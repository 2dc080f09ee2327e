"""The steps from data that may be trained on to a model."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.formats.tuning import Tuning
from components.model_format.manifest import Manifest
from components.shared.splits import CALIBRATION, TRAIN, VALIDATION
from components.shared.time_in_words import in_minutes
from components.trainer.choices import SEPARATE
from pipeline.config.run import Config
from pipeline.config.tuning import SearchRange
from pipeline.graph.steps.base import SERVING, TRAINING, Arguments, Inputs, Step, as_json, within


def _transform(config: Config, inputs: Inputs) -> Arguments:
    settings = _labels(config) | {"max_categories": config.features.max_categories}
    return {"settings": as_json(settings), "code": inputs.code["Transform"]}


def _tuner(config: Config, inputs: Inputs) -> Arguments:
    """Returns the arguments of a search.

    A search is found again by its folder, which the trials are written to as they end; TFX's cache knows whole
    searches only, so the step runs each time and decides by itself what is left to do.
    """
    settings = config.tuning.model_dump(exclude={"space"}) | {
        "start": {"model": config.model.model_dump(), "training": config.training.model_dump()},
        "space": {
            key: allowed.model_dump() if isinstance(allowed, SearchRange) else allowed
            for key, allowed in config.tuning.searched.items()
        },
        "epochs": config.tuning.epochs or config.training.epochs,
    }
    return {
        "tuner_fn": "components.tuner.tuner_fn.tuner_fn",
        "train_args": {"splits": [TRAIN]},
        "eval_args": {"splits": [VALIDATION]},
        "custom_config": {
            "settings": settings,
            "directory": str(config.output / "tuning"),
            "code": inputs.code["Tuner"],
            "attempt": uuid.uuid4().hex,
        },
    }


def _searched(artifacts: Mapping[str, str]) -> str:
    results = Tuning.read(artifacts["tuner_results"])
    return f"{len(results.trials)} trials, best objective {results.best.score:.4f}"


def _trainer(config: Config, inputs: Inputs) -> Arguments:
    held_out = [VALIDATION]
    if config.data.split.calibration:
        held_out.append(CALIBRATION)
    return {
        "run_fn": "components.trainer.run_fn.run_fn",
        "train_args": {"splits": [TRAIN]},
        "eval_args": {"splits": held_out},
        "custom_config": {
            "labels": _labels(config),
            "model": config.model.model_dump(),
            "training": config.training.model_dump(),
            "intervals": config.intervals.model_dump(),
            "reading": {"dialect": asdict(config.dialect), "vectors": config.features.vectors},
            "code": inputs.code["Trainer"],
        },
    }


def _trained(artifacts: Mapping[str, str]) -> str:
    manifest = Manifest.read(Path(artifacts["model"], SERVING))
    apart = ", heads apart" if manifest.trunk == SEPARATE else ""
    cut = f", stopped after {in_minutes(manifest.stopped_after)}" if manifest.stopped_after else ""
    return f"{manifest.parameters:,} parameters, best epoch {manifest.best_epoch} of {manifest.epochs}{cut}{apart}"


def _labels(config: Config) -> dict[str, Any]:
    return config.labels.model_dump(exclude={"partial"})


STEPS = (
    # Learns scales and vocabularies from train and applies them.
    Step(
        "Transform",
        component="components.transform.component.Transform",
        module="components.transform.component",
        takes={"examples": "ExampleGen.examples", "schema": "SchemaGen.schema"},
        arguments=_transform,
        after=("DataGate",),  # what the gate thinks may change, what Transform does not
    ),
    # Searches the space of networks and trainings; nothing comes after it.
    Step(
        "Tuner",
        component="components.tuner.component.Tuner",
        module="components.tuner.tuner_fn",
        takes={"examples": "Transform.transformed_examples", "transform_graph": "Transform.transform_graph"},
        arguments=_tuner,
        for_search=True,
        summary=_searched,
        report_source={"tuning": "tuner_results"},
        reporting=True,
        reason="each time; it goes on where it ended",
    ),
    # Fits the two-headed network, calibrates it on rows it never saw, and exports it.
    Step(
        "Trainer",
        component="tfx.components.trainer.component.Trainer",
        module="components.trainer.run_fn",
        takes={
            "examples": "Transform.transformed_examples",
            "transform_graph": "Transform.transform_graph",
            "schema": "SchemaGen.schema",
        },
        arguments=_trainer,
        summary=_trained,
        report_source={"model_run": "model_run"},
        parameters=within("custom_config", *TRAINING),
    ),
)
