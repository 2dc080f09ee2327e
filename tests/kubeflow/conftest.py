"""The bundled wine data as a pipeline for a cluster whose one volume is a folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.resolve import resolve

ROOT = Path(__file__).parents[2]
IMAGE = "registry.example/mtl@sha256:" + "0" * 64


def wine_config(volume: Path, *overrides: str) -> Any:
    """Returns the configuration of a pipeline that reads from and pushes to a volume."""
    flags = {
        "name": "wine",
        "data.path": str(volume / "wine.csv"),
        "labels.regression": "alcohol",
        "labels.classification": "cultivar",
        "push.destination": str(volume / "serving"),
        "kubeflow": {"volumes": [{"claim": "shared", "path": str(volume)}]},
    }
    return resolve(None, flags, overrides).config


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A folder with the data, which every pod sees."""
    folder = tmp_path / "volume"
    folder.mkdir()
    shutil.copy(ROOT / "data" / "wine" / "wine.csv", folder)
    return folder
