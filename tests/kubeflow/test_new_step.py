"""A step that is its component and one entry in the registry: it is part of everything that knows steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from components.shared.step_fingerprint import code_fingerprints
from pipeline.config.run import Config
from pipeline.graph.build import build, up_to
from pipeline.graph.inputs import at_run_time, gather
from pipeline.graph.steps import STEPS
from pipeline.graph.steps.base import Inputs, Step, within
from pipeline.kubeflow.compiling.compile import compile_pipeline
from pipeline.kubeflow.compiling.parameters import substitute
from pipeline.kubeflow.compiling.spec import tasks
from pipeline.local.step_summaries import detail
from pipeline.runs import record
from tests.kubeflow.conftest import IMAGE, wine_config


def arguments(config: Config, inputs: Inputs) -> dict[str, Any]:
    settings = {"training": {"seed": config.training.seed}}
    return {"settings": json.dumps(settings), "code": inputs.code["Weigh"]}


def words(artifacts: Mapping[str, str]) -> str:
    weight = json.loads(Path(artifacts["weight"], "weight.json").read_text())
    return f"{weight['bytes']:,} bytes"


WEIGH = Step(
    "Weigh",
    component="tests.kubeflow.toys.Weigh",
    module="tests.kubeflow.toys",
    takes={"model": "Trainer.model"},
    arguments=arguments,
    after=("Pusher",),
    wanted=lambda config: config.evaluation.confidence > 0.9,
    summary=words,
    reporting=True,
    cached=False,
    retried=False,
    parameters=within("settings", "training.seed"),
)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEPS, "Weigh", WEIGH)


def local_config(folder: Path, *overrides: str) -> Any:
    (folder / "wine.csv").write_text("alcohol,cultivar,ash\n1,a,2\n2,b,3\n")
    (folder / "out").mkdir(exist_ok=True)
    return wine_config(folder, f"runtime.output={folder / 'out'}", *overrides)


@pytest.mark.usefixtures("known")
def test_it_is_in_the_local_graph(tmp_path: Path):
    config = local_config(tmp_path)
    nodes = {node.id: node for node in build(config, at_run_time(config)).components}
    weigh = nodes["Weigh"]
    assert {node.id for node in weigh.upstream_nodes} == {"Trainer", "Pusher"}
    assert weigh.exec_properties == {
        "settings": '{"training": {"seed": 0}}',
        "code": code_fingerprints(["tests.kubeflow.toys"])["tests.kubeflow.toys"],
    }
    for last, is_in in (("Weigh", True), ("Pusher", False)):
        cut = up_to(build(config, at_run_time(config)), last)
        assert ("Weigh" in [node.id for node in cut.components]) == is_in
    unwanted = local_config(tmp_path, "evaluation.confidence=0.8")
    assert "Weigh" not in [node.id for node in build(unwanted, at_run_time(unwanted)).components]


def test_its_code_is_among_the_inputs_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = local_config(tmp_path)
    without = gather(config)
    monkeypatch.setitem(STEPS, "Weigh", WEIGH)
    reporting = gather(config)
    assert set(reporting.code) - set(without.code) == {"Weigh"}
    assert reporting.production.digest == without.production.digest
    entry = {name: value for name, value in vars(WEIGH).items() if name != "reporting"}
    monkeypatch.setitem(STEPS, "Weigh", Step(**entry))
    assert gather(config).production.digest != without.production.digest


@pytest.mark.usefixtures("known")
def test_the_table_of_a_run_says_what_it_did(tmp_path: Path):
    (tmp_path / "weight.json").write_text('{"bytes": 12345}')
    assert detail(record.StepRecord("Weigh", "done", artifacts={"weight": str(tmp_path)})) == "12,345 bytes"


@pytest.mark.usefixtures("known")
def test_it_is_in_the_compiled_package(tmp_path: Path):
    [spec, platform] = compile_pipeline(wine_config(tmp_path, "kubeflow.steps={Weigh: {node_selector: {a: b}}}"), IMAGE)
    task = tasks(spec)["Weigh"]
    assert task["inputs"]["artifacts"] == {
        "model": {"taskOutputArtifact": {"producerTask": "Trainer", "outputArtifactKey": "model"}}
    }
    assert task["inputs"]["parameters"]["training_seed"] == {"componentInputParameter": "training_seed"}
    assert task["cachingOptions"] == {"enableCache": False}
    assert "retryPolicy" not in task
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors["Weigh_executor"]["nodeSelector"] == {"labels": {"a": "b"}}
    compiled = task["inputs"]["parameters"]["settings"]["runtimeValue"]["constant"]
    moved = substitute("Weigh", {"settings": compiled, "training_seed": 5.0})
    assert {name: json.loads(value) for name, value in moved.items()} == {"settings": {"training": {"seed": 5}}}
