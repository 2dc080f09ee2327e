"""What TFDV says of small tables, in sentences and levels."""

import pandas as pd
import pytest
from tensorflow_metadata.proto.v0 import schema_pb2
from validator_steps import ROWS, feature, inferred, statistics, table, training_schema

from components.data_validator.anomalies import Levels, from_proto
from components.formats.findings import Anomaly
from components.schema_gen.curation import TRAINING, exclude_labels_from_serving
from components.schema_gen.domains import categories
from components.shared.errors import InputError

import tensorflow_data_validation as tfdv  # isort: skip - only after TFX

ALL = Levels("warn", {})


def found(frame: pd.DataFrame, schema: schema_pb2.Schema, levels: Levels = ALL) -> list[Anomaly]:
    proto = tfdv.validate_statistics(statistics(frame), schema, environment=TRAINING)
    return from_proto(proto, schema, "eval", levels)


@pytest.fixture(scope="module")
def schema() -> schema_pb2.Schema:
    return training_schema()


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
