"""The Relatedness step: does sharing one network help the heads, and what does it cost."""

import json
from dataclasses import replace

import tensorflow_transform as tft
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Examples, ModelEvaluation, TransformGraph

from components.relatedness.comparison import relate
from components.shared.splits import EVAL, TRAIN, VALIDATION, split_folder
from components.trainer.dataset import load
from components.trainer.task import load_task


@component
def Relatedness(
    transformed_examples: InputArtifact[Examples],
    transform_graph: InputArtifact[TransformGraph],
    relatedness: OutputArtifact[ModelEvaluation],
    settings: Parameter[str],
    code: Parameter[str],
) -> None:
    """Trains the network and its single-task baselines with several seeds, and compares them on the eval split.

    Args:
        transformed_examples: the transformed splits: train, validation and eval.
        transform_graph: what transformed them.
        relatedness: `relatedness.json`, see `components.formats.relatedness`.
        settings: JSON: `labels`, `model` and `training` of the configuration, `seeds`, `confidence`, `resamples`.
        code: fingerprint of this step's code, part of the cache key.
    """
    del code
    chosen = json.loads(settings)
    transform = tft.TFTransformOutput(transform_graph.uri)
    files = {split: [f"{split_folder(transformed_examples.uri, split)}/*"] for split in (TRAIN, VALIDATION, EVAL)}
    memory_mb = chosen["training"]["memory_mb"]
    task = load_task(transform, files[TRAIN], files[VALIDATION], memory_mb=memory_mb)
    found = relate(
        task,
        load(files[EVAL], memory_mb << 20).masked(),
        chosen["model"],
        chosen["training"],
        seeds=chosen["seeds"],
        resamples=chosen["resamples"],
        level=chosen["confidence"],
    )
    replace(found, labels=chosen["labels"]).write(relatedness.uri)
