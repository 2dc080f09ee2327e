"""What the report says of a column of texts, or of vectors: presence, distinct values, the most frequent ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.formats.columns import ColumnStatistics, ValueCount

TOP = 10


def describe(
    splits: Mapping[str, statistics_pb2.FeatureNameStatistics | None], rows: Mapping[str, int]
) -> dict[str, ColumnStatistics]:
    """Describes one column in each split, from TFDV's statistics.

    Args:
        splits: split to the column's statistics; None where the split has no value of it.
        rows: split to its number of rows.

    Returns:
        split to its statistics, without those of numbers. `top` has the same values in each split, the most frequent
        of the first split first.
    """
    counts = {split: _counts(statistics) for split, statistics in splits.items()}
    shown = _shown(splits, counts)
    return {split: _describe(splits[split], rows[split], counts[split], shown) for split in splits}


def _describe(
    statistics: statistics_pb2.FeatureNameStatistics | None, n: int, counts: dict[str, int], shown: list[str]
) -> ColumnStatistics:
    missing = n if statistics is None else n - _common(statistics).num_non_missing
    text = statistics is not None and statistics.HasField("string_stats")
    return ColumnStatistics(
        n=n,
        missing=missing,
        missing_share=missing / n if n else 0.0,
        unique=statistics.string_stats.unique if statistics is not None and text else None,
        top=tuple(ValueCount(value, counts.get(value, 0)) for value in shown) if shown else None,
    )


def _common(statistics: statistics_pb2.FeatureNameStatistics) -> Any:
    return getattr(statistics, statistics.WhichOneof("stats")).common_stats


def _counts(statistics: statistics_pb2.FeatureNameStatistics | None) -> dict[str, int]:
    """Rows of each value that the statistics list: all of them, or the thousand most frequent."""
    if statistics is None or not statistics.HasField("string_stats"):
        return {}
    return {bucket.label: round(bucket.sample_count) for bucket in statistics.string_stats.rank_histogram.buckets}


def _shown(
    splits: Mapping[str, statistics_pb2.FeatureNameStatistics | None], counts: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """The values to show: the most frequent of the first split, then of the next, each with a known count in all."""
    values = dict.fromkeys(value for listed in counts.values() for value in sorted(listed, key=lambda v: -listed[v]))
    cut = {
        split: statistics is not None and len(counts[split]) < statistics.string_stats.unique
        for split, statistics in splits.items()
    }
    known = [value for value in values if all(value in counts[split] or not cut[split] for split in splits)]
    return known[:TOP]
