"""Moments of columns, merged batch by batch, against NumPy."""

from functools import reduce

import numpy as np
import pytest

from components.transform.column_statistics import Moments

RNG = np.random.default_rng(3)


def merged(values: np.ndarray, parts: int) -> Moments:
    return reduce(Moments.merged, map(Moments.of, np.array_split(values, parts)))


@pytest.mark.parametrize("parts", [1, 2, 7, 200])
def test_batches_of_any_size_say_the_same(parts: int):
    values = RNG.normal([0, 1e9, 5], [1, 1e-3, 0], (200, 3))
    values[RNG.random(values.shape) < 0.3] = np.nan
    found = merged(values, parts)
    np.testing.assert_array_equal(found.count, (~np.isnan(values)).sum(axis=0))
    np.testing.assert_allclose(found.mean, np.nanmean(values, axis=0), rtol=1e-12)
    deviation = np.sqrt(found.squares / found.count)
    np.testing.assert_allclose(deviation[0], np.nanstd(values[:, 0]), rtol=1e-12)
    # The values of this column are known to 1e-7, a ten-thousandth of its deviation.
    np.testing.assert_allclose(deviation[1], np.nanstd(values[:, 1]), rtol=1e-4)
    assert deviation[2] < 1e-14


def test_a_column_without_values_is_nothing_in_any_batch():
    values = np.full((6, 2), np.nan)
    values[4:, 1] = [2, 4]
    found = merged(values, 3)
    assert (found.count.tolist(), found.mean.tolist(), found.squares.tolist()) == ([0, 2], [0, 3], [0, 2])


def test_numbers_too_large_to_square_are_no_error():
    found = merged(np.array([[1e200], [-1e200], [np.nan]]), 3)
    assert (found.mean.tolist(), found.squares.tolist()) == ([0], [np.inf])
