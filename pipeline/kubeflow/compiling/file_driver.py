"""TFX's driver of file-based ExampleGens, which KFP is told of and never runs: it resolves spans and fingerprints."""

from __future__ import annotations

import json
from pathlib import Path

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.orchestration.kubeflow.v2.file_based_example_gen import driver
from tfx.utils.import_utils import import_class_by_path

from pipeline.kubeflow.running.translation import Json, artifacts


def drive(executor: str, executor_input: Json, inputs_spec: Json) -> None:
    """Runs the driver if the executor has one, and writes what it found to the output artifact, in place.

    TFX's executor reads the driver's parameters from the output file, but not the properties of the artifact.

    Args:
        executor: import path of the executor's class.
        executor_input: what TFX will be given.
        inputs_spec: the types of the parameters.
    """
    if "input_base" not in executor_input["inputs"].get("parameterValues", {}):
        return
    if not issubclass(import_class_by_path(executor), BaseExampleGenExecutor):
        return
    driver._run_driver(
        json_format.ParseDict(executor_input, pipeline_spec_pb2.ExecutorInput(), ignore_unknown_fields=True),
        json_format.ParseDict(inputs_spec, pipeline_spec_pb2.ComponentInputsSpec(), ignore_unknown_fields=True),
    )
    found = json.loads(Path(executor_input["outputs"]["outputFile"]).read_text(encoding="utf-8"))
    metadata = artifacts(found)["examples"].get("metadata", {})
    artifacts(executor_input["outputs"])["examples"].setdefault("metadata", {}).update(metadata)
