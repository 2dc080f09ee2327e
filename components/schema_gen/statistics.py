"""Reads what StatisticsGen wrote."""

from __future__ import annotations

from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.shared.splits import split_folder


def read_statistics(uri: str, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Returns TFDV's statistics of one split of an ExampleStatistics artifact."""
    path = Path(split_folder(uri, split)) / "FeatureStats.pb"
    return statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
