"""Samples that a hash of the rows chooses: of any partition the same, and of all rows alike."""

import numpy as np
import pytest
from scipy import stats

from components.evaluator.analysis import sample as module
from components.evaluator.analysis.sample import Chosen, Distinct
from components.example_gen.splitting.splits import mix

SIZES = (50, 20)


def drawn(rows, strata, parts, sizes=SIZES, buckets=3):
    """The samples of rows, int64 [n], equal where their numbers are, dealt to parts and met in buckets."""
    hashes = mix(rows.astype(np.uint64))
    met = [[] for _ in range(buckets)]
    for part in parts:
        for bucket, some in enumerate(Distinct.of(hashes[part], strata[part]).divided(buckets)):
            met[bucket].append(some)
    found = Chosen.none(len(sizes))
    for bucket in met[::-1]:
        found = Distinct.joined(bucket).chosen(sizes).joined(found, sizes)
    return found


def dealt(rng, n):
    return np.split(rng.permutation(n), np.sort(rng.integers(0, n + 1, rng.integers(1, 9))))


@pytest.mark.parametrize("seed", range(8))
def test_parts_and_order_make_no_difference(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 60, 400)  # most rows have equals
    strata = np.where(rows % 3 == 0, 3, 1).astype(np.uint8)
    first, second = (drawn(rows, strata, dealt(rng, 400), buckets=buckets) for buckets in (1, 5))
    for ours, theirs in zip((*first.keys, *first.hashes), (*second.keys, *second.hashes), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [len(hashes) for hashes in first.hashes] == list(SIZES)
    assert set(first.hashes[1].tolist()) <= set(mix(rows[rows % 3 == 0].astype(np.uint64)).tolist())
    assert first.rows.tolist() == sorted({*first.hashes[0].tolist(), *first.hashes[1].tolist()})


def test_fewer_rows_than_asked_for_are_all_there_as_often_as_they_occur():
    rows = np.array([7, 7, 7, 1, 2, 2])
    found = drawn(rows, np.ones(6, np.uint8), [np.arange(6)])
    names = {int(mix(np.array([row], np.uint64))[0]): row for row in (1, 2, 7)}
    assert sorted(names[int(row)] for row in found.hashes[0]) == [1, 2, 2, 7, 7, 7]
    assert len(found.hashes[1]) == 0


def test_rows_that_occur_often_are_drawn_as_often_as_chance_would():
    """One row is half of the table: it must be near half of the sample, not all of it or none."""
    shares = []
    for table in range(200):
        rows = np.concatenate([np.full(1_000, 10_000 * table), 10_000 * table + 1 + np.arange(1_000)])
        found = drawn(rows, np.ones(2_000, np.uint8), [np.arange(2_000)], sizes=(100,))
        shares.append((found.hashes[0] == mix(np.array([10_000 * table], np.uint64))[0]).sum())
    # Hypergeometric: without replacement.
    expected = stats.hypergeom(2_000, 1_000, 100)
    assert np.mean(shares) == pytest.approx(50, abs=4 * expected.std() / np.sqrt(200))
    assert np.std(shares) == pytest.approx(expected.std(), rel=0.25)


def test_every_row_has_the_same_chance():
    counts = np.zeros(300)
    for table in range(400):
        rows = 1_000 * table + np.arange(300)
        found = drawn(rows, np.ones(300, np.uint8), [np.arange(300)], sizes=(60,))
        place = {int(value): index for index, value in enumerate(mix(rows.astype(np.uint64)))}
        counts[[place[int(value)] for value in found.hashes[0]]] += 1
    assert stats.chisquare(counts).pvalue > 0.001


def test_blocks_change_nothing_but_the_memory(monkeypatch):
    rng = np.random.default_rng(0)
    rows, strata = rng.integers(0, 40, 500), rng.integers(1, 4, 500).astype(np.uint8)
    strata = strata[rows]  # equal rows are in the same strata
    whole = drawn(rows, strata, [np.arange(500)])
    monkeypatch.setattr(module, "_BLOCK", 7)
    small = drawn(rows, strata, [np.arange(500)])
    for ours, theirs in zip(whole.hashes, small.hashes, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_no_rows_are_no_sample():
    nothing = Distinct.of(np.zeros(0, np.uint64), np.zeros(0, np.uint8))
    assert [len(hashes) for hashes in nothing.chosen(SIZES).hashes] == [0, 0]
