import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from components.formats.version import Version
from components.pusher.local_store import CURRENT, Store
from components.pusher.release import Release
from components.shared.errors import InputError
from pipeline.config.resolve import resolve
from pipeline.graph import inputs
from pipeline.graph.inputs import at_run_time, check_pushed, gather
from pipeline.graph.steps import STEPS
from pipeline.graph.steps.base import Inputs, Production

SCHEMA = 'feature {{ name: "{name}" type: FLOAT }}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "t.csv").write_text("x,y,k\n1,2,a\n2,3,b\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gathered(*overrides: str, data: str = "t.csv") -> Inputs:
    flags = {"data.path": data, "labels.regression": "y", "labels.classification": "k", "name": "t"}
    return gather(resolve(None, flags, overrides).config)


def push(folder: Path, content: str, manifest: Mapping[str, object]) -> int:
    model = folder / f"export-{content}"
    model.mkdir()
    (model / "saved_model.pb").write_text(content)
    return Store(folder / "runs" / "t" / "serving").publish(Release(model, Version.of("", dict(manifest)))).version


def provenance(of: Inputs) -> dict[str, object]:
    """What the Pusher writes beside a model."""
    found = dataclasses.asdict(of.production)
    return found | {"rows": found["rows"] | {"identity": {}, "inherited": False}}


def test_digest_is_of_content_not_of_places(folder: Path):
    first = gathered()
    assert first.production.digest == gathered().production.digest
    (folder / "copy.csv").write_bytes((folder / "t.csv").read_bytes())
    moved = gathered("runtime.output=elsewhere", "push.keep=2", "push.destination=served", data="copy.csv")
    assert (moved.production.digest, moved.fingerprint) == (first.production.digest, first.fingerprint)


@pytest.mark.parametrize(
    "override",
    [
        "training.epochs=3",
        "training.seed=1",
        "model.hidden=[8]",
        "features.categorical=[x]",
        "gates.rule=regression",
        "data.split.salt=other",
        "data.missing=[]",
        "name=other",
    ],
)
def test_digest_changes_with_the_configuration(folder: Path, override: str):
    assert gathered(override).production.digest != gathered().production.digest


def test_digest_changes_with_data_code_and_reviewed_schema(folder: Path, monkeypatch: pytest.MonkeyPatch):
    digests = [gathered().production.digest]
    (folder / "s.pbtxt").write_text(SCHEMA.format(name="x"))
    reviewed = gathered("data.schema_file=s.pbtxt")
    assert (reviewed.spec.types, reviewed.reviewed_schema) == ({"x": "FLOAT"}, SCHEMA.format(name="x"))
    digests.append(reviewed.production.digest)
    (folder / "s.pbtxt").write_text(SCHEMA.format(name="z"))
    digests.append(gathered("data.schema_file=s.pbtxt").production.digest)
    (folder / "t.csv").write_text("x,y,k\n1,2,a\n2,4,b\n")
    digests.append(gathered().production.digest)
    monkeypatch.setattr(inputs, "code_fingerprints", lambda modules: {module: f"new {module}" for module in modules})
    digests.append(gathered().production.digest)
    assert len(set(digests)) == len(digests)


def test_each_step_has_its_code(folder: Path):
    found = gathered()
    assert set(found.code) == set(STEPS) - {"ModelAnalysis"}
    assert all(len(print_) == 64 for print_ in found.code.values())
    assert (found.spec.types, found.reviewed_schema) == ({}, "")


def test_without_a_pushed_model_there_is_no_baseline(folder: Path):
    first, second = gathered(), gathered()
    assert (first.production.baseline, second.production.baseline) == (0, 0)
    assert first.production.attempt != second.production.attempt


@pytest.mark.parametrize("lost", ["baseline", "content", "attempt"])
def test_a_manifest_with_a_part_lost_is_that_of_any_other_model(folder: Path, lost: str):
    first = gathered()
    version = push(folder, "a", provenance(first))
    assert gathered().production == first.production
    path = folder / "runs" / "t" / "serving" / str(version) / "assets.extra" / "mtl.json"
    manifest = json.loads(path.read_text())
    del manifest[lost]
    path.write_text(json.dumps(manifest))
    assert gathered().production.baseline == version
    path.write_bytes(b"")
    assert (gathered().production.baseline, gathered().production.content) == (version, "")


def test_at_run_time_nothing_is_looked_at_but_schema_and_code(folder: Path):
    (folder / "s.pbtxt").write_text(SCHEMA.format(name="x"))
    flags = {"data.path": "s3://b/none.csv", "labels.regression": "y", "labels.classification": "k"}
    found = at_run_time(resolve(None, flags, ["data.schema_file=s.pbtxt"]).config)
    assert (found.fingerprint, found.production) == ("", Production("", CURRENT, "", ""))
    assert found.spec.paths == ("s3://b/none.csv",)
    assert (found.spec.types, found.reviewed_schema) == ({"x": "FLOAT"}, SCHEMA.format(name="x"))
    assert found.code == gathered().code


def test_kubernetes_changes_nothing_about_a_model(folder: Path):
    assert gathered("kubeflow.cpu=8").production.digest == gathered().production.digest


def test_what_only_reports_changes_nothing_about_a_model(folder: Path, monkeypatch: pytest.MonkeyPatch):
    before = gathered()
    assert gathered("evaluation.relatedness=3", "evaluation.tfma=true").production.digest == before.production.digest
    told = {STEPS["Report"].module, STEPS["Relatedness"].module}
    real = inputs.code_fingerprints
    monkeypatch.setattr(inputs, "code_fingerprints", lambda modules: real(modules) | dict.fromkeys(told, "new"))
    assert gathered().code["Relatedness"] == "new"
    assert gathered().production.digest == before.production.digest


def test_its_own_push_is_recognised(folder: Path):
    other = push(folder, "other", {"digest": "another", "baseline": 0, "attempt": "x"})
    before = gathered()
    assert before.production.baseline == other
    push(folder, "mine", provenance(before))
    # The second run finds what the first one found, not its own model: every step comes from the cache.
    assert gathered() == before


def test_a_model_pushed_since_is_the_baseline(folder: Path):
    before = gathered()
    push(folder, "mine", provenance(before))
    other = push(folder, "other", provenance(gathered("training.epochs=3")))
    after = gathered()
    assert (after.production.digest, after.production.baseline) == (before.production.digest, other)
    assert after.production.attempt != before.production.attempt


def test_after_a_rollback_the_push_is_new(folder: Path):
    other = push(folder, "other", {"digest": "another"})
    before = gathered()
    push(folder, "mine", provenance(before))
    Store(folder / "runs" / "t" / "serving").rollback()
    after = gathered()
    assert after.production.baseline == other
    assert after.production.attempt != before.production.attempt


def test_a_model_of_another_tool_is_a_baseline(folder: Path):
    version = folder / "runs" / "t" / "serving" / "1700000000"
    version.mkdir(parents=True)
    (version / "saved_model.pb").write_text("foreign")
    assert gathered().production.baseline == 1_700_000_000


def test_what_told_rows_apart_is_passed_on_where_it_may_matter(folder: Path):
    """A run of the pushed version's own data gets what that version's run got, so that nothing is ingested again."""
    first, serving = gathered(), folder / "runs" / "t" / "serving"
    assert first.production.rows["given"] == ""
    identity = {"x": "FLOAT"}
    learned = {"identity": identity, "inherited": False}
    version = push(folder, "mine", provenance(first) | {"rows": first.production.rows | learned})
    assert gathered().production.rows == first.production.rows
    assert gathered("training.epochs=3").production.rows == first.production.rows
    (folder / "t.csv").write_text("x,y,k,new\n1,2,a,1\n2,3,b,1\n")
    second = gathered()
    assert json.loads(second.production.rows["given"]) == learned | {"folder": str(serving / str(version))}
    version = push(folder, "next", provenance(second) | {"rows": second.production.rows | learned})
    assert gathered("training.epochs=3").production.rows == second.production.rows
    assert json.loads(gathered("data.ignore=[new]").production.rows["given"]) == learned | {
        "folder": str(serving / str(version))
    }


@pytest.mark.parametrize("labels", [("z", "k"), ("y", "z"), ("k", "y")])
def test_a_model_of_other_labels_is_not_pushed_over(folder: Path, labels: tuple[str, str]):
    flags = {"data.path": "t.csv", "labels.regression": "y", "labels.classification": "k", "name": "t"}
    config = resolve(None, flags, []).config
    check_pushed(config)
    push(folder, "foreign", {})
    check_pushed(config)
    push(folder, "same", {"labels": {"regression": "y", "classification": "k"}})
    check_pushed(config)
    push(folder, "other", {"labels": {"regression": labels[0], "classification": labels[1]}})
    with pytest.raises(InputError) as raised:
        check_pushed(config)
    assert str(raised.value) == (
        f'The labels must be those of the production model in {config.destination}, the regression label "{labels[0]}" '
        f'and the class label "{labels[1]}", got the regression label "y" and the class label "k". '
        "Keep them apart by another name (--set name=NAME) or push.destination, or replace that model by --set "
        "push.replace=true."
    )
    check_pushed(resolve(None, flags, ["push.replace=true"]).config)
    check_pushed(resolve(None, flags, ["push.destination=elsewhere"]).config)


def test_inputs_are_json(folder: Path):
    assert json.loads(json.dumps(dataclasses.asdict(gathered()))).keys() == {
        "spec",
        "fingerprint",
        "reviewed_schema",
        "code",
        "production",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "must be a readable file, got"), ("feature { nam: 1 }", "must be a schema in text format, got")],
)
def test_a_schema_that_cannot_be_read(folder: Path, text: str | None, message: str):
    if text is not None:
        (folder / "s.pbtxt").write_text(text)
    with pytest.raises(InputError, match=message):
        gathered("data.schema_file=s.pbtxt")


def test_a_folder_that_was_emptied_is_not_mistaken_for_the_one_before(folder: Path):
    """Version 1 of a new folder is another model than version 1 of the old one, and the cache must know."""
    push(folder, "first", {"digest": "another"})
    before = gathered()
    shutil.rmtree(folder / "runs" / "t" / "serving")
    push(folder, "second", {"digest": "another"})
    after = gathered()
    assert before.production.baseline == after.production.baseline == 1
    assert before.production.content != after.production.content


def test_a_baseline_that_was_pruned_is_not_asked_for_again(folder: Path):
    other = push(folder, "other", {"digest": "another"})
    before = gathered()
    mine = push(folder, "mine", provenance(before))
    shutil.rmtree(folder / "runs" / "t" / "serving" / str(other))
    assert gathered().production.baseline == mine
