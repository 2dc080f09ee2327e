"""The validation's steps on real artifacts: what they find, write and stop."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from validator_steps import DRIFT, ROWS, Step, feature, inferred, table

from components.formats.distributions import Distributions
from components.shared.errors import InputError, Rejected


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """A train split, and an eval split with a category that train does not have."""
    odd = table(40)
    odd.loc[0, "c"] = "mauve"
    return Step(tmp_path / "step", {"train": table(), "validation": table(40), "eval": odd})


def test_step_warns_against_the_inferred_schema(step: Step):
    summary = step.run()
    [anomaly] = [anomaly for anomaly in summary["anomalies"] if anomaly["column"] == "c"]
    assert (anomaly["split"], anomaly["level"]) == ("eval", "warn")
    assert [note.split()[0] for note in summary["notes"]] == ['"note"']
    assert feature(step.schema(), "note").lifecycle_stage == schema_pb2.LifecycleStage.DISABLED
    assert list(feature(step.schema(), "y").not_in_environment) == ["SERVING"]
    kinds = {}
    for split in ("train", "validation", "eval"):
        path = step.root / "anomalies" / f"Split-{split}" / "SchemaDiff.pb"
        kinds[split] = set(anomalies_pb2.Anomalies.FromString(path.read_bytes()).anomaly_info)
    assert kinds == {"train": set(), "validation": set(), "eval": {"c"}}
    assert step.artifacts["anomalies"].split_names == step.artifacts["statistics"].split_names


def test_step_stops_the_run_and_still_writes_what_it_found(step: Step):
    with pytest.raises(Rejected) as raised:
        step.run(levels={"ENUM_TYPE_UNEXPECTED_STRING_VALUES": "fail"})
    [sentence] = raised.value.problems
    assert sentence.startswith('"c" must be one of ')
    assert raised.value.exit_code == 3
    assert [anomaly["sentence"] for anomaly in step.findings()["anomalies"]] == [sentence]


def test_step_follows_the_reviewed_schema(step: Step):
    reviewed = inferred(table(c=["red", "mauve", "green", "blue"] * (ROWS // 4)))
    reviewed.feature.remove(feature(reviewed, "note"))
    summary = step.run(text_format.MessageToString(reviewed), levels={"SCHEMA_NEW_COLUMN": "ignore"})
    assert summary == {"format": 2, "notes": [], "anomalies": [], "comparisons": [], "against": None}
    assert {column.name for column in step.schema().feature} == {"x", "c", "y", "k"}
    assert list(step.schema().default_environment) == ["TRAINING", "SERVING"]


@pytest.mark.parametrize(
    ("column", "kind", "sentence"),
    [
        ("x", None, '"x" must be a column of the schema, got a new column in the train split.'),
        ("x", schema_pb2.INT, '"x" must be INT as the schema says, got FLOAT in the train split.'),
        ("y", schema_pb2.INT, '"y" must be INT as the schema says, got FLOAT in the train split.'),
    ],
    ids=["a new column", "INT for a feature", "INT for the label"],
)
def test_a_reviewed_schema_that_lacks_a_column_or_its_type_stops_the_run(
    step: Step, column: str, kind: int | None, sentence: str
):
    reviewed = inferred(table())
    if kind is None:
        reviewed.feature.remove(feature(reviewed, column))
    else:
        feature(reviewed, column).type = kind
    with pytest.raises(Rejected) as raised:
        step.run(text_format.MessageToString(reviewed), level="fail")
    assert sentence in raised.value.problems
    assert raised.value.exit_code == 3


def test_step_needs_both_labels_in_the_reviewed_schema(step: Step):
    with pytest.raises(InputError) as raised:
        step.run('feature { name: "x" type: FLOAT } feature { name: "y" type: FLOAT }')
    assert str(raised.value) == (
        'data.schema_file must describe the columns of `labels`, got none of "k". Add it to the schema.'
    )


def test_anomalies_come_with_rows_and_the_line_to_change(step: Step):
    reviewed = inferred(table())
    text = text_format.MessageToString(reviewed)
    [anomaly] = [one for one in step.run(text)["anomalies"] if one["column"] == "c"]
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.strip() == 'name: "c"')
    assert anomaly["remedy"] == (
        f'data.schema_file, line {line}, feature "c": add value: "mauve" to '
        f"{'the string_domain c' if feature(reviewed, 'c').domain else 'its string_domain'}"
    )
    row = ROWS + 40 + 2  # the first eval row, below the header
    assert anomaly["examples"] == [{"file": "table.csv", "line": row, "value": "mauve"}]


def test_custom_checks_and_labels_are_judged(tmp_path: Path):
    odd = Step(tmp_path, {split: table(x=np.arange(ROWS) + 0.5) for split in ("train", "validation", "eval")})
    check = {"check": "range", "column": "x", "min": None, "max": 58.0, "level": "fail"}
    with pytest.raises(Rejected) as raised:
        odd.run(checks=[check], labels={"level": "warn", "leakage": 0.98})
    [problem] = raised.value.problems
    assert problem == (
        '"x" must be a number at most 58, got 6 of 180 rows that break it, the first with 58.5 in row 59.'
    )
    kinds = {anomaly["kind"]: anomaly["column"] for anomaly in odd.findings()["anomalies"]}
    assert kinds == {"LEAKAGE": "x", "CHECK_RANGE": "x"}
    assert odd.problems() == [problem]


@pytest.mark.parametrize("change", ["another row", "no file"])
def test_rows_of_data_that_has_changed_since_it_was_ingested_are_not_shown(step: Step, change: str):
    if change == "no file":
        step.path.unlink()
    else:
        step.path.write_text(step.path.read_text().replace("mauve", "olive"))
    found = step.run()
    [anomaly] = [one for one in found["anomalies"] if one["column"] == "c"]
    assert "mauve" in anomaly["sentence"]
    assert anomaly["examples"] == []
    assert found["notes"][-1] == (
        "The data files have changed, or are gone, since they were ingested, so no rows of them are shown as examples."
    )


def test_custom_checks_do_not_judge_other_data_than_was_ingested(step: Step):
    step.path.write_text(step.path.read_text().replace("mauve", "olive"))
    check = {"check": "not_null", "column": "x", "level": "warn"}
    with pytest.raises(InputError) as raised:
        step.run(checks=[check])
    assert str(raised.value) == (
        "The data files must stay as they were ingested until `checks` have judged their rows, "
        f"got other content, or none, in {step.path}. Run again."
    )


def test_rows_with_one_label_are_reported_with_examples_and_judged_by_it(tmp_path: Path):
    """`x` gives `y` away where `y` is there, and the classes that are missing are no class of their own."""
    number, kind = [None if i % 3 == 1 else float(i) for i in range(ROWS)], [None, "a", "b", "a"] * (ROWS // 4)
    splits = {split: table(y=number, k=kind, c=None) for split in ("train", "validation", "eval")}
    found = Step(tmp_path / "warned", splits).run(labels={"level": "warn", "leakage": 0.98})
    missing = {one["column"]: one for one in found["anomalies"] if one["kind"] == "LABEL_MISSING"}
    assert missing["y"]["sentence"] == (
        'Every row must have the label "y", got none in 60 of 180 rows. They count for "k" only.'
    )
    assert [row["line"] for row in missing["y"]["examples"]] == [3, 6, 9, 12, 15]
    assert [row["line"] for row in missing["k"]["examples"]] == [2, 6, 10, 14, 18]
    assert {(one["kind"], one["column"]) for one in found["anomalies"]} == {
        ("LABEL_MISSING", "y"),
        ("LABEL_MISSING", "k"),
        ("LEAKAGE", "x"),
    }
    strict = Step(tmp_path / "stopped", splits)
    with pytest.raises(Rejected) as raised:
        strict.run(labels={"level": "fail", "leakage": 1.0})
    assert [problem[:32] for problem in raised.value.problems] == [f'Every row must have the label "{n}' for n in "yk"]


def test_drift_is_measured_against_the_pushed_model(tmp_path: Path):
    first = Step(tmp_path / "first", {split: table(400) for split in ("train", "validation", "eval")})
    assert first.run()["against"] is None
    shifted = table(400, x=np.linspace(0.3, 1.3, 400), c=["red", "green", "blue", "mauve"] * 100)
    second = Step(tmp_path / "second", dict.fromkeys(("train", "validation", "eval"), shifted))
    extras = second.root / "baseline" / "Format-Serving" / "assets.extra"
    extras.mkdir(parents=True)
    shutil.copy(first.root / "anomalies" / "distributions.json", extras)
    second.artifacts["baseline"].set_int_custom_property("version", 3)
    found = second.run(drift=DRIFT | {"skew": "warn"})
    assert found["against"] == "pushed version 3"
    measured = {(one["kind"], one["split"], one["column"], one["level"]) for one in found["comparisons"]}
    assert {one for one in measured if one[3] != "ok"} == {
        ("drift", split, column, "warn") for split in ("train", "eval") for column in ("x", "c")
    }
    assert ("skew", "eval", "x", "ok") in measured
    [new] = [one for one in found["anomalies"] if one["split"] == "train" and "new values" in one["method"]]
    assert new["sentence"].endswith(': new are "mauve".')
    assert [(example["line"], example["value"]) for example in new["examples"][:2]] == [(5, "mauve"), (9, "mauve")]
    assert second.problems() == []


def test_a_pushed_model_without_distributions_is_noted(step: Step):
    step.artifacts["baseline"].set_int_custom_property("version", 2)
    assert step.run()["notes"][-1] == (
        "Drift was not measured: the production model, version 2, has no distributions.json."
    )


@pytest.mark.parametrize("split", ["row", "time", "column"])
def test_skew_stops_a_run_only_where_the_splits_are_alike_by_design(tmp_path: Path, split: str):
    later = table(400, x=np.linspace(1, 2, 400), c=["red"] * 400)
    step = Step(tmp_path / "step", {"train": table(400), "validation": table(400), "eval": later})
    drift = DRIFT | {"skew": "fail"}
    if split == "row":
        with pytest.raises(Rejected):
            step.run(drift=drift)
    else:
        step.run(drift=drift, split=(split, "x"))
    skewed = {(one["column"], one["level"]) for one in step.findings()["anomalies"] if one["kind"] == "SKEW"}
    expected = {("c", "warn")} if split != "row" else {("c", "fail"), ("x", "fail")}
    assert {(column, level) for column, level in skewed if column in "xc"} == expected


def test_rows_of_one_key_count_once(tmp_path: Path):
    grouped = table(400, c=[f"k{i // 20}" for i in range(400)])
    step = Step(tmp_path / "step", dict.fromkeys(("train", "validation", "eval"), grouped))
    step.run(drift=DRIFT | {"skew": "warn"}, split=("column", "c"))
    written = Distributions.read(step.root / "anomalies").splits
    assert {one.independent for one in written["train"].values()} == {20}
    assert {one.rows for one in written["train"].values()} == {400}
