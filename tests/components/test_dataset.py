"""Transformed examples in memory, and the weights of their rows in the loss of each head."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.shared import tensor_names
from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.dataset import BATCH, Dataset, load, predict, weighted
from components.transform.tensor_files import write_tensors


def split(has_number, has_class, weights=None):
    """Rows of which some have a label."""
    rows = len(has_number)
    random = np.random.default_rng(rows)
    return Dataset(
        {"numeric": random.normal(size=(rows, 2)).astype("float32")},
        random.normal(size=rows).astype("float32"),
        random.normal(size=rows).astype("float32"),
        random.integers(0, 3, rows),
        0.0,
        1.0,
        present={REGRESSION: np.array(has_number, bool), CLASSIFICATION: np.array(has_class, bool)},
        row_weights=None if weights is None else np.array(weights, np.float32),
    )


def test_weights_are_one_on_average_over_the_train_rows_of_each_head():
    train, validation = weighted(
        split([1, 1, 1, 0, 1], [0, 1, 1, 1, 0], [2, 1, 0, 3, 1]), split([1, 0, 1], [1, 1, 0], [1, 2, 4])
    )
    np.testing.assert_allclose(train.weights[REGRESSION], np.array([2, 1, 0, 0, 1]) / (4 / 5))
    np.testing.assert_allclose(train.weights[CLASSIFICATION], np.array([0, 1, 0, 3, 0]) / (4 / 5))
    np.testing.assert_allclose(validation.weights[REGRESSION], np.array([1, 0, 4]) / (4 / 5))
    np.testing.assert_allclose(validation.weights[CLASSIFICATION], np.array([1, 2, 0]) / (4 / 5))
    assert {values.dtype for values in train.weights.values()} == {np.dtype("float32")}
    assert [values.mean() for values in train.weights.values()] == [1.0, 1.0]


@pytest.mark.parametrize("weights", [None, [3.0, 3.0, 3.0]])
def test_rows_that_all_count_alike_need_no_weights(weights):
    train, validation = weighted(split([1, 1, 1], [1, 1, 1], weights), split([1, 1, 1], [1, 1, 1], weights))
    assert (train.weights, validation.weights) == (None, None)


def test_one_missing_label_in_validation_gives_both_splits_weights():
    train, validation = weighted(split([1, 1], [1, 1]), split([1, 0], [1, 1]))
    np.testing.assert_array_equal(train.weights[REGRESSION], [1, 1])
    np.testing.assert_array_equal(validation.weights[REGRESSION], [1, 0])


@pytest.mark.parametrize(
    ("train", "validation", "named"),
    [
        (split([1, 1], [0, 0]), split([1, 1], [1, 1]), ("train", CLASSIFICATION)),
        (split([1, 1], [1, 1]), split([0, 0], [1, 1]), ("validation", REGRESSION)),
        (split([1, 0], [1, 1], [0, 1]), split([1, 1], [1, 1], [1, 1]), ("train", REGRESSION)),
    ],
)
def test_a_head_without_a_row_that_counts_is_refused(train, validation, named):
    with pytest.raises(InputError) as raised:
        weighted(train, validation)
    assert str(raised.value) == (
        f"The {named[0]} split must have a row that {named[1]} can be fitted by, got none. "
        "Add rows with its label, or correct labels.weight."
    )


def test_an_evaluation_counts_each_labelled_row_once():
    rows = split([1, 0, 1], [1, 1, 0], [2, 1, 0])
    masks = {head: values.tolist() for head, values in rows.masked().weights.items()}
    assert masks == {REGRESSION: [1, 0, 1], CLASSIFICATION: [1, 1, 0]}
    assert rows.take(slice(0)).masked().weights[REGRESSION].dtype == np.float32


def test_rows_of_an_unknown_class_keep_their_number():
    rows = split([1, 1, 1, 0], [1, 0, 1, 1], [1, 2, 3, 4])
    rows.classes[:] = [-1, 0, 2, 1]
    kept = rows.with_known_class()
    assert len(kept) == 4
    assert kept.classes.tolist() == [0, 0, 2, 1]
    assert kept.has(CLASSIFICATION).tolist() == [False, False, True, True]
    assert kept.has(REGRESSION).tolist() == [True, True, True, False]
    assert kept.row_weights.tolist() == [1, 2, 3, 4]
    assert kept.with_known_class() is kept


def write(path: Path, rows):
    """Transformed examples, in two batches."""
    kinds = {name: np.int64 if isinstance(value, int) else np.float32 for name, value in rows[0].items()}
    batches = [
        {name: np.array([row[name] for row in part], kinds[name]) for name in kinds} for part in (rows[:2], rows[2:])
    ]
    write_tensors(batches, str(path))


def whole(value):
    """The whole number of the same 64 bits, as Python's struct knows them."""
    return struct.unpack("<q", struct.pack("<d", value))[0]


@pytest.mark.parametrize("gaps", [False, True])
def test_labels_and_weights_are_read_as_the_transform_wrote_them(tmp_path, gaps):
    rows = [
        {
            tensor_names.NUMERIC: [float(i), -float(i)],
            tensor_names.REGRESSION_LABEL: whole(1_700_000_000.25 + i),
            tensor_names.REGRESSION_TARGET: float(i),
            tensor_names.TARGET_MEAN: whole(1_700_000_000.25),
            tensor_names.TARGET_SCALE: whole(1 / 3),
            tensor_names.CLASSIFICATION_LABEL: i % 3,
            tensor_names.REGRESSION_PRESENT: float(not (gaps and i == 1)),
            tensor_names.CLASSIFICATION_PRESENT: float(not (gaps and i == 2)),
            tensor_names.FINGERPRINT: 2**60 * i,
        }
        | ({tensor_names.WEIGHT: i / 2} if gaps else {})
        for i in range(5)
    ]
    write(tmp_path / "part.parquet", rows)
    (tmp_path / "part.parquet.17.tmp").write_bytes(b"what a killed worker left")
    found = load([str(tmp_path / "*")])
    assert found.regression.tolist() == [1_700_000_000.25 + i for i in range(5)], "no digit is lost"
    assert (found.target_mean, found.target_scale) == (1_700_000_000.25, 1 / 3)
    assert found.classes.tolist() == [0, 1, 2, 0, 1]
    assert found.has(REGRESSION).tolist() == [True, not gaps, True, True, True]
    assert found.has(CLASSIFICATION).tolist() == [True, True, not gaps, True, True]
    if gaps:
        assert found.row_weights.tolist() == [0, 0.5, 1, 1.5, 2]
    else:
        assert (found.present, found.row_weights) == (None, None)


def test_answers_are_in_the_users_units():
    """The predicted value and the quantiles, exactly; the class probabilities stay what they are."""
    asked = []

    class Network:
        def predict(self, features, **options):
            asked.append((features, options))
            return {
                REGRESSION: np.float32([[0.1], [-2.0]]),
                "regression_quantiles": np.float32([[-1, 1], [-3, 0.5]]),
                CLASSIFICATION: np.float32([[0.25, 0.75], [1, 0]]),
            }

    rows = replace(split([1, 1], [1, 1]), target_mean=1e6, target_scale=3.0)
    found = predict(Network(), rows)
    assert asked == [(rows.features, {"batch_size": BATCH, "verbose": 0})]
    np.testing.assert_allclose(found[REGRESSION], 1e6 + 3 * np.float64(np.float32([[0.1], [-2]])), rtol=1e-15)
    np.testing.assert_array_equal(found["regression_quantiles"], [[999_997, 1_000_003], [999_991, 1_000_001.5]])
    np.testing.assert_array_equal(found[CLASSIFICATION], np.float32([[0.25, 0.75], [1, 0]]))
