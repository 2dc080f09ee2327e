"""The order of the columns in the tensors of Transform."""

import numpy as np
import pytest
import tensorflow as tf

from components.shared.exact_numbers import companion
from components.transform.layout import Layout

SPEC = {
    "y": tf.io.VarLenFeature(tf.float32),
    "k": tf.io.VarLenFeature(tf.string),
    "w": tf.io.VarLenFeature(tf.float32),
    "b": tf.io.VarLenFeature(tf.int64),
    companion("B"): tf.io.VarLenFeature(tf.int64),
    "B": tf.io.VarLenFeature(tf.float32),
    "p": tf.io.FixedLenFeature([2], tf.float32),
    "é": tf.io.VarLenFeature(tf.string),
    "a": tf.io.VarLenFeature(tf.string),
}


def tensors() -> dict[str, tf.SparseTensor | tf.Tensor]:
    return {
        name: tf.zeros([3, 2], one.dtype)
        if isinstance(one, tf.io.FixedLenFeature)
        else tf.sparse.from_dense(tf.zeros([3, 1], one.dtype))
        for name, one in reversed(SPEC.items())
    }


@pytest.mark.parametrize(
    "columns", [SPEC, dict(reversed(SPEC.items())), tensors()], ids=["spec", "reversed", "tensors"]
)
def test_each_group_is_ordered_by_name_whatever_says_what_the_columns_are(columns):
    found = Layout.of(columns, ["y", "k", "w"])
    assert found == Layout(numbers=("B", "b"), vectors=("p",), texts=("a", "é"))
    assert found.features == ["B", "a", "b", "p", "é"]
    assert Layout.of(columns, ["y", "k", None]).numbers == ("B", "b", "w")


def test_columns_that_always_have_a_value():
    found = Layout(numbers=("B", "b"), vectors=("p",), texts=("a", "é"))
    missing = np.array([[0, 0, 1, 0], [0, 1, 0, 0]], np.float32)  # the last two are elements of the vector
    # Places: 0 and 1 for other texts, 2 and 3 for none, 4 and more for those that are known.
    places = np.array([[0, 4], [2, 1]])
    assert found.always_present({"missing": missing, "categorical": places}) == {"B", "é"}
    assert Layout((), (), ("a",)).always_present({"categorical": np.array([[0], [2]])}) == {"a"}
    assert Layout(("B",), (), ()).always_present({"missing": missing}) == {"B"}
