"""Reads what StatisticsGen wrote."""

from __future__ import annotations

from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2


def read_statistics(uri: str, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Returns TFDV's statistics of one split of an ExampleStatistics artifact."""
    path = Path(uri) / f"Split-{split}" / "FeatureStats.pb"
    return statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
