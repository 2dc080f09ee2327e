"""The emulated cluster itself, with containers of a few lines: it must be as strict as the real one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.kubeflow.emulator import driver
from tests.kubeflow.emulator.cluster import Cluster
from tests.kubeflow.emulator.launcher import local
from tests.kubeflow.emulator.runtime import Done, Processes
from tests.kubeflow.emulator.storage import stored

PRELUDE = """
import json, os, pathlib, sys
given = json.loads(sys.argv[1])
root = pathlib.Path(os.environ["MTL_LAUNCHER_ROOT"])
def path(uri):
    return root / uri.replace("://", "/").replace("gs/", "gcs/", 1)
def artifact(side, key):
    return given[side]["artifacts"][key]["artifacts"][0]
def answer(**entry):
    pathlib.Path(given["outputs"]["outputFile"]).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(given["outputs"]["outputFile"]).write_text(json.dumps(entry))
"""
GIVE = """
out = path(artifact("outputs", "model")["uri"])
assert out.parent.is_dir() and not out.exists()
(out / "empty").mkdir(parents=True)
(out / "weights").write_text(str(given["inputs"]["parameterValues"]["n"]))
answer(artifacts={"model": {"artifacts": [{"metadata": {"blessed": 1, "sizes": [1, 2], "flag": True}}]}})
"""
TAKE = """
model = artifact("inputs", "model")
files = sorted(p.name for p in path(model["uri"]).iterdir())
found = {"files": files, "model": model, "outputs": sorted(given["outputs"]["artifacts"])}
path(artifact("outputs", "seen")["uri"]).write_text(json.dumps(found))
"""


def container(script: str) -> dict[str, Any]:
    return {"container": {"image": "i", "command": ["python"], "args": ["-c", PRELUDE + script, "{{$}}"]}}


def two_steps(give: str = GIVE, take: str = TAKE) -> list[dict[str, Any]]:
    kind = {"artifactType": {"instanceSchema": "title: tfx.Model\ntype: object"}}
    source = {"taskOutputArtifact": {"producerTask": "Give", "outputArtifactKey": "model"}}
    return [
        {
            "schemaVersion": "2.1.0",
            "pipelineInfo": {"name": "toy"},
            "root": {
                "inputDefinitions": {"parameters": {"n": {"parameterType": "NUMBER_INTEGER", "defaultValue": 6}}},
                "dag": {
                    "tasks": {
                        "Take": {
                            "componentRef": {"name": "Take"},
                            "dependentTasks": ["Give"],
                            "cachingOptions": {"enableCache": True},
                            "inputs": {"artifacts": {"model": source}},
                        },
                        "Give": {
                            "componentRef": {"name": "Give"},
                            "cachingOptions": {"enableCache": True},
                            "inputs": {"parameters": {"n": {"componentInputParameter": "n"}}},
                        },
                    }
                },
            },
            "components": {
                "Give": {
                    "executorLabel": "give",
                    "inputDefinitions": {"parameters": {"n": {"parameterType": "NUMBER_INTEGER"}}},
                    "outputDefinitions": {"artifacts": {"model": kind}},
                },
                "Take": {"executorLabel": "take", "outputDefinitions": {"artifacts": {"seen": kind}}},
            },
            "deploymentSpec": {"executors": {"give": container(give), "take": container(take)}},
        }
    ]


def states(cluster: Cluster, documents: list[dict[str, Any]], **parameters: Any) -> dict[str, str]:
    return {name: task.state for name, task in cluster.run(documents, parameters).items()}


@pytest.mark.parametrize("root", ["minio://bucket/root", "s3://bucket", "gs://bucket"])
@pytest.mark.parametrize("release", ["2.14", "2.15"])
def test_what_a_later_task_sees(tmp_path: Path, release: str, root: str):
    cluster = Cluster(tmp_path, release, root)
    done = cluster.run(two_steps())
    assert {name: task.state for name, task in done.items()} == {"Give": "succeeded", "Take": "succeeded"}, done
    seen = json.loads(cluster.store.path(done["Take"].artifacts["seen"].uri).read_text())
    model = done["Give"].artifacts["model"]
    # The type and the empty folder are gone, the list is boxed, the boolean is a number, and a property was added.
    assert seen["files"] == ["weights"]
    assert seen["outputs"] == ["executor-logs", "seen"]
    assert seen["model"] == {
        "name": str(model.id),
        "uri": model.uri,
        "type": {"instanceSchema": ""},
        "metadata": {
            "blessed": 1.0,
            "sizes": {"list": [1.0, 2.0]},
            "flag": 1.0,
            "display_name": "model",
            "store_session_info": "{}",
        },
    }
    assert (cluster.store.path(model.uri) / "weights").read_text() == "6.0"
    assert model.uri.startswith(f"{root}/toy/")


def test_the_cache_knows_arguments_and_ids(tmp_path: Path):
    cluster = Cluster(tmp_path)
    assert states(cluster, two_steps()) == {"Give": "succeeded", "Take": "succeeded"}
    assert states(cluster, two_steps()) == {"Give": "cached", "Take": "cached"}
    assert states(cluster, two_steps(), n=7) == {"Give": "succeeded", "Take": "succeeded"}
    uncached = two_steps()
    uncached[0]["root"]["dag"]["tasks"]["Give"].pop("cachingOptions")
    assert states(cluster, uncached, n=7) == {"Give": "succeeded", "Take": "succeeded"}, "a new id is a new key"


def test_a_run_until_a_task_leaves_out_what_that_does_not_need(tmp_path: Path):
    assert list(Cluster(tmp_path).run(two_steps(), until="Give")) == ["Give"]
    assert list(Cluster(tmp_path).run(two_steps(), until="Take")) == ["Give", "Take"]


def test_a_failure_omits_what_follows_and_is_retried_in_a_new_pod(tmp_path: Path):
    counter = tmp_path / "attempts"
    flaky = f"""
tries = pathlib.Path({str(counter)!r})
tries.write_text(tries.read_text() + "." if tries.exists() else ".")
assert not path(artifact("outputs", "model")["uri"]).exists()
path(artifact("outputs", "model")["uri"]).mkdir()
if len(tries.read_text()) < 3: sys.exit(7)
"""
    documents = two_steps(give=flaky)
    failed = Cluster(tmp_path).run(documents)
    assert (failed["Give"].state, failed["Give"].code, failed["Take"].state) == ("failed", 7, "omitted")
    documents[0]["root"]["dag"]["tasks"]["Give"]["retryPolicy"] = {"maxRetryCount": 5}
    retried = Cluster(tmp_path).run(documents)
    assert (retried["Give"].state, retried["Give"].attempts) == ("succeeded", 2)


@pytest.mark.parametrize(
    ("longest", "minutes", "state", "attempts", "message"),
    [
        # argoproj/argo-workflows#13044: sleeps of 120 s that fail, a wait of 10 s and `maxDuration: 3m`. The second
        # attempt has the 50 s left, and is killed.
        ("180s", [2, 2], "failed", 2, "active on the node longer than the specified deadline"),
        ("600s", [11], "failed", 1, "Max duration limit exceeded"),
        ("125s", [2], "failed", 1, "Backoff would exceed max duration limit"),
        ("604800s", [1440, 1440, 1440], "failed", 3, "No more retries left"),
        ("604800s", [1440, 1440], "succeeded", 2, ""),
    ],
)
def test_attempts_have_one_time_together(
    tmp_path: Path, longest: str, minutes: list[int], state: str, attempts: int, message: str
):
    now, left = 0.0, [*minutes]

    class Slow(Processes):
        def execute(self, command: Sequence[str], variables: dict[str, str], pod: Path) -> Done:
            nonlocal now
            now += 60 * left.pop(0)
            if left or state == "failed":
                return Done(command, 1, "", "")
            return super().execute(command, variables, pod)

    documents = two_steps()
    documents[0]["root"]["dag"]["tasks"]["Give"]["retryPolicy"] = {
        "maxRetryCount": 2,
        "backoffDuration": "10s",
        "backoffFactor": 2.0,
        "backoffMaxDuration": longest,
    }
    cluster = Cluster(tmp_path, runtime=Slow(), clock=lambda: now)
    done = cluster.run(documents, until="Give")["Give"]
    assert (done.state, done.attempts) == (state, attempts)
    assert message in done.message


@pytest.mark.parametrize(
    ("give", "message"),
    [
        ("answer(artefacts={})", 'no field named "artefacts"'),
        (GIVE.replace('"blessed": 1', '"blessed": None'), "StructValueToMLMDValue: null"),
        (GIVE.replace('{"metadata"', '{"uri": "minio://elsewhere/model", "metadata"'), "is not under"),
        (GIVE.replace('{"metadata"', '{"uri": str(out), "metadata"'), "is not under"),
    ],
)
def test_the_answer_is_read_strictly(tmp_path: Path, give: str, message: str):
    done = Cluster(tmp_path).run(two_steps(give=give))
    assert (done["Give"].state, done["Take"].state) == ("failed", "omitted")
    assert message in done["Give"].log


@pytest.mark.parametrize(("value", "state"), [("1.0", "succeeded"), ("0.0", "omitted")])
def test_a_condition(tmp_path: Path, value: str, state: str):
    documents = two_steps()
    documents[0]["root"]["dag"]["tasks"]["Take"]["triggerPolicy"] = {
        "condition": f"(inputs.artifacts['model'].artifacts[0].metadata['blessed'] == {value})"
    }
    assert states(Cluster(tmp_path), documents)["Take"] == state


def test_an_exit_task_runs_in_any_case(tmp_path: Path):
    documents = two_steps(give="sys.exit(1)", take='path(artifact("outputs", "seen")["uri"]).mkdir()')
    task = documents[0]["root"]["dag"]["tasks"]["Take"]
    task["triggerPolicy"], task["inputs"] = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}, {}
    assert states(Cluster(tmp_path), documents) == {"Give": "failed", "Take": "succeeded"}


def test_an_importer_registers_and_does_not_look(tmp_path: Path):
    documents = two_steps(take='assert not path(artifact("inputs", "model")["uri"]).exists()')
    documents[0]["deploymentSpec"]["executors"]["give"] = {"importer": {"artifactUri": {"constant": "s3://b/none"}}}
    assert states(Cluster(tmp_path), documents) == {"Give": "succeeded", "Take": "succeeded"}


def test_parameters_of_a_run():
    spec = two_steps()[0]
    assert driver.root_parameters(spec, {"n": 7}) == {"n": 7.0}
    with pytest.raises(AssertionError, match="unknown parameters"):
        driver.root_parameters(spec, {"m": 7})
    with pytest.raises(AssertionError, match="must be NUMBER_INTEGER"):
        driver.root_parameters(spec, {"n": "7"})
    del spec["root"]["inputDefinitions"]["parameters"]["n"]["defaultValue"]
    with pytest.raises(AssertionError, match="not optional, yet has neither default value"):
        driver.root_parameters(spec, {})


def test_local_paths():
    assert local("gs://b/k", Path("/pod")) == Path("/pod/gcs/b/k")
    assert [stored(value) for value in (1, True, "a", [1], {"a": 1})] == [
        1.0,
        1.0,
        "a",
        {"list": [1]},
        {"struct": {"a": 1}},
    ]
