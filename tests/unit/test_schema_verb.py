"""`mtl schema`: what it refuses, and a schema taken from the newest run."""

from pathlib import Path

import pytest

from components.schema_gen.schema_file import read_schema
from components.shared.errors import InputError
from pipeline.config.resolve import Resolved, resolve
from pipeline.runs.record import StepRecord, new_run
from pipeline.verbs.schema import accept, diff, infer

SCHEMA = 'feature {\n  name: "größe"\n  type: FLOAT\n}\n'


def resolved(folder: Path, *overrides: str) -> Resolved:
    flags = {"data.path": "t.csv", "labels.regression": "y", "labels.classification": "k", "name": "t"}
    return resolve(None, flags, [f"runtime.output={folder / 'out'}", *overrides])


def test_a_file_is_never_overwritten_by_infer(tmp_path: Path):
    target = tmp_path / "schema.pbtxt"
    target.write_text("# mine")
    with pytest.raises(InputError, match=r"The file to write must not exist, got .*mtl schema diff"):
        infer(resolved(tmp_path), target)
    assert target.read_text() == "# mine"


@pytest.mark.parametrize("verb", [diff, accept])
def test_a_reviewed_schema_must_be_configured(tmp_path: Path, verb):
    with pytest.raises(InputError) as raised:
        verb(resolved(tmp_path))
    assert str(raised.value) == (
        "data.schema_file must name the reviewed schema, got nothing. "
        "Write one with `mtl schema infer FILE`, and set it."
    )


def test_accept_takes_the_schema_of_the_newest_run(tmp_path: Path):
    target = tmp_path / "schema.pbtxt"
    configured = resolved(tmp_path, f"data.schema_file={target}")
    with pytest.raises(InputError, match="There must be a run to accept the schema of, got none"):
        accept(configured)
    for number, text in enumerate(["feature { name: 'old' }", SCHEMA]):
        artifact = tmp_path / str(number)
        artifact.mkdir()
        (artifact / "schema.pbtxt").write_text(text, encoding="utf-8")
        run = new_run(tmp_path / "out", "t", {}, {})
        run.state = "pushed"
        run.steps = [StepRecord("SchemaGen", artifacts={"schema": str(artifact)})]
        run.write(tmp_path / "out")
    assert accept(configured) == []
    written = target.read_text(encoding="utf-8")
    assert written.startswith("# The schema of ")
    assert written.endswith(SCHEMA)
    assert [feature.name for feature in read_schema(target).feature] == ["größe"]
