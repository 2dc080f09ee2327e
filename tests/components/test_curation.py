"""The schema that is inferred from train, curated, and read when it was reviewed."""

from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from validator_steps import ROWS, feature, inferred, statistics, table, training_schema

from components.schema_gen.curation import curate, exclude_labels_from_serving, identifier_notes
from components.schema_gen.domains import categories
from components.schema_gen.schema_file import column_types, read_schema
from components.shared.errors import InputError

import tensorflow_data_validation as tfdv  # isort: skip - only after TFX


@pytest.fixture(scope="module")
def schema() -> schema_pb2.Schema:
    return training_schema()


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


def test_the_schema_lets_labels_be_missing_as_often_as_in_train_and_keeps_the_weight_from_serving():
    frame = table(200, k=[None, "a", "b", "a"] * 50, w=[1.0] * 200)
    training_only = ["y", "k", "w"]
    curated = curate(inferred(frame), statistics(frame).datasets[0], {}, training_only, ["note"], 50)
    exclude_labels_from_serving(curated, training_only)
    assert 0.3 < feature(curated, "k").presence.min_fraction < 0.75
    assert feature(curated, "y").presence.min_fraction == feature(curated, "w").presence.min_fraction == 1.0
    assert list(feature(curated, "w").not_in_environment) == ["SERVING"]
    again = statistics(table(60, k=[None, "a", "b", "a"] * 15, w=[1.0] * 60))
    assert not tfdv.validate_statistics(again, curated, environment="TRAINING").anomaly_info
