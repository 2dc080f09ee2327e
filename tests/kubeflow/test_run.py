"""The compiled pipeline under the emulated cluster: every container's real command and arguments, twice."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.pusher.local_store import Store
from pipeline.kubeflow.checking.task_rules import STOCK_ENTRYPOINT
from pipeline.kubeflow.compiling.compile import compile_pipeline
from pipeline.kubeflow.compiling.spec import containers
from tests.e2e.conftest import SMALL
from tests.kubeflow.conftest import IMAGE, ROOT, wine_config
from tests.kubeflow.emulator.cluster import Cluster, Task

pytestmark = pytest.mark.slow
PATIENT = ("training.learning_rate=0.02", "training.patience=40", "training.plateau=0")


@dataclass(frozen=True)
class Runs:
    """Two runs of one compiled pipeline on one cluster."""

    cluster: Cluster
    volume: Path
    first: dict[str, Task]
    second: dict[str, Task]

    def read(self, task: Task, output: str, file: str) -> dict[str, Any]:
        return json.loads((self.cluster.store.path(task.artifacts[output].uri) / file).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("volume")
    (folder / "wine.csv").write_bytes((ROOT / "data" / "wine" / "wine.csv").read_bytes())
    return folder


@pytest.fixture(scope="module")
def documents(volume: Path) -> list[dict[str, Any]]:
    """With a patience that lets a run train for all its epochs."""
    return compile_pipeline(wine_config(volume, "kubeflow.retries=0", *SMALL, *PATIENT), IMAGE)


@pytest.fixture(scope="module")
def runs(volume: Path, documents: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The second run trains longer than the first, so that its model is another one and no worse."""
    cluster = Cluster(tmp_path_factory.mktemp("store"))
    first = cluster.run(documents, {"training_epochs": 5})
    second = cluster.run(documents, {"training_epochs": 40, "regression_thresholds": {"mae": 9.0}})
    return Runs(cluster, volume, first, second)


def test_every_step_of_both_runs_succeeds(runs: Runs):
    for done in (runs.first, runs.second):
        failures = {name: task.log[-3000:] for name, task in done.items() if task.state != "succeeded"}
        assert failures == {}


def test_the_second_run_finds_the_first_model_as_its_baseline(runs: Runs):
    assert runs.first["Baseline"].artifacts["model"].properties["empty"] == 1.0
    found = runs.second["Baseline"].artifacts["model"].properties
    assert found["version"] == 1.0
    assert "empty" not in found
    baselines = [
        runs.read(done["Evaluator"], "evaluation", "evaluation.json")["heads"]["regression"]["baseline"]
        for done in (runs.first, runs.second)
    ]
    assert baselines[0] is None
    assert baselines[1] is not None


def test_models_are_pushed_to_the_volume(runs: Runs):
    store = Store(runs.volume / "serving")
    pushed = [runs.read(done["Pusher"], "pushed_model", "push.json") for done in (runs.first, runs.second)]
    assert [result["pushed"] for result in pushed] == [True, True]
    assert (store.versions(), store.current()) == ([1, 2], 2)
    assert store.manifest(1).baseline == -1


def test_the_parameters_of_a_run_reach_its_steps(runs: Runs):
    epochs = [
        runs.read(done["Evaluator"], "evaluation", "evaluation.json")["training"]["epochs"]
        for done in (runs.first, runs.second)
    ]
    assert epochs == [5, 40]
    checks = runs.read(runs.second["Evaluator"], "evaluation", "evaluation.json")["verdict"]["checks"]
    assert any(check["sentence"].endswith("is at most 9.") for check in checks)
    first, second = (
        {row["key"]: row["value"] for row in runs.read(done["Report"], "report", "report.json")["config"]}
        for done in (runs.first, runs.second)
    )
    assert (first["training.epochs"], second["training.epochs"]) == ("5", "40")
    assert first["gates.regression.thresholds"] == "{}"
    assert second["gates.regression.thresholds.mae"] == "9.0"
    assert second["data.path"] == str(runs.volume / "wine.csv")


def test_no_path_of_a_pod_is_registered(runs: Runs):
    for done in (runs.first, runs.second):
        for task in done.values():
            for artifact in task.artifacts.values():
                assert artifact.uri.startswith("minio://mlpipeline/v2/artifacts/wine/")
                assert "/pod-" not in json.dumps(artifact.properties)


def test_a_step_with_the_same_inputs_comes_from_the_cache(runs: Runs, documents: list[dict[str, Any]]):
    """A new ExampleGen has new ids, so all below it runs again; with the same examples nothing does."""
    assert all(task.state == "succeeded" for task in runs.second.values())
    cached = copy.deepcopy(documents)
    cached[0]["root"]["dag"]["tasks"]["ExampleGen"]["cachingOptions"] = {"enableCache": True}
    third = runs.cluster.run(cached, until="SchemaGen")
    steps = ("ExampleGen", "StatisticsGen", "SchemaGen")
    assert {name: task.state for name, task in third.items()} == dict.fromkeys(steps, "cached")


def without_wrapper(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    changed = copy.deepcopy(documents)
    for _, container in containers(changed[0]):
        container["command"] = ["python", "-m", STOCK_ENTRYPOINT]
    return changed


def test_without_the_wrapper_the_first_container_dies(documents: list[dict[str, Any]], tmp_path: Path):
    done = Cluster(tmp_path).run(without_wrapper(documents))
    assert (done["ExampleGen"].state, done["ExampleGen"].code) == ("failed", 1)
    assert "ImportError" in done["ExampleGen"].log
    assert "system.Artifact" in done["ExampleGen"].log
    assert {task.state for name, task in done.items() if name not in ("ExampleGen", "Baseline")} == {"omitted"}


def test_what_the_data_gate_refuses_ends_the_run(volume: Path, tmp_path: Path):
    """The reviewed schema knows no cultivar `b`; nothing trains, and the sentence says so."""
    schema = tmp_path / "schema.pbtxt"
    header = (volume / "wine.csv").read_text().splitlines()[0].split(",")
    lines = [f'feature {{ name: "{name}" type: {"BYTES" if name == "cultivar" else "FLOAT"} }}' for name in header]
    lines.append('string_domain { name: "cultivars" value: "none of them" }')
    text = "\n".join(lines).replace('"cultivar" type: BYTES', '"cultivar" type: BYTES domain: "cultivars"')
    schema.write_text(text)
    documents = compile_pipeline(
        wine_config(volume, f"data.schema_file={schema}", f"push.destination={volume}/other"), IMAGE
    )
    done = Cluster(tmp_path / "store").run(documents, {"training_epochs": 2})
    gate = next(task for task in done.values() if task.state == "failed")
    assert (gate.code, gate.attempts) == (3, 1)
    assert gate.log.rstrip().splitlines()[-1].startswith("error: ")
    assert "cultivar" in gate.log.rstrip().splitlines()[-1]
    assert "Traceback" not in gate.log
    assert (done["Transform"].state, done["Pusher"].state) == ("omitted", "omitted")
