"""The compiled pipeline: what TFX's compiler writes, and what is added to it."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from kfp.components import load_component_from_text
from kfp.pipeline_spec import pipeline_spec_pb2

from components.shared.dotted_keys import leaves
from pipeline.config.runtime import Runtime
from pipeline.errors import ConfigError
from pipeline.kubeflow.checking.check import findings_of, read
from pipeline.kubeflow.compiling.compile import COMMAND, compile_pipeline, require_reachable, write
from pipeline.kubeflow.compiling.parameters import PARAMETERS, substitute
from pipeline.kubeflow.compiling.spec import BEAM, component, containers, repair_producers, tasks
from pipeline.workers.arguments import beam_arguments
from tests.kubeflow.conftest import IMAGE, wine_config
from tests.kubeflow.emulator.retries import Retries

SETTINGS = (
    "kubeflow.cpu=2",
    "kubeflow.memory=4Gi",
    "kubeflow.env={AWS_ENDPOINT_URL: 'http://store:9000'}",
    "kubeflow.secrets=[{name: store, env: {AWS_ACCESS_KEY_ID: accesskey}}, {name: ca, path: /certs}]",
    "kubeflow.node_selector={disk: ssd}",
    "kubeflow.pull_secrets=[registry]",
    "kubeflow.steps={Trainer: {gpu: 1, cpu: 8, retries: 0, tolerations: [{key: nvidia.com/gpu}]}, "
    "DataGate: {retries: 1}, ExampleGen: {cache: true, node_selector: {zone: a}}}",
)


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("volume")


@pytest.fixture(scope="module")
def plain(mounted: Path) -> list[dict[str, Any]]:
    return compile_pipeline(wine_config(mounted), IMAGE)


@pytest.fixture(scope="module")
def rich(mounted: Path) -> list[dict[str, Any]]:
    return compile_pipeline(wine_config(mounted, *SETTINGS), IMAGE)


def test_it_is_a_pipeline_spec_that_breaks_no_rule(mounted: Path, tmp_path: Path):
    file = tmp_path / "pipeline.yaml"
    steps = write(wine_config(mounted), IMAGE, file)
    spec, platform = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    assert load_component_from_text(file.read_text(encoding="utf-8")).name == "wine"
    assert steps == len(spec["root"]["dag"]["tasks"])
    assert list(platform) == ["platforms"]
    assert findings_of(read(file)) == []
    heading = f"# Pipeline wine. Parameters:\n#   data_path: '{mounted}/wine.csv'\n#   data_date: ''\n"
    assert file.read_text(encoding="utf-8").startswith(heading)


def test_it_is_the_same_each_time_and_leaves_nothing_behind(
    mounted: Path, plain: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert compile_pipeline(wine_config(mounted), IMAGE) == plain
    assert list(tmp_path.iterdir()) == []


def test_tasks_are_the_steps_and_each_runs_the_entrypoint(plain: list[dict[str, Any]]):
    spec = plain[0]
    names = list(tasks(spec))
    assert sorted(names) == [
        *("Baseline", "DataGate", "DataReport", "DataValidator", "Evaluator", "ExampleGen"),
        *("Pusher", "Report", "SchemaGen", "StatisticsGen", "Trainer", "Transform"),
    ]
    for name, container in containers(spec):
        assert tasks(spec)[name]["taskInfo"]["name"] == name
        assert re.fullmatch(r"[a-zA-Z0-9][-a-zA-Z0-9]*", name)
        assert (container["image"], container["command"]) == (IMAGE, COMMAND)
        assert container["env"][0] == {"name": "MTL_STEP", "value": name}
        assert "lifecycle" not in container
        assert "{{$}}" in container["args"]


def test_an_engine_is_in_the_environment_where_no_cache_key_sees_it(mounted: Path, plain: list[dict[str, Any]]):
    config = wine_config(mounted, "runtime.workers=4")
    known = dict(containers(plain[0]))
    for compiled, runtime in ((plain, Runtime()), (compile_pipeline(config, IMAGE), config.runtime)):
        for name, container in containers(compiled[0]):
            assert container["args"] == known[name]["args"]
            given = {variable["name"]: variable["value"] for variable in container["env"]}
            assert json.loads(given[BEAM]) == beam_arguments(runtime)
    assert {argument.partition("=")[0] for argument in known["Transform"]["args"] if argument.startswith("--")} == {
        *("--executor_class_path", "--json_serialized_invocation_args", "--json_serialized_inputs_spec_args")
    }
    assert f"--update_compatibility_version={version('apache-beam')}" in beam_arguments(Runtime())


def test_workers_elsewhere_are_refused(mounted: Path):
    with pytest.raises(ConfigError) as refused:
        compile_pipeline(wine_config(mounted, "runtime.engine=flink"), IMAGE)
    assert str(refused.value) == (
        "runtime.engine must be local on Kubeflow, got flink. Other workers do not see the copies of the artifacts "
        "that a pod works on; runtime.workers gives the pod several processes."
    )


def test_a_schedule_may_change_data_thresholds_training_and_destination(mounted: Path, plain: list[dict[str, Any]]):
    spec = plain[0]
    declared = spec["root"]["inputDefinitions"]["parameters"]
    assert {name: (about["parameterType"], about["defaultValue"]) for name, about in declared.items()} == {
        "data_path": ("STRING", str(mounted / "wine.csv")),
        "data_date": ("STRING", ""),
        "training_epochs": ("NUMBER_INTEGER", 200),
        "training_learning_rate": ("NUMBER_DOUBLE", 0.002),
        "training_seed": ("NUMBER_INTEGER", 0),
        "regression_thresholds": ("STRUCT", {}),
        "classification_thresholds": ("STRUCT", {}),
        "push_destination": ("STRING", str(mounted / "serving")),
    }
    bound = {
        parameter: sorted(
            name
            for name, task in tasks(spec).items()
            if task["inputs"]["parameters"].get(parameter) == {"componentInputParameter": parameter}
        )
        for parameter in declared
    }
    assert bound["data_path"] == bound["data_date"] == ["DataReport", "ExampleGen", "Report"]
    training = [bound[f"training_{name}"] for name in ("epochs", "learning_rate", "seed")]
    assert training == [["Report", "Trainer"]] * 3
    assert bound["regression_thresholds"] == bound["classification_thresholds"] == ["Evaluator", "Report"]
    assert bound["push_destination"] == ["Baseline", "ExampleGen", "Pusher", "Report"]
    for parameter, steps in bound.items():
        for step in steps:
            inputs = component(spec, tasks(spec)[step])["inputDefinitions"]["parameters"]
            assert inputs[parameter] == {"parameterType": declared[parameter]["parameterType"]}


def test_a_comparison_with_single_task_networks_is_one_more_step(mounted: Path, plain: list[dict[str, Any]]):
    documents = compile_pipeline(wine_config(mounted, "evaluation.relatedness=2"), IMAGE)
    spec = documents[0]
    added = set(tasks(spec)) - set(tasks(plain[0]))
    assert added == {"Relatedness"}
    sources = tasks(spec)["Report"]["inputs"]["artifacts"]
    assert sources["relatedness"]["taskOutputArtifact"] == {
        "outputArtifactKey": "relatedness",
        "producerTask": "Relatedness",
    }
    assert "relatedness" not in tasks(plain[0])["Report"]["inputs"]["artifacts"]
    given = constants(documents)
    assert json.loads(given["Relatedness"]["settings"])["seeds"] == 2
    for name, parameters in constants(plain).items():
        assert given[name] == parameters or name == "Report", "no other step may change"
    declared = spec["root"]["inputDefinitions"]["parameters"]
    moved = substitute(
        "Relatedness", {"settings": given["Relatedness"]["settings"], "training_epochs": 7.0, "training_seed": 5.0}
    )
    training = json.loads(moved["settings"])["training"]
    assert (training["epochs"], training["seed"]) == (7, 5)
    assert set(given["Relatedness"]) & set(declared) == {"training_epochs", "training_learning_rate", "training_seed"}


def constants(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns step -> argument -> the value compiled into it, None for a parameter of the run."""
    return {
        name: {
            key: source.get("runtimeValue", {}).get("constant") for key, source in task["inputs"]["parameters"].items()
        }
        for name, task in tasks(documents[0]).items()
    }


def test_each_place_of_a_parameter_holds_what_was_compiled(plain: list[dict[str, Any]]):
    """With the defaults handed over as parameters, every step has the arguments it was compiled with."""
    declared = plain[0]["root"]["inputDefinitions"]["parameters"]
    for step, inputs in constants(plain).items():
        arguments = {name: value for name, value in inputs.items() if name not in declared}
        defaults = {name: declared[name]["defaultValue"] for name in inputs if name in declared}
        moved = substitute(step, arguments | defaults)
        assert set(moved) == set(arguments)
        for name, value in arguments.items():
            assert moved[name] == value or json.loads(moved[name]) == json.loads(value), (step, name)


@pytest.mark.parametrize("step", ["DataReport", "Report"])
def test_what_a_run_may_change_is_changed_in_each_copy_of_the_configuration(plain: list[dict[str, Any]], step: str):
    shown = dict(leaves(json.loads(constants(plain)[step]["settings"])["config"]))
    bound = {parameter.key for parameter in PARAMETERS if step in parameter.places}
    assert bound == {parameter.key for parameter in PARAMETERS} & set(shown)


def test_what_only_the_cluster_sees_is_left_to_the_steps(mounted: Path, plain: list[dict[str, Any]]):
    """The data is not even there: nothing at compile time may look at it."""
    assert list(mounted.iterdir()) == []
    compiled = constants(plain)
    assert compiled["ExampleGen"]["fingerprint"] == ""
    assert json.loads(compiled["ExampleGen"]["spec"])["paths"] == [str(mounted / "wine.csv")]
    assert (compiled["Baseline"]["version"], compiled["Baseline"]["content"]) == (-1, "")
    assert len(compiled["Trainer"]["custom_config"]) > 64


def caching(documents: list[dict[str, Any]]) -> dict[str, bool]:
    return {name: task["cachingOptions"]["enableCache"] for name, task in tasks(documents[0]).items()}


def test_caching_is_on_where_the_key_knows_everything(mounted: Path, plain: list[dict[str, Any]]):
    assert {name for name, cached in caching(plain).items() if not cached} == {"ExampleGen", "Baseline", "Pusher"}
    tagged = compile_pipeline(wine_config(mounted), "registry.example/mtl:1.0")
    assert not any(caching(tagged).values()), "a tag may name another image tomorrow"
    insisted = compile_pipeline(wine_config(mounted, "kubeflow.cache=true"), "registry.example/mtl:1.0")
    assert caching(insisted) == caching(plain)


def test_settings_of_a_step_win(rich: list[dict[str, Any]]):
    spec = rich[0]
    assert caching(rich)["ExampleGen"]
    retries = {name: task.get("retryPolicy", {}).get("maxRetryCount", 0) for name, task in tasks(spec).items()}
    assert (retries["Trainer"], retries["DataGate"], retries["Transform"]) == (0, 1, 2)
    found = dict(containers(spec))
    assert found["Transform"]["resources"] == {
        "resourceCpuRequest": "2",
        "resourceCpuLimit": "2",
        "resourceMemoryRequest": "4Gi",
        "resourceMemoryLimit": "4Gi",
    }
    assert found["Trainer"]["resources"]["resourceCpuLimit"] == "8"
    assert found["Trainer"]["resources"]["accelerator"] == {
        "type": "nvidia.com/gpu",
        "count": "1",
        "resourceType": "nvidia.com/gpu",
        "resourceCount": "1",
    }
    assert {"name": "AWS_ENDPOINT_URL", "value": "http://store:9000"} in found["Pusher"]["env"]


def test_the_gate_is_not_asked_again(plain: list[dict[str, Any]]):
    assert [name for name, task in tasks(plain[0]).items() if "retryPolicy" not in task] == ["DataGate"]


def test_a_step_that_fails_after_days_is_started_again_and_not_killed(plain: list[dict[str, Any]]):
    """Argo's `maxDuration` is the time of all attempts of a step together, from the start of the first.

    KFP 2.17.0 hands it `backoffMaxDuration` (workflow-controller 4.0.5, argoproj/argo-workflows#13044): at ten
    minutes, a Trainer that fails after an hour is not started again, and one that was started again is killed.
    """
    policy = tasks(plain[0])["Trainer"]["retryPolicy"]
    day = 86_400.0
    retries = Retries.of(policy, now=0)
    assert retries.refusal(1, now=2 * day) is None
    assert not retries.is_over(4 * day), "the second attempt runs as long as the first"
    assert retries.refusal(2, now=4 * day) is None
    assert retries.refusal(3, now=6 * day) == "No more retries left"
    assert Retries.of(policy | {"backoffMaxDuration": "600s"}, 0).refusal(1, 3600) == "Max duration limit exceeded"


def test_platform_document(mounted: Path, rich: list[dict[str, Any]]):
    spec, platform = rich
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(executors) == set(spec["deploymentSpec"]["executors"])
    for key in ("secretAsEnv", "secretAsVolume", "pvcMount", "imagePullSecret"):  # any step may read the data or push
        assert all(executor[key] == executors["Trainer_executor"][key] for executor in executors.values())
    assert executors["Trainer_executor"] == {
        "secretAsEnv": [
            {
                "secretName": "store",
                "secretNameParameter": {"runtimeValue": {"constant": "store"}},
                "keyToEnv": [{"secretKey": "accesskey", "envVar": "AWS_ACCESS_KEY_ID"}],
            }
        ],
        "secretAsVolume": [
            {
                "secretName": "ca",
                "secretNameParameter": {"runtimeValue": {"constant": "ca"}},
                "mountPath": "/certs",
            }
        ],
        "pvcMount": [
            {
                "constant": "shared",
                "pvcNameParameter": {"runtimeValue": {"constant": "shared"}},
                "mountPath": str(mounted),
            }
        ],
        "nodeSelector": {"labels": {"disk": "ssd"}},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "imagePullSecret": [
            {"secretName": "registry", "secretNameParameter": {"runtimeValue": {"constant": "registry"}}}
        ],
    }
    assert executors["ExampleGen_executor"]["nodeSelector"] == {"labels": {"disk": "ssd", "zone": "a"}}
    assert "tolerations" not in executors["ExampleGen_executor"]


@pytest.mark.parametrize("place", ["s3://b/t.csv", "gs://b/t.csv", "minio://b/t.csv"])
def test_a_bucket_can_be_reached(mounted: Path, place: str):
    require_reachable(wine_config(mounted, f"data.path={place}", f"push.destination={place}"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.path=/home/me/t.csv", "data.path must be in a bucket .* or on a volume .*, got /home/me/t.csv."),
        ("data.path=[s3://b/t.csv, /a/b.csv]", "data.path must be in a bucket .*, got /a/b.csv."),
        ("push.destination=/serving", "push.destination must be in a bucket .*, got /serving."),
        ("push.destination=", "push.destination must be in a bucket .*, got nothing."),
    ],
)
def test_what_no_pod_can_reach_is_refused(mounted: Path, override: str, message: str):
    with pytest.raises(ConfigError, match=message):
        compile_pipeline(wine_config(mounted, override), IMAGE)


def test_a_step_that_does_not_exist(mounted: Path):
    with pytest.raises(ConfigError, match=r'must name steps of the pipeline, got "Trainr". Did you mean "Trainer"\?'):
        compile_pipeline(wine_config(mounted, "kubeflow.steps={Trainr: {gpu: 1}}"), IMAGE)


def test_a_file_that_cannot_be_written(mounted: Path, tmp_path: Path):
    with pytest.raises(ConfigError, match="--output must be a file that can be written"):
        write(wine_config(mounted), IMAGE, tmp_path / "missing" / "pipeline.yaml")


def test_producers_are_repaired():
    output = {"taskOutputParameter": {"producerTask": "Count_task", "outputParameterKey": "n"}}
    real = {"taskOutputParameter": {"producerTask": "my_task", "outputParameterKey": "n"}}
    spec = {
        "root": {
            "dag": {"tasks": {"Count": {}, "my_task": {}, "Use": {"inputs": {"parameters": {"n": output, "m": real}}}}}
        }
    }
    repair_producers(spec)
    assert output["taskOutputParameter"]["producerTask"] == "Count"
    assert real["taskOutputParameter"]["producerTask"] == "my_task"
