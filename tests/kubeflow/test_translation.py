"""The rewriting between KFP's launcher and TFX, against the texts that KFP 2.14 to 2.17 hands over."""

import copy
from typing import Any

import pytest

from pipeline.kubeflow.running.translation import local_path, title, to_local, to_remote

MODEL = {"instanceSchema": "title: tfx.Model\ntype: object\n"}
RUN = "minio://mlpipeline/v2/artifacts/wine/run-1"


def executor_input() -> dict[str, Any]:
    """What the driver of KFP 2.17 writes for a task with an input and an output."""
    return {
        "inputs": {
            "parameterValues": {"epochs": 5.0},
            "artifacts": {
                "model": {
                    "artifacts": [
                        {
                            "name": "57",
                            "uri": f"{RUN}/Trainer/9b1/model",
                            "type": {"instanceSchema": ""},
                            "metadata": {
                                "blessed": {"struct": {"train": 1.0}},
                                "splits": {"list": ["train", "eval"]},
                                "one_key": {"train": 1.0},
                                "display_name": "model",
                            },
                        }
                    ]
                }
            },
        },
        "outputs": {
            "artifacts": {
                "html": {"artifacts": [{"uri": f"{RUN}/Report/77/html", "type": {"schemaTitle": "system.HTML"}}]},
                "executor-logs": {
                    "artifacts": [{"uri": f"{RUN}/Report/77/executor-logs", "type": {"schemaTitle": "system.Artifact"}}]
                },
            },
            "outputFile": "/minio/mlpipeline/v2/artifacts/wine/run-1/Report/77/output_metadata.json",
        },
    }


SPEC = {"artifacts": {"model": {"artifactType": MODEL}}}


@pytest.mark.parametrize(
    ("uri", "root", "path"),
    [
        ("minio://bucket/a/b", "/", "/minio/bucket/a/b"),
        ("s3://bucket/a", "/", "/s3/bucket/a"),
        ("gs://bucket/a", "/", "/gcs/bucket/a"),
        ("s3://bucket/a", "/tmp/pod", "/tmp/pod/s3/bucket/a"),
        ("file:///a/b", "/", "file:///a/b"),
        ("/mnt/a", "/", "/mnt/a"),
    ],
)
def test_local_path_is_the_launchers(uri: str, root: str, path: str):
    assert local_path(uri, root) == path


def test_to_local():
    given = executor_input()
    before = copy.deepcopy(given)
    translated = to_local(given, SPEC).executor_input
    assert given == before, "the argument must stay as it is"
    model = translated["inputs"]["artifacts"]["model"]["artifacts"][0]
    assert model == {
        "name": "57",
        "uri": "/minio/mlpipeline/v2/artifacts/wine/run-1/Trainer/9b1/model",
        "type": MODEL,
        "metadata": {
            "blessed": {"train": 1.0},
            "splits": ["train", "eval"],
            "one_key": {"train": 1.0},
            "display_name": "model",
        },
    }
    assert list(translated["outputs"]["artifacts"]) == ["html"]
    assert translated["outputs"]["outputFile"] == before["outputs"]["outputFile"]
    assert translated["inputs"]["parameterValues"] == {"epochs": 5.0}


def test_a_type_that_is_known_is_kept():
    given = executor_input()
    given["inputs"]["artifacts"]["model"]["artifacts"][0]["type"] = {"schemaTitle": "tfx.Schema"}
    model = to_local(given, SPEC).executor_input["inputs"]["artifacts"]["model"]["artifacts"][0]
    assert model["type"] == {"schemaTitle": "tfx.Schema"}


def test_a_custom_path_wins():
    given = executor_input()
    given["outputs"]["artifacts"]["html"]["artifacts"][0]["customPath"] = "/data/report.html"
    translation = to_local(given, SPEC)
    assert translation.executor_input["outputs"]["artifacts"]["html"]["artifacts"][0]["uri"] == "/data/report.html"
    assert translation.remote["/data/report.html"] == f"{RUN}/Report/77/html"


def test_to_remote():
    remote = to_local(executor_input(), SPEC).remote
    local = "/minio/mlpipeline/v2/artifacts/wine/run-1"
    answer = {
        "artifacts": {
            "html": {
                "artifacts": [
                    {
                        "name": "12",
                        "uri": f"{local}/Report/77/html",
                        "metadata": {
                            "current_model": f"{local}/Trainer/9b1/model",
                            "inside": f"{local}/Trainer/9b1/model/Format-Serving",
                            "beside": f"{local}/Trainer/9b1/model-2",
                            "nothing": None,
                            "rows": 36.0,
                        },
                    }
                ]
            }
        },
        "parameterValues": {"span": 1.0},
    }
    before = copy.deepcopy(answer)
    result = to_remote(answer, remote)
    assert answer == before, "the argument must stay as it is"
    assert result["parameterValues"] == {"span": 1.0}
    assert result["artifacts"]["html"]["artifacts"][0] == {
        "name": "12",
        "uri": f"{RUN}/Report/77/html",
        "metadata": {
            "current_model": f"{RUN}/Trainer/9b1/model",
            "inside": f"{RUN}/Trainer/9b1/model/Format-Serving",
            "beside": f"{local}/Trainer/9b1/model-2",
            "rows": 36.0,
        },
    }


def test_there_and_back_is_the_same():
    given = executor_input()
    translation = to_local(given, SPEC)
    entry = translation.executor_input["outputs"]["artifacts"]["html"]
    back = to_remote({"artifacts": {"html": entry}}, translation.remote)
    uri = given["outputs"]["artifacts"]["html"]["artifacts"][0]["uri"]
    assert back["artifacts"]["html"]["artifacts"][0]["uri"] == uri


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(MODEL, "tfx.Model"), ({"schemaTitle": "system.HTML"}, "system.HTML"), ({"instanceSchema": ""}, ""), ({}, "")],
)
def test_title(kind: dict[str, str], expected: str):
    assert title({"type": kind}) == expected
