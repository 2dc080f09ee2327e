"""Steps of a pipeline whose planner saw neither the data nor the pushed models."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tfx.types.standard_artifacts import Examples, Model

from components.baseline import component as baseline
from components.example_gen import component as example_gen
from components.example_gen.spec import IngestSpec
from components.formats.summary import Summary
from components.formats.version import Version
from components.pusher.local_store import CURRENT, Store
from components.pusher.release import Release
from components.shared.errors import InputError

ROWS = "x,y,k\n" + "".join(f"{row},{row * 0.5},{'ab'[row % 2]}\n" for row in range(100))


def found_baseline(folder: Path, version: int, labels: tuple[str, str] = ("y", "k"), replace: int = 0) -> Model:
    model = Model()
    model.uri = str(folder / f"baseline-{version}")
    Path(model.uri).mkdir(exist_ok=True)
    arguments = {"destination": str(folder / "serving"), "version": version, "content": "", "code": ""}
    arguments |= {"labels": json.dumps(labels), "replace": replace}
    baseline.Baseline_Executor().Do({}, {"model": [model]}, arguments)
    return model


def push(folder: Path, content: str, manifest: Mapping[str, object] | None = None) -> int:
    export = folder / content
    export.mkdir()
    (export / "saved_model.pb").write_text(content)
    return Store(folder / "serving").publish(Release(export, Version.of("", dict(manifest or {})))).version


def test_the_baseline_is_whichever_model_is_current(tmp_path: Path):
    push(tmp_path, "first")
    second = push(tmp_path, "second")
    model = found_baseline(tmp_path, CURRENT)
    assert model.get_int_custom_property("version") == second == 2
    assert (Path(model.uri) / "Format-Serving" / "saved_model.pb").read_text() == "second"
    Store(tmp_path / "serving").rollback()
    earlier = found_baseline(tmp_path, 1)
    assert (Path(earlier.uri) / "Format-Serving" / "saved_model.pb").read_text() == "first"


def test_without_a_pushed_model_the_baseline_is_empty(tmp_path: Path):
    model = found_baseline(tmp_path, CURRENT)
    assert model.get_int_custom_property("version") == 0
    assert list(Path(model.uri).iterdir()) == []


def test_a_pushed_model_of_other_labels_stops_the_run_unless_it_may_be_replaced(tmp_path: Path):
    push(tmp_path, "first", {"labels": {"regression": "price", "classification": "k"}})
    with pytest.raises(InputError) as raised:
        found_baseline(tmp_path, CURRENT)
    assert str(raised.value) == (
        f"The labels must be those of the production model in {tmp_path / 'serving'}, "
        'the regression label "price" and the class label "k", got the regression label "y" and the class label "k". '
        "Keep them apart by another name (--set name=NAME) or push.destination, "
        "or replace that model by --set push.replace=true."
    )
    with pytest.raises(InputError, match='got the regression label "k" and the class label "price"'):
        found_baseline(tmp_path, 1, ("k", "price"))
    assert found_baseline(tmp_path, CURRENT, replace=1).get_int_custom_property("version") == 1


def test_rows_stay_in_their_splits_by_what_the_destination_knows(tmp_path: Path):
    (tmp_path / "t.csv").write_text(ROWS)
    header, *lines = ROWS.splitlines()
    wider = [f"{header},noise", *(f"{line},{place % 7}" for place, line in enumerate(lines))]
    (tmp_path / "wider.csv").write_text("\n".join(wider) + "\n")
    before = Summary.read(ingested(tmp_path, str(tmp_path / "t.csv")).uri)
    alone = Summary.read(ingested(tmp_path, str(tmp_path / "wider.csv")).uri)
    assert alone.judged != before.judged
    push(tmp_path, "first", {"rows": {"given": "", "key": "", "identity": before.identity, "inherited": False}})
    after = Summary.read(ingested(tmp_path, str(tmp_path / "wider.csv"), destination=str(tmp_path / "serving")).uri)
    assert (after.judged, after.splits, after.identity) == (before.judged, before.splits, {"x": "INT"})
    assert list(after.columns) == ["x", "noise"]


def ingested(folder: Path, path: str, date: str = "", fingerprint: str = "", destination: str = "") -> Examples:
    examples = Examples()
    examples.uri = str(folder / "examples")
    spec = IngestSpec((path,), "y", "k", date=date).to_json()
    arguments = {"spec": spec, "fingerprint": fingerprint, "code": "", "destination": destination}
    example_gen.ExampleGen_Executor().Do({}, {"examples": [examples]}, arguments)
    return examples


def test_the_data_is_looked_up_and_fingerprinted_by_the_step(tmp_path: Path):
    (tmp_path / "2026-01-31").mkdir()
    (tmp_path / "2026-01-31" / "part-1.csv").write_text(ROWS)
    examples = ingested(tmp_path, str(tmp_path / "{date}" / "*.csv"), "2026-01-31")
    content = hashlib.sha256(hashlib.sha256(ROWS.encode()).digest()).hexdigest()
    assert examples.get_string_custom_property("input_fingerprint") == content
    summary = json.loads((Path(examples.uri) / "summary.json").read_text())
    assert (summary["rows_in"], Path(summary["files"][0]).name) == (100, "part-1.csv")


def test_data_other_than_planned_is_refused(tmp_path: Path):
    (tmp_path / "t.csv").write_text(ROWS)
    with pytest.raises(InputError, match="must stay as it was when the run began"):
        ingested(tmp_path, str(tmp_path / "t.csv"), fingerprint="0" * 64)
