"""A pipeline of stock TFX components, compiled as TFX's guide says: what `check` says of it, thing by thing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tfx.components import CsvExampleGen, Evaluator, StatisticsGen, Trainer
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing

from pipeline.kubeflow.checking.check import findings_of, read
from pipeline.kubeflow.checking.rules import RULES


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stock")
    example_gen = CsvExampleGen(input_base=RuntimeParameter("input_base", str, "/data"))
    statistics = StatisticsGen(examples=example_gen.outputs["examples"]).with_id("statistics_gen")
    trainer = Trainer(
        run_fn="user.run_fn",
        examples=example_gen.outputs["examples"],
        train_args=trainer_pb2.TrainArgs(num_steps=1),
        eval_args=trainer_pb2.EvalArgs(num_steps=1),
    )
    resolver = Resolver(
        strategy_class=LatestBlessedModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
    ).with_id("latest")
    evaluator = Evaluator(
        examples=example_gen.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=resolver.outputs["model"],
    )
    pipeline = Pipeline("stock", "gs://b/root", components=[example_gen, statistics, trainer, resolver, evaluator])
    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(use_pipeline_spec_2_1=True), output_dir=str(folder), output_filename="stock.yaml"
    )
    runner.run(pipeline)
    return folder / "stock.yaml"


def test_each_thing_that_kubeflow_would_refuse_is_listed(compiled: Path):
    pipeline = read(compiled)
    found = {name: sorted(finding.where for finding in rule(pipeline)) for name, rule in RULES.items()}
    steps = ["task CsvExampleGen", "task Evaluator", "task Trainer", "task statistics_gen"]
    assert {rule: places for rule, places in found.items() if places} == {
        "task_names": ["task statistics_gen"],
        "resolvers": ["task latest-model-blessing-resolver", "task latest-model-resolver"],
        "stock_entrypoint": steps,
        "untyped_inputs": ["task Evaluator", "task Trainer", "task statistics_gen"],
        "remote_uris": steps,
        "lifecycle": ["task CsvExampleGen"],
        "defaults": ["parameter input_base"],
    }
    assert len(findings_of(pipeline)) == sum(len(places) for places in found.values()) == 16


def test_the_command_lists_them_and_ends_with_2(compiled: Path):
    mtl = Path(sys.executable).with_name("mtl")
    done = subprocess.run([mtl, "kubeflow", "check", compiled], capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 16
    assert (
        "task latest-model-resolver: is refused when a run is created: it is a resolver, neither container nor "
        "importer. Let an ordinary component find the artifact.\n" in done.stdout
    )
    assert done.stderr == (f"error: {compiled} must have no findings, got 16. Do what they say and check again.\n")


def test_cached_it_would_serve_old_data(compiled: Path, tmp_path: Path):
    spec = yaml.safe_load(compiled.read_text(encoding="utf-8"))
    spec["root"]["dag"]["tasks"]["CsvExampleGen"]["cachingOptions"] = {"enableCache": True}
    file = tmp_path / "cached.yaml"
    file.write_text(yaml.safe_dump(spec))
    assert [finding.where for finding in findings_of(read(file)) if "from the cache" in finding.effect] == [
        "task CsvExampleGen"
    ]
