"""Edges of histograms against NumPy's quantiles and histograms."""

import numpy as np
import pytest

from components.shared.histogram_bins import bins_of, equal_width

RNG = np.random.default_rng(11)


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (2.0, 2.0), (0.0, 0.0), (1e9, np.nextafter(1e9, 2e9)), (1e300, 1e300), (1e-30, 2e-30)]
)
def test_every_range_has_edges_that_numpy_takes(low: float, high: float):
    edges = equal_width(low, high, 30)
    assert len(edges) == 31
    assert (np.diff(edges) > 0).all()
    counts, _ = np.histogram([low, high], edges)
    assert counts.sum() == 2


@pytest.mark.parametrize("count", [20, 100, 1_000, 40_000])
@pytest.mark.parametrize("outlier", [1e3, -1e9])
def test_one_outlier_moves_the_edges_no_further_than_to_the_tails(count: int, outlier: float):
    values = RNG.normal(5, 2, count)
    values[count // 3] = outlier
    bins = bins_of(values, 25)
    tail = max(1 / count, 0.005)
    inside = np.sort(values)[int(tail * count) : -int(tail * count)]
    assert bins.open
    assert (bins.edges[0], bins.edges[-1]) == (inside[0], inside[-1])
    found = bins.histogram(values)
    counts, _ = np.histogram(values, bins.edges)
    assert found.counts == tuple(counts)
    assert (found.below, found.above) == ((values < inside[0]).sum(), (values > inside[-1]).sum())
    assert sum(found.counts) + found.below + found.above == count


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=100_000),
        RNG.uniform(size=50),
        RNG.exponential(size=10_000),
        np.repeat([0.0, 1.0], [5, 5_000]),
        np.repeat([0.0, 0.5, 9.0], [9_990, 5, 5]),
        np.full(30, 7.0),
        np.append(RNG.normal(size=18), 1e6),
        np.array([3.0]),
    ],
    ids=["normal", "uniform", "exponential", "two values", "one value most of all", "one value", "few", "one"],
)
def test_without_far_values_the_edges_hold_the_whole_range(values: np.ndarray):
    bins = bins_of(values, 30)
    np.testing.assert_array_equal(bins.edges, equal_width(values.min(), values.max(), 30))
    found = bins.histogram(values)
    counts, _ = np.histogram(values, bins.edges)
    assert found.counts == tuple(counts)
    assert (found.below, found.above, sum(found.counts)) == (None, None, len(values))
