"""Steps of the compiled Kubeflow pipeline in the image: their commands and arguments, as a user without a name."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.kubeflow.compiling.compile import compile_pipeline
from tests.image.conftest import ROOT, UID, Done, Image
from tests.kubeflow.conftest import IMAGE, wine_config
from tests.kubeflow.emulator.cluster import Cluster

# Where the pods mount the claim with the data.
CLAIM = Path("/mnt/shared")
# Step -> the output of it that is looked at.
OUTPUTS = {"ExampleGen": "examples", "Transform": "transform_graph", "Trainer": "model"}

pytestmark = [pytest.mark.slow, pytest.mark.image]


@dataclass
class Pods:
    """A runtime of the emulated cluster that executes in the image, with the launcher's folders at the root.

    KFP's launcher is a process of the container itself: what it has put into the pod is the container's user's.

    Args:
        image: the image.
        claim: the folder that is mounted at `CLAIM`.
        owners: file that a command has written, below its pod -> user id.
    """

    image: Image
    claim: Path
    owners: dict[str, int] = field(default_factory=dict)

    def root(self, pod: Path) -> Path:
        return Path("/")

    def execute(self, command: Sequence[str], variables: dict[str, str], pod: Path) -> Done:
        places = [pod / "minio", pod / "tmp"]
        for place in places:
            place.mkdir(exist_ok=True)
        given = set(pod.rglob("*"))
        for path in given:
            os.chown(path, UID, 0)
        volumes = {place: f"/{place.name}" for place in places} | {self.claim: str(CLAIM)}
        done = self.image.execute(command, volumes, variables)
        self.owners |= {str(path.relative_to(pod)): path.lstat().st_uid for path in set(pod.rglob("*")) - given}
        return done


def test_the_compiled_steps_run_in_it_up_to_the_trainer(image: Image, folder: Path):
    claim = folder / "claim"
    claim.mkdir()
    shutil.copy(ROOT / "data" / "wine" / "wine.csv", claim)
    pods = Pods(image, claim)
    cluster = Cluster(folder / "store", runtime=pods)
    documents = compile_pipeline(wine_config(CLAIM, "kubeflow.retries=0"), IMAGE)
    done = cluster.run(documents, {"training_epochs": 2}, until="Trainer")
    assert {name: task.log[-3000:] for name, task in done.items() if task.state != "succeeded"} == {}
    found = {task: cluster.store.path(done[task].artifacts[output].uri) for task, output in OUTPUTS.items()}
    summary = json.loads((found["ExampleGen"] / "summary.json").read_text())
    assert (summary["files"], summary["rows_out"]) == ([str(CLAIM / "wine.csv")], 178)
    classes = found["Transform"] / "transform_fn" / "assets" / "classes"
    assert sorted(classes.read_text().split()) == ["class_0", "class_1", "class_2"]
    assert (found["Trainer"] / "Format-Serving" / "saved_model.pb").stat().st_size > 0
    for file in (
        "examples/summary.json",
        "transform_graph/transform_fn/saved_model.pb",
        "Format-Serving/saved_model.pb",
    ):
        assert {uid for name, uid in pods.owners.items() if name.endswith(f"/{file}")} == {UID}
    assert set(pods.owners.values()) == {UID}
