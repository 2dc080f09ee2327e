"""What the transform is given of a request, column by column, whatever other columns there are."""

import numpy as np
import pytest
import tensorflow as tf

from components.model_format.manifest import InputColumn
from components.shared.exact_numbers import companion
from components.trainer.serving_inputs import Requests

COLUMNS = [
    InputColumn("area", "column_0", "FLOAT"),
    InputColumn("city", "column_1", "BYTES"),
    InputColumn("depth", "column_2", "FLOAT"),
    InputColumn("rooms", "column_3", "INT"),
    InputColumn("shape", "column_4", "VECTOR", 2),
    InputColumn("street", "column_5", "BYTES"),
]
SPEC = {
    "area": tf.io.VarLenFeature(tf.float32),
    companion("area"): tf.io.VarLenFeature(tf.int64),
    "city": tf.io.VarLenFeature(tf.string),
    "depth": tf.io.VarLenFeature(tf.float32),
    "rooms": tf.io.VarLenFeature(tf.int64),
    "shape": tf.io.FixedLenFeature([2], tf.float32),
    "street": tf.io.VarLenFeature(tf.string),
}
REQUESTS = Requests(COLUMNS, ["n/a", "-9"], SPEC)
TENSORS = {
    "column_0": tf.constant([0.1, np.nan, -9.0], tf.float64),
    "column_1": tf.constant([" Oslo ", "n/a", ""]),
    "column_2": tf.constant([-9.0, 2.5, 1e300], tf.float64),
    "column_3": tf.constant([3.0, 3.5, 2.0**70], tf.float64),
    "column_4": tf.constant([[1.0, -9.0], [2.0, 3.0], [np.nan, 4.0]]),
    "column_5": tf.constant(["a", "b", "-9"]),
}
# Column -> what is left of it in each row.
EXPECTED = {
    "area": [np.float32(0.1), None, None],
    "city": [b"Oslo", None, None],
    "depth": [None, 2.5, None],
    "rooms": [3, None, None],
    "street": [b"a", b"b", None],
}


def cells(column):
    """Returns the value of each row, None where there is none."""
    found = [None] * int(column.dense_shape[0])
    for (row, place), value in zip(column.indices.numpy(), column.values.numpy(), strict=True):
        assert place == 0
        found[row] = value
    return found


def test_tensors_are_read_column_by_column():
    raw = REQUESTS.from_tensors(TENSORS)
    assert {name: cells(raw[name]) for name in EXPECTED} == EXPECTED
    assert {name: raw[name].dtype for name in raw} == {name: SPEC[name].dtype for name in SPEC}
    np.testing.assert_array_equal(raw["shape"], [[1, np.nan], [2, 3], [np.nan, 4]])
    [bits] = raw[companion("area")].values.numpy()
    assert np.int64(bits).view(np.float64) == 0.1


def example(**columns):
    kinds = {"f": ("float_list", tf.train.FloatList), "i": ("int64_list", tf.train.Int64List)}
    kinds["S"] = ("bytes_list", tf.train.BytesList)
    features = {}
    for name, values in columns.items():
        field, kind = kinds[np.asarray(values).dtype.kind]
        features[name] = tf.train.Feature(**{field: kind(value=values)})
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def test_examples_are_read_column_by_column():
    examples = [
        example(area=[0.1], city=[b" Oslo "], depth=[-9.0], rooms=[3], shape=[1.0, -9.0], street=[b"a"]),
        example(city=[b"n/a"], depth=[2.5], shape=[2.0, 3.0], street=[b"b"]),
        example(area=[-9.0], rooms=[-9], street=[b"-9"]),
    ]
    raw = REQUESTS.from_examples(tf.constant(examples))
    assert {name: cells(raw[name]) for name in EXPECTED} == EXPECTED
    np.testing.assert_array_equal(raw["shape"], [[1, np.nan], [2, 3], [np.nan, np.nan]])
    empty = REQUESTS.from_examples(tf.constant([example(), example()]))
    assert {name: cells(empty[name]) for name in EXPECTED} == {name: [None, None] for name in EXPECTED}


def test_several_values_in_a_row_are_refused_not_taken_for_the_next_column():
    with pytest.raises(tf.errors.InvalidArgumentError, match="A column of one value has several in a row"):
        REQUESTS.from_examples(tf.constant([example(area=[1.0, 2.0])]))


def test_the_graph_does_not_grow_with_the_columns_of_a_type():
    def operations(count):
        columns = [InputColumn(f"f{place}", f"column_{place}", "FLOAT") for place in range(count)]
        requests = Requests(columns, [], {column.name: tf.io.VarLenFeature(tf.float32) for column in columns})
        traced = tf.function(requests.from_examples).get_concrete_function(tf.TensorSpec([None], tf.string))
        # A constant names each feature that is parsed, and an identity each that is returned.
        return sum(operation.type not in ("Const", "Identity") for operation in traced.graph.get_operations())

    assert operations(40) == operations(4)
