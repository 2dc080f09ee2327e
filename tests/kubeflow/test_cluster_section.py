"""The `kubeflow:` section: what holds for a step, and what is refused."""

import pytest

from pipeline.config.cluster import Kubeflow, StepResources, Toleration
from pipeline.config.resolve import resolve
from pipeline.errors import ConfigError

SMALLEST = {"data.path": "/t.csv", "labels.regression": "y", "labels.classification": "k"}


def test_what_a_step_says_comes_before_what_all_say():
    settings = Kubeflow(
        cpu="2",
        memory="4Gi",
        cache=True,
        node_selector={"disk": "ssd", "zone": "a"},
        tolerations=[Toleration(key="spot")],
        steps={
            "Trainer": StepResources(
                cpu="8",
                gpu=1,
                retries=0,
                cache=False,
                node_selector={"zone": "b"},
                tolerations=[Toleration(key="nvidia.com/gpu")],
            )
        },
    )
    trainer = settings.of("Trainer")
    assert (trainer.cpu, trainer.memory, trainer.gpu) == ("8", "4Gi", 1)
    assert (trainer.retries, trainer.cache) == (0, False)
    assert trainer.node_selector == {"disk": "ssd", "zone": "b"}
    assert [toleration.key for toleration in trainer.tolerations] == ["spot", "nvidia.com/gpu"]
    other = settings.of("Transform")
    assert (other.cpu, other.memory, other.gpu, other.retries, other.cache) == ("2", "4Gi", 0, 2, True)


@pytest.mark.parametrize(("written", "kept"), [("2", "2"), ("0.5", "0.5"), ("500m", "500m"), ("'8'", "8")])
def test_quantities_are_written_as_in_kubernetes(written: str, kept: str):
    assert resolve(None, SMALLEST, [f"kubeflow.cpu={written}"]).config.kubeflow.cpu == kept


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            "kubeflow.memory=4 GB",
            'kubeflow.memory must be a quantity of Kubernetes such as 500m, 2 or 4Gi, got "4 GB".',
        ),
        (
            "kubeflow.volumes=[{claim: My_Claim, path: /data}]",
            "kubeflow.volumes[0].claim must be a name of Kubernetes (lower-case letters, digits, hyphens, dots), "
            'got "My_Claim".',
        ),
        (
            "kubeflow.volumes=[{claim: data, path: data}]",
            'kubeflow.volumes[0].path must be an absolute folder below /, got "data".',
        ),
        (
            "kubeflow.steps={Trainer: {gpus: 1}}",
            'kubeflow.steps.Trainer.gpus must be a known key, got an unknown one. Did you mean "gpu"?',
        ),
        (
            "kubeflow.secrets=[{nam: x, name: y}]",
            'kubeflow.secrets[0].nam must be a known key, got an unknown one. Did you mean "name"?',
        ),
        ("kubeflow.retries=-1", "kubeflow.retries must be at least 0, got -1. Correct it in --set."),
    ],
)
def test_what_is_refused(override: str, sentence: str):
    with pytest.raises(ConfigError) as caught:
        resolve(None, SMALLEST, [override])
    assert str(caught.value) == sentence
