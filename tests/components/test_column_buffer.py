"""Columns beyond the memory budget are the same columns."""

import numpy as np
import pytest

from components.shared.column_buffer import ColumnBuffer


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
