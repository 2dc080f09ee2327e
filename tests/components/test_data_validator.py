"""The schema and the validation on hand-made schemas and on what TFDV really says of small tables."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.artifact_files import SUMMARY
from components.data_gate.component import DataGate
from components.data_validator.anomalies import Levels, from_proto
from components.data_validator.component import DataValidator
from components.data_validator.distribution import read_distributions
from components.data_validator.finding import Anomaly, read_findings
from components.errors import InputError, Rejected
from components.example_gen.spec import IngestSpec
from components.example_gen.summary import Summary
from components.schema_gen.component import SchemaGen
from components.schema_gen.schema import (
    TRAINING,
    categories,
    column_types,
    curate,
    exclude_labels_from_serving,
    identifier_notes,
    read_schema,
)

import tensorflow_data_validation as tfdv  # isort: skip - only after TFX

ROWS = 60
ALL = Levels("warn", {})


def table(rows: int = ROWS, **columns: object) -> pd.DataFrame:
    """A table with a number, a category, a nearly unique text and two labels; `columns` replaces or adds."""
    plain = {
        "x": np.linspace(0, 1, rows),
        "c": [("red", "green", "blue")[i % 3] for i in range(rows)],
        "note": [f"n{i}" for i in range(rows)],
        "y": np.arange(rows, dtype=float),
        "k": [("a", "b")[i % 2] for i in range(rows)],
    }
    return pd.DataFrame({name: values for name, values in (plain | columns).items() if values is not None})


def statistics(frame: pd.DataFrame) -> statistics_pb2.DatasetFeatureStatisticsList:
    return tfdv.generate_statistics_from_dataframe(frame)


def inferred(frame: pd.DataFrame) -> schema_pb2.Schema:
    return tfdv.infer_schema(statistics(frame), infer_feature_shape=False)


def feature(schema: schema_pb2.Schema, name: str) -> schema_pb2.Feature:
    [found] = [feature for feature in schema.feature if feature.name == name]
    return found


def write_examples(folder: Path, frame: pd.DataFrame) -> None:
    """Writes a split as the ingest does."""
    folder.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(folder / "data.gz"), "GZIP") as writer:
        for row in frame.to_dict("records"):
            features = {name: value(cell) for name, cell in row.items() if not pd.isna(cell)}
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def value(cell: object) -> tf.train.Feature:
    if isinstance(cell, str):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[cell.encode()]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=[cell]))


def found(frame: pd.DataFrame, schema: schema_pb2.Schema, levels: Levels = ALL) -> list[Anomaly]:
    proto = tfdv.validate_statistics(statistics(frame), schema, environment=TRAINING)
    return from_proto(proto, schema, "eval", levels)


@pytest.fixture(scope="module")
def schema() -> schema_pb2.Schema:
    """The schema of the train split, with the labels excluded from serving."""
    curated = curate(inferred(table()), statistics(table()).datasets[0], {}, ["y", "k"], ["note"], ROWS)
    exclude_labels_from_serving(curated, ["y", "k"])
    return curated


def test_schema_in_text_format_is_read(tmp_path: Path):
    path = tmp_path / "schema.pbtxt"
    path.write_text(
        'feature { name: "x" type: FLOAT } feature { name: "n" type: INT } feature { name: "größe" type: BYTES }',
        encoding="utf-8",
    )
    assert column_types(read_schema(path)) == {"x": "FLOAT", "n": "INT", "größe": "BYTES"}


def test_schema_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(InputError) as raised:
        read_schema(tmp_path / "none")
    assert str(raised.value) == (
        f"data.schema_file must be a readable file, got {tmp_path}/none (No such file or directory). Correct the path."
    )
    wrong = tmp_path / "wrong.pbtxt"
    wrong.write_text('feature {\n  nam: "x"\n}')
    with pytest.raises(InputError) as raised:
        read_schema(wrong)
    assert str(raised.value).startswith(f"data.schema_file must be a schema in text format, got {wrong}: 2:3 : ")
    assert str(raised.value).endswith("Correct that line.")
    wrong.write_bytes(b'feature { name: "gr\xf6\xdfe" }')
    with pytest.raises(InputError, match="must be a schema in text format"):
        read_schema(wrong)


def test_categories_come_from_either_kind_of_domain(schema: schema_pb2.Schema):
    assert sorted(categories(feature(schema, "c"), schema)) == ["blue", "green", "red"]
    assert categories(feature(schema, "x"), schema) == []
    own = schema_pb2.Feature(name="c", string_domain=schema_pb2.StringDomain(value=["a", "b"]))
    assert categories(own, schema) == ["a", "b"]


def test_identifiers_are_left_out_unless_kept():
    frame = table()
    raw, train = inferred(frame), statistics(frame).datasets[0]
    curated = curate(raw, train, {}, ["y", "k"], [], ROWS)
    notes = identifier_notes(curated, train)
    stages = {column.name: column.lifecycle_stage for column in curated.feature}
    disabled = schema_pb2.LifecycleStage.DISABLED
    assert [name for name, stage in stages.items() if stage == disabled] == ["note"]
    assert notes == [
        f'"note" is left out of the features: {ROWS} distinct texts in {ROWS} train rows look like'
        f" an identifier. "
        "List it under features.categorical to keep it, or under data.ignore to silence this."
    ]
    assert all(column.lifecycle_stage != disabled for column in raw.feature), "the inferred schema stays"
    curated = curate(raw, train, {}, ["y", "k"], ["note"], ROWS)
    assert identifier_notes(curated, train) == []
    assert all(column.lifecycle_stage != disabled for column in curated.feature)


def test_labels_are_never_identifiers():
    frame = table(k=[f"k{i}" for i in range(ROWS)])
    curated = curate(inferred(frame), statistics(frame).datasets[0], {}, ["y", "k"], [], ROWS)
    [note] = identifier_notes(curated, statistics(frame).datasets[0])
    assert note.startswith('"note" is left out')
    assert feature(curated, "k") == feature(inferred(frame), "k")


def test_only_identifiers_leave_nothing_to_learn_from():
    frame = table(x=None, c=None)
    with pytest.raises(InputError) as raised:
        curate(inferred(frame), statistics(frame).datasets[0], {}, ["y", "k"], [], ROWS)
    assert str(raised.value).startswith(
        'The data must have a feature to learn from, got none. "note" is left out of the features: '
    )


@pytest.mark.parametrize("present", [60, 59, 45, 6])
def test_presence_has_the_room_of_another_sample(present: int):
    frame = table(x=[0.5] * present + [None] * (ROWS - present))
    curated = curate(inferred(frame), statistics(frame).datasets[0], {}, ["y", "k"], [], ROWS)
    lowest = feature(curated, "x").presence.min_fraction
    # The share p at which the observed one lies four standard errors above: the root of Wilson's equation, for
    # the difference of two samples of this size.
    share, rows = present / ROWS, ROWS / 2
    roots = np.roots([1 + 16 / rows, -(2 * share + 16 / rows), share**2])
    assert lowest == pytest.approx(min(roots))
    assert feature(curated, "y").presence.min_fraction == 1.0


def test_the_inferred_schema_has_nothing_against_the_rows_it_came_from():
    """Texts without a domain and booleans are types that TFDV refuses some constraints for."""
    frame = table(400, day=[f"2024-{i % 150:03}" for i in range(400)], flag=["true", "false"] * 200)
    curated = curate(inferred(frame), statistics(frame).datasets[0], {}, ["y", "k"], ["note"], 400)
    assert identifier_notes(curated, statistics(frame).datasets[0]) == []
    found = tfdv.validate_statistics(statistics(frame), curated)
    assert dict(found.anomaly_info) == {}


@pytest.mark.parametrize(
    ("distinct", "rows", "identifier"),
    [(20, 20, False), (21, 21, True), (21, 42, False), (22, 43, True), (200, 1000, False)],
)
def test_what_looks_like_an_identifier(distinct: int, rows: int, identifier: bool):
    frame = table(rows, note=[f"n{i % distinct}" for i in range(rows)])
    curated = curate(inferred(frame), statistics(frame).datasets[0], {}, ["y", "k"], [], ROWS)
    notes = identifier_notes(curated, statistics(frame).datasets[0])
    assert len(notes) == identifier


def test_missing_texts_do_not_hide_an_identifier():
    frame = table(200, note=[f"n{i}" if i % 4 == 0 else None for i in range(200)])
    curated = curate(inferred(frame), statistics(frame).datasets[0], {}, ["y", "k"], [], ROWS)
    [note] = identifier_notes(curated, statistics(frame).datasets[0])
    assert note.startswith('"note" is left out of the features: 50 distinct texts in 200 train rows')


def test_vectors_get_their_shape():
    raw = text_format.Parse(
        'feature { name: "e" type: FLOAT value_count { min: 2 max: 2 } presence { min_count: 1 } }'
        'feature { name: "x" type: FLOAT value_count { min: 1 max: 1 } presence { min_count: 1 } }',
        schema_pb2.Schema(),
    )
    seen = text_format.Parse(
        'num_examples: 9 features { path { step: "e" } num_stats { common_stats { num_non_missing: 7 } } }'
        'features { path { step: "x" } num_stats { common_stats { num_non_missing: 9 } } }',
        statistics_pb2.DatasetFeatureStatistics(),
    )
    curated = curate(raw, seen, {"e": 2}, ["y", "k"], [], ROWS)
    vector, scalar = feature(curated, "e"), feature(curated, "x")
    assert [dim.size for dim in vector.shape.dim] == [2]
    assert vector.WhichOneof("shape_type") == "shape"
    assert vector.presence.min_fraction == 1.0
    assert scalar.WhichOneof("shape_type") == "value_count"
    assert (scalar.value_count.min, scalar.value_count.max) == (1, 1)
    assert identifier_notes(curated, seen) == []


def test_labels_are_needed_for_training_only(schema: schema_pb2.Schema):
    assert list(schema.default_environment) == ["TRAINING", "SERVING"]
    excluded = {column.name: list(column.not_in_environment) for column in schema.feature}
    assert excluded == {"x": [], "c": [], "note": [], "y": ["SERVING"], "k": ["SERVING"]}
    again = schema_pb2.Schema()
    again.CopyFrom(schema)
    exclude_labels_from_serving(again, ["y", "k"])
    assert again == schema
    # TFDV agrees: rows without labels are as they must be for serving, and not for training.
    rows = statistics(table(y=None, k=None))
    assert not tfdv.validate_statistics(rows, schema, environment="SERVING").anomaly_info
    assert set(tfdv.validate_statistics(rows, schema, environment="TRAINING").anomaly_info) == {"y", "k"}


def test_same_data_has_no_anomalies(schema: schema_pb2.Schema):
    assert found(table(), schema) == []


def test_new_column(schema: schema_pb2.Schema):
    [anomaly] = found(table(extra=1.5), schema)
    assert anomaly == Anomaly(
        "eval",
        "extra",
        "SCHEMA_NEW_COLUMN",
        "warn",
        '"extra" must be a column of the schema, got a new column in the eval split.',
        remedy="gates.data.levels: {SCHEMA_NEW_COLUMN: ignore}",
    )


def test_missing_column(schema: schema_pb2.Schema):
    [anomaly] = found(table(x=None), schema)
    assert (anomaly.column, anomaly.kind) == ("x", "SCHEMA_MISSING_COLUMN")
    assert anomaly.sentence == '"x" must be in the data, got no value of it in the eval split.'


def test_unexpected_category(schema: schema_pb2.Schema):
    frame = table()
    frame.loc[:5, "c"] = "mauve"
    [anomaly] = found(frame, schema)
    assert (anomaly.column, anomaly.kind) == ("c", "ENUM_TYPE_UNEXPECTED_STRING_VALUES")
    listed = ", ".join(categories(feature(schema, "c"), schema))
    assert anomaly.sentence.startswith(f'"c" must be one of {listed}, got mauve (')
    assert anomaly.sentence.endswith("%) in the eval split.")
    assert "10%" in anomaly.sentence, "six of sixty rows"


def test_one_unknown_text_in_sixty_is_chance(schema: schema_pb2.Schema):
    frame = table()
    frame.loc[0, "c"] = "mauve"
    assert found(frame, schema) == []


def test_many_known_categories_are_shortened():
    known = [f"v{i:02}" for i in range(12)] * 5
    of_many = inferred(table(c=known))
    exclude_labels_from_serving(of_many, ["y", "k"])
    [anomaly] = found(table(c=[*known[:-1], "other"]), of_many)
    values = categories(feature(of_many, "c"), of_many)
    assert anomaly.sentence.startswith(f'"c" must be one of {", ".join(values[:8])} … (12 values), got other (')


def test_another_type(schema: schema_pb2.Schema):
    [anomaly] = found(table(x=["high"] * ROWS), schema)
    assert (anomaly.column, anomaly.kind) == ("x", "UNEXPECTED_DATA_TYPE")
    assert anomaly.sentence == ('"x" must be FLOAT as the schema says, got BYTES in the eval split.')


def test_more_missing_values_than_allowed(schema: schema_pb2.Schema):
    frame = table()
    frame.loc[: ROWS // 2 - 1, "x"] = None
    anomalies = found(frame, schema)
    [anomaly] = [anomaly for anomaly in anomalies if anomaly.kind == "FEATURE_TYPE_LOW_FRACTION_PRESENT"]
    assert anomaly.column == "x"
    assert anomaly.sentence.startswith(
        '"x" must be present in at least 0.652 of the rows, got fewer in the eval split ('
    )
    assert "0.5" in anomaly.sentence, "half of the rows have no value"


def test_too_few_examples_is_an_anomaly_of_the_whole_split(schema: schema_pb2.Schema):
    strict = schema_pb2.Schema()
    strict.CopyFrom(schema)
    strict.dataset_constraints.min_examples_count = 100
    [anomaly] = found(table(), strict)
    assert (anomaly.column, anomaly.kind) == ("", "DATASET_LOW_NUM_EXAMPLES")
    assert anomaly.sentence.startswith("The eval split must be as the schema says: ")
    assert anomaly.sentence.count(".") == 1


def test_levels(schema: schema_pb2.Schema):
    frame = table(extra=1.5, c=["mauve"] * ROWS)
    levels = Levels("fail", {"SCHEMA_NEW_COLUMN": "ignore", "ENUM_TYPE_UNEXPECTED_STRING_VALUES": "warn"})
    assert [(a.column, a.level) for a in found(frame, schema, levels)] == [("c", "warn")]
    assert [(a.column, a.level) for a in found(frame, schema, Levels("fail", {}))] == [
        ("c", "fail"),
        ("extra", "fail"),
    ]
    assert found(frame, schema, Levels("ignore", {})) == []
    strict = schema_pb2.Schema()
    strict.CopyFrom(schema)
    strict.dataset_constraints.min_examples_count = 100
    assert found(table(), strict, Levels("ignore", {})) == []


def test_levels_of_unknown_types_are_refused():
    with pytest.raises(InputError) as raised:
        Levels("warn", {"SCHEMA_NEW_COLUM": "fail"})
    assert str(raised.value) == (
        'gates.data.levels must name TFDV anomaly types, got "SCHEMA_NEW_COLUM". Did you mean "SCHEMA_NEW_COLUMN"?'
    )


LABELS = {"level": "ignore", "leakage": 1.0}
DRIFT = {"level": "warn", "skew": "ignore", "false_alarms": 0.001, "thresholds": {}}


class Step:
    """SchemaGen, DataValidator and DataGate on real artifacts; `run` returns the findings."""

    def __init__(self, root: Path, splits: dict[str, pd.DataFrame]):
        self.root = root
        self.artifacts = {
            "examples": standard_artifacts.Examples(),
            "statistics": standard_artifacts.ExampleStatistics(),
            "schema": standard_artifacts.Schema(),
            "baseline": standard_artifacts.Model(),
            "anomalies": standard_artifacts.ExampleAnomalies(),
        }
        for name, artifact in self.artifacts.items():
            artifact.uri = str(root / name)
            (root / name).mkdir(parents=True)
        for name in ("examples", "statistics"):
            self.artifacts[name].split_names = artifact_utils.encode_split_names(list(splits))
        self.path = root / "table.csv"
        pd.concat(splits.values()).to_csv(self.path, index=False)
        for split, frame in splits.items():
            folder = root / "statistics" / f"Split-{split}"
            folder.mkdir()
            (folder / "FeatureStats.pb").write_bytes(statistics(frame).SerializeToString())
            write_examples(root / "examples" / f"Split-{split}", frame)
        rows = {split: len(frame) for split, frame in splits.items()}
        classes = {split: frame["k"].value_counts().to_dict() for split, frame in splits.items()}
        kinds = {"x": "FLOAT", "c": "BYTES", "note": "BYTES"}
        files = [str(self.path)]
        summary = Summary(files, "csv", ",", "", 0, 0, {}, rows, "y", "k", classes, kinds, {}, {}, {}, {}, "row", [])
        (root / "examples" / SUMMARY).write_text(summary.to_json())

    def run(self, reviewed: str = "", split: tuple[str, str | None] = ("row", None), **settings: object) -> dict:
        taken = {name: self.artifacts[name] for name in ("examples", "statistics", "schema")}
        labels = json.dumps({"labels": ["y", "k"], "keep": []})
        SchemaGen.test_call(**taken, reviewed_schema=reviewed, settings=labels, code="1")
        chosen = {"level": "warn", "levels": {}, "drift": DRIFT, "labels": LABELS, "checks": []} | settings
        DataValidator.test_call(
            **self.artifacts,
            # The files are those of the summary: where pods run, a spec may hold a folder or a date.
            spec=IngestSpec(("/{date}/*.csv",), "y", "k", split=split[0], column=split[1]).to_json(),
            reviewed_schema=reviewed,
            settings=json.dumps(chosen),
            code="1",
        )
        DataGate.test_call(anomalies=self.artifacts["anomalies"], code="1")
        return self.findings()

    def findings(self) -> dict[str, Any]:
        return read_findings(self.root / "anomalies")

    def schema(self) -> schema_pb2.Schema:
        return read_schema(self.root / "schema" / "schema.pbtxt")


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
    assert summary == {"notes": [], "anomalies": [], "comparisons": [], "against": None, "passed": True}
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
        'data.schema_file must describe both labels, got none of "k". Add the label to the schema.'
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
    assert odd.findings()["passed"] is False


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
    assert found["passed"] is True


def test_a_pushed_model_without_distributions_is_noted(step: Step):
    step.artifacts["baseline"].set_int_custom_property("version", 2)
    assert step.run()["notes"][-1] == (
        "Drift was not measured: the pushed version 2 has no distributions.json with it."
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
    written = read_distributions(step.root / "anomalies" / "distributions.json")
    assert {one.independent for one in written["train"].values()} == {20}
    assert {one.rows for one in written["train"].values()} == {400}
