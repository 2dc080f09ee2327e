"""Columns beyond the memory budget are the same columns, and training on them is the same training."""

import numpy as np
import pytest

from components.shared.column_buffer import ColumnBuffer
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.network.encoder import FeatureSpace
from components.trainer.scan import chunks, shuffled


def collected(budget, batches):
    columns = ColumnBuffer(budget)
    for batch in batches:
        columns.add(batch)
    return columns.arrays()


@pytest.mark.parametrize(("budget", "mapped"), [(10**6, False), (3000, True), (0, True)])
def test_the_budget_decides_where_columns_are_and_not_what(budget, mapped):
    random = np.random.default_rng(0)
    sizes = [64, 64, 64, 7]
    batches = [
        {"numbers": random.normal(size=(size, 5)).astype("float32"), "label": random.integers(0, 9, size)}
        for size in sizes
    ]
    arrays = collected(budget, batches)
    for name in ("numbers", "label"):
        expected = np.concatenate([batch[name] for batch in batches])
        assert isinstance(arrays[name], np.memmap) == mapped
        assert arrays[name].dtype == expected.dtype
        np.testing.assert_array_equal(arrays[name], expected)


def test_blocks_come_in_a_new_order_and_rows_once():
    random = np.random.default_rng(0)
    order = shuffled(10_000, 100, 2_000, random)
    np.testing.assert_array_equal(np.sort(order), np.arange(10_000))
    blocks = [len(set(order[first : first + 2_000] // 100)) for first in range(0, 10_000, 2_000)]
    assert blocks == [20] * 5, "a window reads whole blocks"
    assert np.abs(np.diff(order[:2_000])).mean() > 1_000, "and shuffles their rows"
    assert not np.array_equal(order, shuffled(10_000, 100, 2_000, random))
    np.testing.assert_array_equal(np.sort(shuffled(1_050, 100, 500, random)), np.arange(1_050))


def test_chunks_of_mapped_features_hold_every_row_with_its_label():
    numbers = np.arange(5_000, dtype="float32")[:, None]
    mapped = collected(0, [{"numeric": numbers}])
    labels = {REGRESSION: -numbers, CLASSIFICATION: np.arange(5_000)}
    seen = []
    for features, answers in chunks(mapped, labels, 32, seed=0):
        rows = features["numeric"].numpy().reshape(-1)
        np.testing.assert_array_equal(answers[REGRESSION].numpy().reshape(-1), -rows)
        np.testing.assert_array_equal(answers[CLASSIFICATION].numpy().reshape(-1), rows)
        seen.append(rows)
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), numbers[:, 0])


def test_the_encoder_learns_the_same_from_mapped_features():
    numbers = np.random.default_rng(0).normal(size=(500, 3)).astype("float32")
    missing = (numbers > 1).astype("float32")
    features = {"numeric": numbers, "missing": missing}
    assert FeatureSpace.of(collected(0, [features]), [], 8) == FeatureSpace.of(features, [], 8)
