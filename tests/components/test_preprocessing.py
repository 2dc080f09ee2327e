"""The transform against NumPy, through a real Beam analysis."""

from collections import Counter
from operator import itemgetter

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from components.shared import tensor_names
from components.shared.exact_numbers import of_bits
from components.transform.preprocessing import preprocessing_fn
from components.transform.words import owners, read_words

ROWS = 40
CONFIG = {"regression": "price (€)", "classification": "kind", "weight": "w", "max_categories": 3}


@pytest.fixture(scope="module")
def table():
    """One row is a dict; epochs are 64-bit, `constant` has no spread, `sparse` misses every third value.

    The labels of some rows are missing, those of the first rows altogether, which are a batch of Beam's.
    """
    rng = np.random.default_rng(7)
    rows = []
    for i in range(ROWS):
        row = {
            "epoch": [1_400_000_000 + int(rng.integers(0, 5000))],
            "constant": [3.0],
            "sparse": [] if i % 3 == 0 else [float(rng.normal(50, 9))],
            "colour": []
            if i % 7 == 0
            else ["red", "green", "blue", "mauve"][int(rng.choice(4, p=[0.5, 0.3, 0.15, 0.05]))],
            "shape": [["round", "square", "flat", "long"][i % 4]],
            "embedding": [float(v) for v in rng.normal(size=2)],
            "price (€)": [] if i < 5 or i % 6 == 0 else [float(rng.normal(2e5, 5e4))],
            "kind": [] if i < 3 or i % 5 == 0 else ["b" if i % 4 else "a"],
            "w": [i / 8],
        }
        row["colour"] = [row["colour"]] if isinstance(row["colour"], str) else []
        rows.append(row)
    rows[5]["embedding"] = [float("nan"), 1.0]
    return rows


@pytest.fixture(scope="module")
def transformed(table, tmp_path_factory):
    scalar = {
        "epoch": tf.int64,
        "constant": tf.float32,
        "sparse": tf.float32,
        "colour": tf.string,
        "shape": tf.string,
        "price (€)": tf.float32,
        "kind": tf.string,
        "w": tf.float32,
    }
    spec = {name: tf.io.VarLenFeature(dtype) for name, dtype in scalar.items()}
    spec["embedding"] = tf.io.FixedLenFeature([2], tf.float32)
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    with tft_beam.Context(str(tmp_path_factory.mktemp("beam")), desired_batch_size=2):
        (rows, out), fn = (table, metadata) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: preprocessing_fn(inputs, CONFIG)
        )
        path = str(tmp_path_factory.mktemp("fn") / "fn")
        fn | tft_beam.WriteTransformFn(path)
    del out
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return columns, tft.TFTransformOutput(path)


def oracle(values):
    values = np.array(values, dtype=np.float64)
    deviation = np.nanstd(values)
    scaled = (values - np.nanmean(values)) / deviation if deviation else np.zeros_like(values)
    return np.nan_to_num(scaled)


def test_numeric_columns_equal_numpy(table, transformed):
    columns, _ = transformed
    raw = {name: [row[name][0] if row[name] else np.nan for row in table] for name in ("constant", "epoch", "sparse")}
    expected = [oracle(values) for values in raw.values()]
    expected += [oracle([row["embedding"][i] for row in table]) for i in range(2)]
    np.testing.assert_allclose(columns[tensor_names.NUMERIC], np.stack(expected, axis=1), atol=2e-5)


def test_missing_values_have_an_indicator(table, transformed):
    columns, _ = transformed
    missing = columns[tensor_names.MISSING]
    assert missing.shape == (ROWS, 5)
    np.testing.assert_array_equal(missing[:, 2], [not row["sparse"] for row in table])
    assert missing.sum() == sum(not row["sparse"] for row in table) + 1, "only sparse and one element of the vector"


def entries(output):
    """The vocabulary as (column, text)."""
    return [(word.column, word.text.decode()) for word in read_words(output, tensor_names.CATEGORIES_VOCABULARY)]


def test_each_column_keeps_its_own_most_frequent_texts(table, transformed):
    _, output = transformed
    expected = []
    for position, name in enumerate(("colour", "shape")):
        counts = Counter(row[name][0] for row in table if row[name])
        ranked = sorted(sorted(counts.items()), key=itemgetter(1), reverse=True)
        expected += [(position, text) for text, _ in ranked[: CONFIG["max_categories"]]]
    assert entries(output) == expected


def test_other_texts_and_missing_values_have_their_own_place_per_column(table, transformed):
    columns, output = transformed
    places = [("other", 0), ("other", 1), ("missing", 0), ("missing", 1), *entries(output)]
    assert owners(read_words(output, tensor_names.CATEGORIES_VOCABULARY), 2) == [
        place[1] if place[0] in ("other", "missing") else place[0] for place in places
    ]
    for position, name in enumerate(("colour", "shape")):
        texts = [row[name][0] if row[name] else None for row in table]
        expected = [
            places.index(("missing", position))
            if text is None
            else places.index((position, text))
            if (position, text) in places
            else places.index(("other", position))
            for text in texts
        ]
        np.testing.assert_array_equal(columns[tensor_names.CATEGORICAL][:, position], expected)


def test_regression_target_is_standardised_and_can_be_undone(table, transformed):
    columns, _ = transformed
    label = np.array([row["price (€)"][0] if row["price (€)"] else np.nan for row in table])
    present = ~np.isnan(label)
    np.testing.assert_allclose(columns[tensor_names.REGRESSION_TARGET], oracle(label), atol=1e-5)
    mean, scale = (of_bits(columns[name]) for name in (tensor_names.TARGET_MEAN, tensor_names.TARGET_SCALE))
    np.testing.assert_allclose(mean, np.nanmean(label), rtol=1e-7)
    np.testing.assert_allclose(scale, np.nanstd(label), rtol=1e-6)
    restored = columns[tensor_names.REGRESSION_TARGET] * scale + mean
    np.testing.assert_allclose(restored[present], label[present], rtol=1e-6)
    np.testing.assert_array_equal(of_bits(columns[tensor_names.REGRESSION_LABEL]), np.nan_to_num(np.float32(label)))
    np.testing.assert_array_equal(columns[tensor_names.REGRESSION_PRESENT], present)
    np.testing.assert_array_equal(columns[tensor_names.WEIGHT], [row["w"][0] for row in table])


def test_classes_are_in_the_order_of_their_names(table, transformed):
    columns, output = transformed
    assert [word.text.decode() for word in read_words(output, tensor_names.CLASSES_VOCABULARY)] == ["a", "b"]
    assert Counter(row["kind"][0] for row in table if row["kind"]).most_common(1)[0][0] == "b", "and not by frequency"
    np.testing.assert_array_equal(columns[tensor_names.CLASSIFICATION_LABEL], [row["kind"] == ["b"] for row in table])
    np.testing.assert_array_equal(columns[tensor_names.CLASSIFICATION_PRESENT], [row["kind"] != [] for row in table])


def test_unseen_class_is_minus_one_and_unseen_category_is_the_bucket(transformed):
    _, output = transformed
    layer = output.transform_features_layer()
    text = {"colour": ["violet"], "shape": ["round"], "kind": ["c"]}
    batch = {
        name: tf.SparseTensor([[0, 0]], value, [1, 1])
        for name, value in (
            text | {"epoch": tf.constant([0], tf.int64), "constant": [3.0], "sparse": [0.0], "price (€)": [1.0]}
        ).items()
    }
    batch["embedding"] = tf.constant([[0.0, 0.0]])
    result = layer(batch)
    assert result[tensor_names.CLASSIFICATION_LABEL].numpy().tolist() == [-1]
    assert result[tensor_names.CLASSIFICATION_PRESENT].numpy().tolist() == [1.0], (
        "a class that train lacks is not missing"
    )
    assert tensor_names.WEIGHT not in result, "serving needs no weight"
    assert result[tensor_names.CATEGORICAL].numpy()[0, 0] == 0
