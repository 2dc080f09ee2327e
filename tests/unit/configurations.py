"""Configuration files, and what is said of those that cannot be used."""

from pathlib import Path

import pytest

from components.shared.errors import InputError
from pipeline.config.resolve import resolve
from pipeline.errors import ConfigError

LABELS = "labels: {regression: y, classification: k}\n"
SMALLEST = f"data: {{path: t.csv}}\n{LABELS}"
FLAGS = {"data.path": "t.csv", "labels.regression": "y", "labels.classification": "k"}


def write(folder: Path, text: str) -> Path:
    file = folder / "mtl.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(file: Path | None = None, *overrides: str, flags: dict[str, object] | None = None) -> str:
    with pytest.raises(ConfigError) as raised:
        resolve(file, flags, overrides)
    assert isinstance(raised.value, InputError)
    assert raised.value.exit_code == 2
    return str(raised.value)
