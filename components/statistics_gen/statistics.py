"""The file of statistics that StatisticsGen writes for each split."""

from __future__ import annotations

from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.shared.durable_files import replacing
from components.shared.splits import split_folder

_FILE = "FeatureStats.pb"


def read_statistics(uri: str, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Returns TFDV's statistics of one split of an ExampleStatistics artifact."""
    return statistics_pb2.DatasetFeatureStatisticsList.FromString((Path(split_folder(uri, split)) / _FILE).read_bytes())


def write_statistics(uri: str, split: str, dataset: statistics_pb2.DatasetFeatureStatistics) -> None:
    """Writes TFDV's statistics of one split, which `read_statistics` reads back."""
    folder = Path(split_folder(uri, split))
    folder.mkdir(parents=True, exist_ok=True)
    found = statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset])
    with replacing(folder / _FILE) as temporary:
        temporary.write_bytes(found.SerializeToString(deterministic=True))


def write_slices(found: statistics_pb2.DatasetFeatureStatisticsList, uri: str) -> None:
    """Writes statistics whose datasets are splits, by name."""
    for dataset in found.datasets:
        split = dataset.name
        dataset.ClearField("name")  # which TFDV has for slices alone
        write_statistics(uri, split, dataset)
