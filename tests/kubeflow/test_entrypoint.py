"""Containers with the real entrypoint under the emulated cluster: every kind of artifact, and every way to fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tfx.components import CsvExampleGen
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import example_gen_pb2

from pipeline.kubeflow.compiling.compile import COMMAND
from pipeline.kubeflow.compiling.spec import containers
from tests.kubeflow.conftest import ROOT
from tests.kubeflow.emulator.cluster import Cluster
from tests.kubeflow.toys import MATRIX, Give, Refuse, Take

pytestmark = pytest.mark.slow


def compiled(*steps: Any, command: list[str] | None = None) -> list[dict[str, Any]]:
    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(default_image="mtl", default_commands=command or COMMAND, use_pipeline_spec_2_1=True)
    )
    spec = runner.run(Pipeline("toys", "unused", components=list(steps)), write_out=False)["pipelineSpec"]
    for _, container in containers(spec):
        container["env"] = [{"name": "PYTHONPATH", "value": str(ROOT)}]
    return [spec]


@pytest.mark.parametrize(
    ("release", "root"), [("2.14", "s3://bucket/root"), ("2.15", "minio://mlpipeline/v2/artifacts")]
)
def test_every_kind_of_artifact(tmp_path: Path, release: str, root: str):
    give = Give(epochs=5).with_id("Give")
    take = Take(**{key: give.outputs[key] for key in ("page", "figures", "confusion", "model", "nothing")})
    cluster = Cluster(tmp_path, release, root)
    done = cluster.run(compiled(give, take.with_id("Take")))
    assert {name: task.state for name, task in done.items()} == {"Give": "succeeded", "Take": "succeeded"}, done

    given = done["Give"].artifacts
    assert {key: artifact.type for key, artifact in given.items() if key != "executor-logs"} == {
        "page": "system.HTML",
        "figures": "system.Metrics",
        "confusion": "system.ClassificationMetrics",
        "model": "tfx.Model",
        "nothing": "tfx.Model",
    }
    # What the KFP UI looks for: one object, rows of a table, a boxed matrix; and no path of the pod.
    assert cluster.store.path(given["page"].uri).read_text(encoding="utf-8") == "<h1>ü</h1>"
    assert (given["figures"].properties["mae"], given["figures"].properties["epochs"]) == (0.25, 5.0)
    assert given["confusion"].properties["confusionMatrix"] == {"struct": MATRIX}
    assert given["model"].properties["where"] == given["model"].uri
    assert given["model"].uri.startswith(f"{root}/toys/")
    assert not cluster.store.path(given["nothing"].uri).exists()
    assert {key for key, artifact in given.items() if "empty" in artifact.properties} == {"nothing"}

    seen = json.loads((cluster.store.path(done["Take"].artifacts["seen"].uri) / "seen.json").read_text())
    assert seen == {
        "page": "<h1>ü</h1>",
        "mae": 0.25,
        "epochs": 5,
        "confusion": MATRIX,
        "weights": "1 2 3",
        "nothing": [],
    }


@pytest.mark.parametrize(
    ("kind", "code", "line"),
    [
        ("gate", 3, "error: The rows must be 10 or more, got 3. Add rows."),
        ("input", 2, "error: The file must exist, got none."),
        ("bug", 1, "ValueError: a bug"),
    ],
)
def test_a_failure_is_a_sentence_and_a_code(tmp_path: Path, kind: str, code: int, line: str):
    refused = Cluster(tmp_path).run(compiled(Refuse(kind=kind).with_id("Refuse")))["Refuse"]
    assert (refused.state, refused.attempts, refused.code) == ("failed", 1, code)
    assert refused.log.rstrip().splitlines()[-1] == line
    assert ("Traceback" in refused.log) == (kind == "bug")


def test_the_driver_of_a_stock_example_gen_is_run(tmp_path: Path):
    data = tmp_path / "data" / "span-7"
    data.mkdir(parents=True)
    (data / "t.csv").write_text("x,y\n" + "1,2\n" * 50)
    config = example_gen_pb2.Input(splits=[example_gen_pb2.Input.Split(name="all", pattern="span-{SPAN}/*.csv")])
    example_gen = CsvExampleGen(input_base=str(tmp_path / "data"), input_config=config)
    cluster = Cluster(tmp_path / "store")
    task = cluster.run(compiled(example_gen))["CsvExampleGen"]
    assert task.state == "succeeded", task.log
    examples = task.artifacts["examples"]
    assert float(examples.properties["custom:span"]) == 7
    assert "xor_checksum" in examples.properties["input_fingerprint"]
    assert any(cluster.store.path(examples.uri).rglob("*.gz"))
