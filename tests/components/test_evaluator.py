"""The parts of the Evaluator step around the figures."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.evaluator.analysis.gate import Gate
from components.evaluator.question import Question
from components.evaluator.scoring import read_columns, read_rows
from components.model_format.manifest import InputColumn
from components.shared.errors import InputError

SCHEMA = text_format.Parse(
    """
    feature { name: "y" type: FLOAT presence { min_fraction: 1 } }
    feature { name: "k" type: BYTES presence { min_fraction: 1 } }
    feature { name: "n" type: INT }
    feature { name: "city" type: BYTES }
    """,
    schema_pb2.Schema(),
)


def example(**values):
    def feature(value):
        if isinstance(value, str):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))

    features = {name: feature(value) for name, value in values.items() if value is not None}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def test_rows_are_read_with_missing_values_named(tmp_path: Path):
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), options) as writer:
        writer.write(example(y=1.5, k="ä", n=7, city=None))
        writer.write(example(y=None, k="b", n=None, city="Bonn"))
        writer.write(example(y=2.5, k=None, n=1, city="(missing)"))
    rows = read_rows(tmp_path, SCHEMA.SerializeToString(), ("y", "k"), ["n", "city"])
    np.testing.assert_array_equal(rows.number, [1.5, np.nan, 2.5])
    assert rows.label.tolist() == ["ä", "b", None]
    assert {head: present.tolist() for head, present in rows.labelled.items()} == {
        "regression": [True, False, True],
        "classification": [True, True, False],
    }
    assert rows.columns["city"].tolist() == ["(missing)", "Bonn", "(missing)"]
    np.testing.assert_array_equal(rows.columns["n"], [7, np.nan, 1])


def test_a_slice_must_be_a_column():
    def question(slices):
        return Question("", SCHEMA, None, Path(), Gate(), slices, 500, 0.95)

    assert question(["city", ["city", "n"]]).columns == ["city", "n"]
    with pytest.raises(InputError) as raised:
        question(["citty"])
    assert str(raised.value) == ('evaluation.slices must name columns of the data, got "citty". Did you mean "city"?')


def test_chosen_rows_are_read_as_the_model_takes_them(tmp_path: Path):
    """More rows than one batch holds: the chosen ones come from each, in order."""
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), options) as writer:
        for row in range(1030):
            city = None if row == 2 else f"city {row}"
            writer.write(example(y=float(row), k="a", n=None if row == 1029 else row, city=city))
    columns = [InputColumn("n", "column_0", "INT"), InputColumn("city", "column_1", "BYTES")]
    found = read_columns(tmp_path, SCHEMA.SerializeToString(), columns, np.array([0, 2, 1024, 1029]))
    np.testing.assert_array_equal(found["n"], [0.0, 2.0, 1024.0, np.nan])
    assert found["city"].tolist() == ["city 0", "", "city 1024", "city 1029"]


def test_a_vector_that_is_absent_is_missing_in_every_element(tmp_path: Path):
    schema = text_format.Parse('feature { name: "v" type: FLOAT }', schema_pb2.Schema())
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), options) as writer:
        for values in ([1.0, 2.0], []):
            feature = {"v": tf.train.Feature(float_list=tf.train.FloatList(value=values))}
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    found = read_columns(
        tmp_path, schema.SerializeToString(), [InputColumn("v", "column_0", "VECTOR", 2)], np.arange(2)
    )
    np.testing.assert_array_equal(found["v"], np.array([[1, 2], [np.nan, np.nan]], np.float32))
    assert found["v"].dtype == np.float32
