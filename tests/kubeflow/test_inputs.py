"""What the entrypoint refuses before it starts anything slow."""

import json
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.kubeflow.compiling.spec import STEP
from pipeline.kubeflow.running.entrypoint import ROOT, run


def arguments(uri: str, **parameters: object) -> list[str]:
    model = {"artifacts": [{"name": "1", "uri": uri, "type": {"instanceSchema": ""}}]}
    given = {"inputs": {"artifacts": {"model": model}, "parameterValues": parameters}, "outputs": {}}
    spec = {"artifacts": {"model": {"artifactType": {"instanceSchema": "title: tfx.Model\ntype: object\n"}}}}
    return [
        *("--executor_class_path", "no.such.Executor"),
        *("--json_serialized_invocation_args", json.dumps(given)),
        *("--json_serialized_inputs_spec_args", json.dumps(spec)),
    ]


@pytest.mark.parametrize("uri", ["s3://bucket/model", "file:///data/model"])
def test_an_input_that_nobody_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str):
    monkeypatch.setenv(ROOT, str(tmp_path))
    with pytest.raises(InputError, match=r'The input "model" must have been copied to .*model, got nothing there'):
        run(arguments(uri))


def test_a_parameter_that_is_not_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(ROOT, str(tmp_path))
    monkeypatch.setenv(STEP, "Trainer")
    settings = json.dumps({"training": {"epochs": 5}})
    with pytest.raises(InputError, match=r"training\.epochs must be at least 1, got 0"):
        run(arguments("s3://bucket/model", custom_config=settings, training_epochs=0.0))
