"""Every column of train and eval side by side: numbers from the examples themselves, texts from their statistics.

TFDV's quantiles and histograms are approximate and its bins differ from split to split, so what the report says of
numbers is counted again, in one pass over the rows; what is too large for memory lies in files meanwhile.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.example_gen.examples.first_values import first_numbers
from components.example_gen.examples.reader import read_examples
from components.formats.columns import Column, Columns, ColumnStatistics
from components.formats.summary import Summary
from components.report.columns import numeric, textual
from components.shared.column_buffer import ColumnBuffer
from components.shared.exact_numbers import companion
from components.shared.splits import EVAL, TRAIN, split_folder
from components.statistics_gen.statistics import read_statistics

SPLITS = (TRAIN, EVAL)
# Bytes of numbers of a split that are held in memory, and columns of one pass: each may be an open file.
_BUDGET, _COLUMNS = 128 << 20, 256
_KINDS = {"INT": "number", "FLOAT": "number", "BYTES": "text", "VECTOR": "vector"}


def describe_columns(examples: str, statistics: str, schema: schema_pb2.Schema, summary: Summary) -> Columns:
    """Describes the labels, the row weights and then every feature, in the order of the ingest.

    Args:
        examples: folder of the Examples artifact.
        statistics: folder of its statistics.
        schema: the schema in force.
        summary: the account of the ingest.
    """
    # As the ingest wrote them, which a reviewed schema may contradict.
    types = {summary.regression: "FLOAT", summary.classification: "BYTES"}
    types |= {summary.weight: "FLOAT"} if summary.weight is not None else {}
    types |= summary.columns
    kinds = {name: _KINDS[written] for name, written in types.items()}
    found = {split: _statistics(statistics, split) for split in SPLITS}
    rows = {split: summary.splits[split] for split in SPLITS}
    described = {
        name: textual.describe({split: found[split].get(name) for split in SPLITS}, rows)
        for name, kind in kinds.items()
        if kind != "number"
    }
    described |= _numbers(
        examples, {name: types[name] for name, kind in kinds.items() if kind == "number"}, summary.wide
    )
    used = {feature.name for feature in schema.feature if not feature.lifecycle_stage}
    return Columns(
        tuple(Column(name, _role(name, summary, used), kind, described[name]) for name, kind in kinds.items())
    )


def _role(name: str, summary: Summary, used: set[str]) -> str:
    if name == summary.regression:
        return "regression label"
    if name == summary.classification:
        return "class label"
    if name == summary.weight:
        return "row weight"
    return "feature" if name in used else "left out"


def _numbers(examples: str, types: Mapping[str, str], wide: Collection[str]) -> dict[str, dict[str, ColumnStatistics]]:
    names = list(types)
    described = {}
    for start in range(0, len(names), _COLUMNS):
        part = schema_pb2.Schema()
        for name in names[start : start + _COLUMNS]:
            part.feature.add(name=name, type=schema_pb2.FeatureType.Value(types[name]))
        exact = [feature.name for feature in part.feature if feature.name in wide]
        values = {split: _read(split_folder(examples, split), part, exact) for split in SPLITS}
        for feature in part.feature:
            described[feature.name] = numeric.describe({split: values[split][feature.name] for split in SPLITS})
    return described


def _read(folder: str, schema: schema_pb2.Schema, exact: Collection[str]) -> dict[str, np.ndarray]:
    """Returns the first number of each row, float64 [n] by column, NaN where there is none.

    Args:
        folder: one split of raw examples.
        schema: the columns.
        exact: those of them that have a companion, see `components.shared.exact_numbers`.
    """
    read = schema_pb2.Schema()
    read.CopyFrom(schema)
    for name in exact:
        read.feature.add(name=companion(name), type=schema_pb2.INT)
    decoder = ExamplesToRecordBatchDecoder(read.SerializeToString())
    names = [feature.name for feature in schema.feature]
    columns = ColumnBuffer(_BUDGET)
    columns.add({name: np.empty(0) for name in names})
    for serialized in read_examples(folder):
        batch = decoder.DecodeBatch(serialized.tolist())
        columns.add({name: first_numbers(batch, name) for name in names})
    return columns.arrays()


def _statistics(folder: str, split: str) -> dict[str, statistics_pb2.FeatureNameStatistics]:
    features = itertools.chain.from_iterable(dataset.features for dataset in read_statistics(folder, split).datasets)
    return {feature.path.step[0]: feature for feature in features}
