"""A cluster on loopback, and `mtl kubeflow` run against it in this process."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.kubeflow.client.api import Cluster, serving
from tests.unit.command import Said, call

Kubeflow = Callable[..., Said]


def patience(how: int | str) -> tuple[str, ...]:
    """Returns the options of a call that a fault of this kind hits: it waits briefly where nothing will come."""
    return ("--timeout", "0.7") if how == "hang" else ()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with serving(Cluster()) as running:
        yield running


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A compiled pipeline `wine` with the parameters data_path (text, required) and epochs (whole number, 20)."""
    return Path(shutil.copy(Path(__file__).with_name("pipeline.yaml"), tmp_path / "pipeline.yaml"))


@pytest.fixture
def kubeflow(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kubeflow:
    """Runs `mtl kubeflow` with arguments against the cluster, with short waits."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"HOST": cluster.url, "TIMEOUT": "10", "RETRIES": "2", "BACKOFF": "0.01"}.items():
        monkeypatch.setenv(f"KFP_{name}", value)
    monkeypatch.setenv("COLUMNS", "200")

    return partial(call, monkeypatch, capsys, "kubeflow")
