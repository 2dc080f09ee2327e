"""Values counted in parts make the groups of the whole column."""

from functools import reduce

import numpy as np
import pandas as pd
import pytest

from components.evaluator.analysis import groups as module
from components.evaluator.analysis.groups import values_of
from components.evaluator.analysis.slices import Cells


def merged(column, rng):
    parts = np.split(rng.permutation(len(column)), np.sort(rng.integers(0, len(column), 6)))
    kept = [values_of(column[part]).kept() for part in parts if len(part)]
    rng.shuffle(kept)
    return reduce(lambda a, b: a.merged(b), kept)


@pytest.mark.parametrize("seed", range(6))
def test_the_groups_of_parts_are_those_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    gaps = rng.random(300) < 0.1
    columns = [
        np.where(gaps, np.nan, rng.normal(size=300).round(2)),
        np.where(gaps, np.nan, rng.integers(-3, 4, 300)),
        np.where(gaps, None, rng.choice(["x", "y", "missing", ""], 300)),
        np.full(300, np.nan),
    ]
    for column in columns:
        found, expected = merged(column, rng).groups(), values_of(column).groups()
        assert found.names == expected.names
        np.testing.assert_array_equal(found.codes(column), expected.codes(column))


def test_quartiles_are_those_of_numpy():
    rng = np.random.default_rng(0)
    for n in (21, 40, 41, 42, 43, 1000):
        values = rng.permutation(np.concatenate([np.arange(n), rng.integers(0, n, n)])).astype(float)
        cuts = np.quantile(values, [0.25, 0.5, 0.75], method="inverted_cdf")
        found = merged(values, rng).groups()
        assert found.ends[:-1].tolist() == cuts.tolist()
        np.testing.assert_array_equal(found.codes(values), np.searchsorted(cuts, values, side="left"))


COLUMNS = {
    "times": lambda rng: 1.7e9 + rng.normal(0, 1e5, 20_000),
    "both signs": lambda rng: rng.normal(0, 1, 20_000),
    "many magnitudes": lambda rng: np.exp(rng.normal(0, 9, 20_000)),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_of_many_numbers_the_cuts_are_near_the_quartiles_whatever_the_parts(name, monkeypatch):
    """As many bits are dropped as it takes, and no more."""
    monkeypatch.setattr(module, "MAX_KEPT", 1_000)
    rng = np.random.default_rng(3)
    values = COLUMNS[name](rng)
    first, second = merged(values, rng), merged(values, rng)
    assert first.dropped == second.dropped == values_of(values).kept().dropped > 0
    assert first.groups().ends.tolist() == second.groups().ends.tolist()
    assert len(first.distinct) <= 1_000
    assert first.counts.sum() == len(values)
    assert (first.least, first.greatest) == (values.min(), values.max())
    # A cut is off by the rows of the bin that it fell into at most.
    most = first.counts.max() / len(values)
    assert most < 0.02
    for share, end in zip((0.25, 0.5, 0.75), first.groups().ends[:3], strict=True):
        assert (values <= end).mean() == pytest.approx(share, abs=most + 1e-9)
    shares = pd.Series(first.groups().codes(values)).value_counts(normalize=True).sort_index()
    assert shares.index.tolist() == [0, 1, 2, 3]
    assert shares.to_numpy() == pytest.approx(0.25, abs=2 * most)


def test_combinations_add_up():
    one, two = Cells.of(np.array([3, 1, 3])), Cells.of(np.array([2, 3]))
    found = one.merged(two)
    assert (found.present.tolist(), found.counts.tolist()) == ([1, 2, 3], [1, 1, 3])
