"""Each rule on the smallest pipeline that breaks it, and on one that does not."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import InputError
from pipeline.kubeflow.checking.check import findings_of, read
from pipeline.kubeflow.checking.compiled_pipeline import Compiled
from pipeline.kubeflow.checking.rules import RULES
from pipeline.kubeflow.checking.task_rules import STOCK_ENTRYPOINT

MODEL = {"artifactType": {"instanceSchema": "title: tfx.Model\ntype: object\n"}}


def sound() -> dict[str, Any]:
    """Two tasks, the second with an input from the first, that break no rule."""
    return {
        "schemaVersion": "2.1.0",
        "pipelineInfo": {"name": "wine"},
        "root": {
            "inputDefinitions": {"parameters": {"epochs": {"parameterType": "NUMBER_INTEGER", "defaultValue": 5.0}}},
            "dag": {
                "tasks": {
                    "Train": {
                        "componentRef": {"name": "Train"},
                        "inputs": {"parameters": {"epochs": {"componentInputParameter": "epochs"}}},
                    },
                    "Push": {
                        "componentRef": {"name": "Push"},
                        "cachingOptions": {"enableCache": True},
                        "inputs": {
                            "artifacts": {
                                "model": {"taskOutputArtifact": {"producerTask": "Train", "outputArtifactKey": "model"}}
                            }
                        },
                    },
                }
            },
        },
        "components": {
            "Train": {"executorLabel": "train", "outputDefinitions": {"artifacts": {"model": copy.deepcopy(MODEL)}}},
            "Push": {"executorLabel": "push", "inputDefinitions": {"artifacts": {"model": copy.deepcopy(MODEL)}}},
        },
        "deploymentSpec": {
            "executors": {
                "train": {"container": {"image": "i", "command": ["python"], "args": ["train", "{{$}}"]}},
                "push": {"container": {"image": "i", "command": ["python"], "args": ["push", "{{$}}"]}},
            }
        },
    }


def put(spec: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Returns the spec with a value at a path; None removes what is there."""
    *inside, last = path.split("/")
    node: Any = spec
    for part in inside:
        node = node.setdefault(part, {})
    if value is None:
        del node[last]
    else:
        node[last] = value
    return spec


def found(spec: dict[str, Any], platform: dict[str, Any] | None = None) -> dict[str, tuple[str, str]]:
    """Rule -> (place, effect) of what it finds."""
    pipeline = Compiled(spec, {}, platform or {})
    return {name: (finding.where, finding.effect) for name, rule in RULES.items() for finding in rule(pipeline)}


TRAIN = "deploymentSpec/executors/train/container"
TASK = "root/dag/tasks/Push"


def test_a_sound_pipeline_breaks_no_rule():
    assert found(sound()) == {}


@pytest.mark.parametrize(
    ("rule", "path", "value", "where", "effect"),
    [
        ("pipeline_root", "defaultPipelineRoot", "gs://b", "defaultPipelineRoot", "is read by nothing"),
        ("schema_version", "schemaVersion", "2.0.0", "schemaVersion", "it is 2.0.0"),
        ("schema_version", "schemaVersion", None, "schemaVersion", "it is none"),
        ("pipeline_name", "pipelineInfo/name", "Wine_1", "pipelineInfo.name", 'it is "Wine_1"'),
        ("task_names", "root/dag/tasks/a_b", {"componentRef": {"name": "Push"}}, "task a_b", "refused by Argo"),
        ("task_names", f"root/dag/tasks/{'a' * 129}", {"componentRef": {"name": "Push"}}, "task aaa", "Argo"),
        ("resolvers", "deploymentSpec/executors/train", {"resolver": {}}, "task Train", "it is a resolver"),
        ("stock_entrypoint", f"{TRAIN}/command", ["python", "-m", STOCK_ENTRYPOINT], "task Train", "system.Artifact"),
        ("remote_uris", f"{TRAIN}/command", ["python", "-m", STOCK_ENTRYPOINT], "task Train", "minio://"),
        (
            "untyped_inputs",
            "deploymentSpec/executors/push/container/command",
            ["python", "-m", STOCK_ENTRYPOINT],
            "task Push",
            "'NoneType' object has no attribute 'get'",
        ),
        (
            "artifact_types",
            "components/Train/outputDefinitions/artifacts/model/artifactType",
            {"instanceSchema": "type: object"},
            "output model of task Train",
            "no title",
        ),
        (
            "artifact_types",
            "components/Train/outputDefinitions/artifacts/model/artifactType",
            {"schemaUri": "x"},
            "output model of task Train",
            "schemaUri",
        ),
        ("lifecycle", f"{TRAIN}/lifecycle", {"preCacheCheck": {}}, "task Train", "never runs its lifecycle hook"),
        (
            "stale_cache",
            "root/dag/tasks/Train/cachingOptions",
            {"enableCache": True},
            "task Train",
            "even if what it reads has changed",
        ),
        (
            "defaults",
            "root/inputDefinitions/parameters/date",
            {"parameterType": "STRING"},
            "parameter date",
            "neither default value",
        ),
        (
            "producers",
            f"{TASK}/inputs/parameters",
            {"n": {"taskOutputParameter": {"producerTask": "Train_task", "outputParameterKey": "n"}}},
            "input n of task Push",
            'unknown producer task "Train_task"',
        ),
        (
            "missing_artifacts",
            f"{TASK}/inputs/artifacts/model/taskOutputArtifact/outputArtifactKey",
            "other",
            "input model of task Push",
            'no output "other"',
        ),
        (
            "parent_parameters",
            "components/inner",
            {
                "dag": {
                    "tasks": {
                        "In": {
                            "componentRef": {"name": "Push"},
                            "inputs": {"parameters": {"p": {"componentInputParameter": "epochs"}}},
                        }
                    }
                }
            },
            "input p of task In",
            "parent DAG does not have input parameter epochs",
        ),
        (
            "importers",
            "deploymentSpec/executors/train",
            {"importer": {"artifactUri": {"constant": "/mnt/model"}}},
            "task Train",
            'no launcher copies "/mnt/model"',
        ),
        (
            "accelerators",
            f"{TRAIN}/resources",
            {"accelerator": {"type": "NVIDIA_TESLA_T4", "count": "1"}},
            "task Train",
            'no node has the resource "NVIDIA_TESLA_T4"',
        ),
        (
            "placeholders",
            f"{TRAIN}/args",
            ["{{$.outputs.artifacts['model'].uri}}"],
            "model.uri in the command of task Train",
            "not a path",
        ),
        (
            "placeholders",
            f"{TRAIN}/args",
            ["{{$.inputs.artifacts['model'].value}}"],
            "model.value in the command of task Train",
            "is not replaced",
        ),
        ("shared_containers", f"{TRAIN}/args", ["push", "{{$}}"], "task Push", 'of "Train"'),
        ("arguments", f"{TRAIN}/args", ["a" * (128 << 10)], "task Train", "exceeds 128 KiB"),
        ("arguments", f"{TRAIN}/args", ["cost: 5$$"], "task Train", "turns $$ into $"),
        ("arguments", f"{TRAIN}/args", ["$(HOME)/x"], "task Train", "replaces $(NAME)"),
        (
            "arguments",
            f"{TASK}/inputs/parameters",
            {"schema": {"runtimeValue": {"constant": "a" * (128 << 10)}}},
            "task Push",
            "128 KiB",
        ),
    ],
)
def test_each_rule(rule: str, path: str, value: Any, where: str, effect: str):
    place, said = found(put(sound(), path, value))[rule]
    assert where in place
    assert effect in said


@pytest.mark.parametrize(
    ("key", "value", "effect"),
    [
        ("inputs", {"parameters": {"uri": {"taskOutputParameter": {"producerTask": "Push"}}}}, "no output of a task"),
        ("triggerPolicy", {"condition": "true"}, "an importer has no condition"),
    ],
)
def test_an_importer_takes_neither_outputs_nor_conditions(key: str, value: Any, effect: str):
    spec = put(sound(), "deploymentSpec/executors/train", {"importer": {"artifactUri": {"constant": "s3://b/model"}}})
    del spec["root"]["dag"]["tasks"]["Push"]
    spec["root"]["dag"]["tasks"]["Train"][key] = value
    assert effect in found(spec)["importers"][1]


def test_the_task_of_a_sub_dag_has_a_name_too():
    spec = put(sound(), "root/dag/tasks/sub_dag", {"componentRef": {"name": "inner"}})
    spec["components"]["inner"] = {"dag": {"tasks": {}}}
    assert found(spec) == {"task_names": ("task sub_dag", "is refused by Argo when a run is created")}


def test_containers_that_are_the_same_may_share_an_interface():
    spec = put(sound(), f"{TRAIN}/args", ["push", "{{$}}"])
    spec["components"]["Push"] = {"executorLabel": "push", **{"outputDefinitions": {"artifacts": {"model": MODEL}}}}
    assert "shared_containers" not in found(spec)


def test_platform_labels():
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"train": {}, "trian": {}}}}}}
    assert found(sound(), platform) == {
        "platform_labels": ("platform of trian", "is ignored: no executor has this label")
    }


def test_every_rule_is_tried_here():
    """A rule without a test of its own would be a claim."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in RULES if f'"{name}"' not in text and name != "bare_spec"] == []


def test_a_pipeline_job_is_read_and_refused(tmp_path: Path):
    file = tmp_path / "pipeline.json"
    file.write_text(json.dumps({"pipelineSpec": sound(), "runtimeConfig": {"gcsOutputDirectory": "gs://b"}}))
    assert [finding.where for finding in findings_of(read(file))] == ["file", "runtimeConfig"]


def test_two_documents_are_read(tmp_path: Path):
    file = tmp_path / "pipeline.yaml"
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"train": {}}}}}}
    file.write_text(yaml.safe_dump_all([sound(), platform]))
    assert read(file) == Compiled(sound(), {}, platform)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "must be a readable file, got"),
        ("a: [", "must be YAML or JSON, got"),
        ("a: 1", "must be a compiled pipeline with root and deploymentSpec, got neither."),
        ("", "must be a compiled pipeline"),
    ],
)
def test_a_file_that_is_no_pipeline(tmp_path: Path, text: str | None, message: str):
    file = tmp_path / "pipeline.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=message):
        read(file)
