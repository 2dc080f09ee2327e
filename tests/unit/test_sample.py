"""What is kept of a column in bounded memory, against NumPy and collections over all of it."""

import itertools
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from components.example_gen.profiling.fill_values import Spread
from components.example_gen.profiling.sample import Sample
from components.example_gen.profiling.texts import MOST, TextCounts
from components.example_gen.splitting.splits import mix

ROWS = 100_000


def blocks(rng: np.random.Generator) -> list[slice]:
    """Consecutive rows in blocks of random sizes, in random order."""
    ends = [0, *np.sort(rng.integers(0, ROWS, 9)).tolist(), ROWS]
    found = [slice(start, end) for start, end in itertools.pairwise(ends)]
    return [found[place] for place in rng.permutation(len(found))]


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_is_the_rows_of_the_smallest_priorities(seed: int):
    rng = np.random.default_rng(seed)
    values = np.arange(float(ROWS))
    values[rng.random(ROWS) < 0.3] = np.nan
    values[:3] = [np.inf, -np.inf, 1e39]
    priorities = mix(np.arange(ROWS, dtype=np.uint64))
    finite = np.flatnonzero(np.abs(values) < 1e38)
    expected = values[finite[np.argsort(priorities[finite])[:500]]]
    merged = Sample(500)
    for block in blocks(rng):
        part = Sample(500)
        for start in range(block.start, block.stop, 1_000):
            some = slice(start, min(start + 1_000, block.stop))
            part.add(values[some], priorities[some])
        merged.merge(part)
    np.testing.assert_array_equal(merged.values(), expected)
    assert np.median(expected) == pytest.approx(ROWS / 2, rel=0.15)  # of rows from everywhere


@pytest.mark.parametrize("distinct", [50, MOST, 5_000])
def test_texts_are_counted_whole_or_not_at_all(distinct: int):
    rng = np.random.default_rng(distinct)
    texts = np.array([f"text {number}" for number in rng.zipf(1.3, ROWS) % distinct])
    merged, whole = TextCounts(), TextCounts()
    for block in blocks(rng):
        part = TextCounts()
        for start in range(block.start, block.stop, 5_000):
            found = pa.array(texts[start : min(start + 5_000, block.stop)]).value_counts()
            for one in (part, whole):
                one.add(found.field("values"), found.field("counts").to_numpy(zero_copy_only=False))
        merged.merge(part)
    expected = Counter(texts.tolist())
    counted = merged.counter()
    assert merged == whole
    assert len(counted) == min(MOST, len(expected))
    assert counted == {text: expected[text] for text in counted}
    assert list(counted) == sorted(counted, key=lambda text: (-counted[text], text))


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=ROWS),
        np.random.default_rng(1).integers(0, 40, ROWS).astype(float),
        np.random.default_rng(2).choice([-9999.0, 0.0, 1e30], ROWS),
        np.full(ROWS, -0.0),
    ],
)
def test_the_ends_of_a_column_are_counted_whole(values: np.ndarray):
    merged = Spread()
    for block in blocks(np.random.default_rng(5)):
        part = Spread()
        for start in range(block.start, block.stop, 5_000):
            part.add(values[start : min(start + 5_000, block.stop)])
        merged.merge(part)
    distinct, counts = np.unique(values, return_counts=True)
    expected = dict(zip(distinct.tolist(), counts.tolist(), strict=True))
    assert merged._smallest == dict([*expected.items()][:16])
    assert merged._largest == dict([*expected.items()][-16:])
