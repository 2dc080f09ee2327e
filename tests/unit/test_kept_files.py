"""Files that a later run reads: damage is one sentence that names the file; what a newer mtl added is passed over."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from components.data_validator.analysis.distribution import describe as describe_column
from components.example_gen.tables.dialect import Dialect
from components.formats.distributions import Distributions
from components.formats.evaluation import Evaluation
from components.formats.findings import Findings
from components.formats.summary import Summary
from components.formats.tuning import Tuning
from components.model_format.manifest import Calibration, InputColumn, Manifest, TrainLabels
from components.report.collect import Origin, Sources, collect
from components.shared.errors import InputError
from components.shared.kept_files import Damaged, read_json, replace_text, write_json
from pipeline.local.lineage import require_database
from pipeline.local.step_summaries import evaluation
from pipeline.runs.record import Run, StepRecord

RUN = Run("1", "t", "pushed", "2026-01-01T00:00:00+00:00", {}, {})
READERS: dict[str, Callable[[Path], Any]] = {
    "summary.json": Summary.read,
    "findings.json": Findings.read,
    "distributions.json": Distributions.read,
    "tuning.json": Tuning.read,
    Evaluation.FILE: lambda folder: evaluation(
        Run(**(asdict(RUN) | {"steps": [StepRecord("Evaluator", artifacts={"evaluation": str(folder)})]}))
    ),
    "assets.extra/model.json": Manifest.read,
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("content", "got"), [(b"", "an empty file"), (b"\0\0\0\0", "a file that is no JSON"), (b"3", "a JSON int")]
)
def test_a_damaged_file_of_a_step_is_one_sentence(tmp_path: Path, name: str, content: bytes, got: str):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        READERS[name](tmp_path)
    assert str(raised.value).startswith(f"{path} must hold what mtl wrote, got {got}. Run again with --no-cache")


def test_a_damaged_file_under_a_report_is_one_sentence(tmp_path: Path):
    (tmp_path / Evaluation.FILE).write_text("{")
    with pytest.raises(InputError, match=r"must hold what mtl wrote, got a file that is no JSON\. Run again"):
        collect(Sources(evaluation=str(tmp_path)), Origin("t", {}))


def manifest() -> Manifest:
    train = TrainLabels(10, 1.0, 2.0, {"a": 4, "b": 6})
    calibration = Calibration(5, 5, 1.25, 0.9, "split", None, "too few")
    columns = [InputColumn("x", "column_0", "FLOAT"), InputColumn("v", "column_1", "VECTOR", 3, True)]
    return Manifest(
        "y", "k", ["a", "b"], columns, Dialect(missing=("NA",)), {"v": "v_*"}, train, 100, 3, 2, "separate", calibration
    )


def test_the_manifest_of_another_mtl_is_read(tmp_path: Path):
    manifest().write_with("", tmp_path)
    path = tmp_path / "assets.extra" / "model.json"
    values = json.loads(path.read_text())
    assert Manifest.read(tmp_path) == manifest()
    values["columns"][0]["unit"] = "mm"
    values["train"]["deviation"] = 1.5
    path.write_text(json.dumps(values | {"seed": 7}))
    assert Manifest.read(tmp_path) == manifest(), "a newer one, with more in it"
    older = {name: value for name, value in values.items() if name not in ("trunk", "calibration", "dialect")}
    older["missing"] = ["NA", "-"]
    path.write_text(json.dumps(older))
    assert Manifest.read(tmp_path).dialect == Dialect(missing=("NA", "-"))
    assert (Manifest.read(tmp_path).trunk, Manifest.read(tmp_path).calibration) == (None, None)
    del older["classes"]
    path.write_text(json.dumps(older))
    with pytest.raises(InputError) as raised:
        Manifest.read(tmp_path)
    assert str(raised.value) == (
        f"{path} must hold what mtl wrote, got `classes`: field required. Run again with --no-cache; "
        "if it is the production model, go back to the one before with `mtl rollback`."
    )


def test_the_summary_and_the_distributions_of_a_newer_mtl_are_read(tmp_path: Path):
    summary = Summary(
        ["t.csv"], Dialect("csv", ","), "f", 3, 3, {}, {"train": 3}, "y", "k", {"train": {"a": 3}}, {"x": "INT"},
        {}, {}, {}, {}, "row", [],
    )  # fmt: skip
    (tmp_path / "summary.json").write_text(json.dumps(summary.to_dict() | {"cells": 9}))
    assert Summary.read(tmp_path) == summary
    texts = describe_column(pa.array(["a", "b", "a"]))
    distributions = Distributions({"train": {"c": texts}})
    values = distributions.to_dict()
    values["splits"]["train"]["c"]["entropy"] = 0.9
    (tmp_path / "distributions.json").write_text(json.dumps(values))
    assert Distributions.read(tmp_path) == distributions


def test_a_missing_file_and_one_that_nests_too_deep(tmp_path: Path):
    with pytest.raises(Damaged) as raised:
        read_json(tmp_path / "none.json", "Do this.")
    assert str(raised.value) == (
        f"{tmp_path}/none.json must hold what mtl wrote, got none (No such file or directory). Do this."
    )
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(Damaged, match="got a file that is no JSON"):
        read_json(tmp_path / "deep.json")


def test_what_is_written_is_read_and_nothing_else_stays(tmp_path: Path):
    path = tmp_path / "a.json"
    for values in ({"größe": [1, None, 0.1]}, {}):
        write_json(path, values)
        assert read_json(path) == values
    replace_text(path, "ü")
    assert path.read_bytes() == "ü".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_database_of_earlier_runs_is_named(tmp_path: Path):
    path = tmp_path / "metadata.db"
    require_database(path)
    assert not path.exists()
    path.touch()
    require_database(path)  # SQLite makes a database of an empty file
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (x TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 100)
    database.close()
    require_database(path)
    whole = path.read_bytes()
    for damaged, found in (
        (b"\0" * len(whole), "file is not a database"),
        (whole[:4096] + b"\xff" * (len(whole) - 4096), ""),
    ):
        path.write_bytes(damaged)
        with pytest.raises(InputError) as raised:
            require_database(path)
        assert str(raised.value).startswith(
            f"{path} must be the database of the runs in its folder, got a damaged one ({found}"
        )
        assert str(raised.value).endswith(
            "Move it and the artifacts away: the next run makes new ones and runs every step."
        )
