"""Columns of the report against pandas and NumPy, and their texts against counts by hand."""

import numpy as np
import pandas as pd
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.report.columns import numeric, textual
from components.shared.histogram_bins import Histogram

RNG = np.random.default_rng(3)


def test_numbers_are_those_of_pandas():
    train = np.where(RNG.random(500) < 0.1, np.nan, RNG.gamma(2, 5, 500).round(1))
    evaluation = RNG.gamma(2, 6, 120)
    found = numeric.describe({"train": train, "eval": evaluation})
    for split, values in (("train", train), ("eval", evaluation)):
        series, column = pd.Series(values), found[split]
        assert column.n == len(series)
        assert column.missing == series.isna().sum()
        assert column.missing_share == pytest.approx(series.isna().mean())
        assert column.zeros == (series == 0).sum()
        assert column.unique == series.nunique()
        for name in ("mean", "std", "min", "median", "max"):
            assert getattr(column, name) == pytest.approx(getattr(series, name)()), name
        counts, _ = np.histogram(series.dropna(), column.histogram.edges)
        assert column.histogram.counts == tuple(counts)
        assert sum(counts) == series.count()
    assert found["train"].histogram.edges == found["eval"].histogram.edges


def test_few_whole_numbers_have_a_bin_each():
    found = numeric.describe({"train": np.array([1.0, 1, 3]), "eval": np.array([4.0])})
    assert found["train"].histogram == Histogram((0.5, 1.5, 2.5, 3.5, 4.5), (2, 0, 1, 0), below=None, above=None)
    assert found["eval"].histogram.counts == (0, 0, 0, 1)


def test_a_value_far_from_the_others_is_counted_beyond_the_edges_of_both_splits():
    train, evaluation = RNG.normal(0, 1, 900), RNG.normal(0, 1, 100)
    train[4] = 1e9
    found = numeric.describe({"train": train, "eval": evaluation})
    together = np.sort(np.concatenate([train, evaluation]))
    for split, values in (("train", train), ("eval", evaluation)):
        histogram = found[split].histogram
        counts, edges = np.histogram(values, 20, range=(together[5], together[-6]))
        assert histogram.counts == tuple(counts)
        np.testing.assert_allclose(histogram.edges, edges)
        assert (histogram.below, histogram.above) == ((values < edges[0]).sum(), (values > edges[-1]).sum())
        assert histogram.below + sum(histogram.counts) + histogram.above == len(values)
    assert max(found["train"].histogram.counts) < 200


def test_a_split_without_values_has_no_moments():
    found = numeric.describe({"train": np.array([2.5]), "eval": np.array([np.nan, np.nan])})
    undefined = ("mean", "std", "min", "median", "max")
    assert {getattr(found["eval"], name) for name in undefined} == {None}
    assert (found["eval"].missing, found["eval"].missing_share, found["eval"].unique) == (2, 1.0, 0)
    assert sum(found["eval"].histogram.counts) == 0
    assert found["train"].std is None
    empty = numeric.describe({"train": np.array([np.nan]), "eval": np.empty(0)})
    assert empty["train"].histogram is None


def statistics(unique: int, counts: dict[str, int]) -> statistics_pb2.FeatureNameStatistics:
    buckets = "".join(f'buckets {{ label: "{name}" sample_count: {count} }}' for name, count in counts.items())
    present = sum(counts.values())
    return text_format.Parse(
        f"string_stats {{ common_stats {{ num_non_missing: {present} }} unique: {unique} "
        f"rank_histogram {{ {buckets} }} }}",
        statistics_pb2.FeatureNameStatistics(),
    )


def test_texts_have_the_same_values_in_both_splits():
    found = textual.describe(
        {"train": statistics(3, {"a": 5, "c": 1, "b": 3}), "eval": statistics(2, {"b": 4, "new": 1})},
        {"train": 10, "eval": 5},
    )
    values = {split: [(row.value, row.count) for row in column.top] for split, column in found.items()}
    assert values["train"] == [("a", 5), ("b", 3), ("c", 1), ("new", 0)]
    assert values["eval"] == [("a", 0), ("b", 4), ("c", 0), ("new", 1)]
    assert (found["train"].missing, found["train"].missing_share, found["train"].unique) == (1, 0.1, 3)
    assert found["train"].mean is found["train"].histogram is None


def test_a_value_whose_count_is_not_known_in_a_split_is_not_shown():
    found = textual.describe(
        {"train": statistics(2, {"a": 5, "b": 3}), "eval": statistics(5000, {"a": 4})}, {"train": 8, "eval": 9000}
    )
    assert [row.value for row in found["eval"].top] == ["a"]


def test_ten_values_at_most_and_none_in_an_empty_split():
    many = statistics(30, {f"v{index}": 30 - index for index in range(30)})
    found = textual.describe({"train": many, "eval": None}, {"train": 465, "eval": 7})
    assert [row.value for row in found["train"].top] == [f"v{index}" for index in range(10)]
    assert (found["eval"].missing, found["eval"].unique) == (7, None)
