"""The columns of a report, read from examples and statistics as the steps leave them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.example_gen.tables.dialect import Dialect
from components.formats.summary import Summary
from components.report.columns import describe
from components.report.columns.describe import describe_columns
from components.shared.histogram_bins import Histogram

SCHEMA = text_format.Parse(
    """
    feature { name: "y" type: FLOAT }
    feature { name: "k" type: BYTES }
    feature { name: "whole" type: INT }
    feature { name: "id" type: BYTES lifecycle_stage: DISABLED }
    feature { name: "v" type: FLOAT shape { dim { size: 2 } } }
    """,
    schema_pb2.Schema(),
)
SUMMARY = Summary(
    files=[],
    dialect=Dialect("csv", ","),
    fingerprint="",
    rows_in=5,
    rows_out=5,
    left_out={},
    splits={"train": 3, "validation": 0, "eval": 2},
    regression="y",
    classification="k",
    classes={},
    columns={"whole": "INT", "id": "BYTES", "v": "VECTOR"},
    missing={},
    non_finite={},
    vectors={"v": 2},
    vector_columns={},
    split_by="row",
    warnings=[],
)
ROWS = {
    "train": pd.DataFrame({"y": [1.5, 2.5, 4.0], "whole": [3, None, 5], "k": ["a", "b", "a"]}),
    "eval": pd.DataFrame({"y": [0.0, -1.0], "whole": [None, 4], "k": ["b", "c"]}),
}


def example(row):
    values = {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=[number]))
        for name, number in {"y": row["y"], "share": row["y"] / 2}.items()
    }
    if not np.isnan(row["whole"]):
        values["whole"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[int(row["whole"])]))
    return tf.train.Example(features=tf.train.Features(feature=values)).SerializeToString()


def statistics(table):
    found = statistics_pb2.DatasetFeatureStatisticsList()
    features = found.datasets.add(num_examples=len(table)).features
    counts = table["k"].value_counts()
    text = features.add(path={"step": ["k"]}).string_stats
    text.unique, text.common_stats.num_non_missing = len(counts), len(table)
    for value, count in counts.items():
        text.rank_histogram.buckets.add(label=value, sample_count=count)
    features.add(path={"step": ["v"]}).num_stats.common_stats.num_non_missing = len(table)
    return found.SerializeToString()


@pytest.fixture
def folders(tmp_path: Path):
    for split, table in ROWS.items():
        for name in ("examples", "statistics"):
            (tmp_path / name / f"Split-{split}").mkdir(parents=True)
        options = tf.io.TFRecordOptions(compression_type="GZIP")
        with tf.io.TFRecordWriter(str(tmp_path / "examples" / f"Split-{split}" / "a.gz"), options) as writer:
            for _, row in table.iterrows():
                writer.write(example(row))
        (tmp_path / "statistics" / f"Split-{split}" / "FeatureStats.pb").write_bytes(statistics(table))
    return str(tmp_path / "examples"), str(tmp_path / "statistics")


@pytest.mark.parametrize(("budget", "columns"), [(1 << 20, 256), (0, 256), (1 << 20, 1)])
def test_every_column_in_both_splits(folders, budget: int, columns: int, monkeypatch: pytest.MonkeyPatch):
    """In memory, from files, and in a pass for each column."""
    monkeypatch.setattr(describe, "_BUDGET", budget)
    monkeypatch.setattr(describe, "_COLUMNS", columns)
    found = describe_columns(*folders, SCHEMA, SUMMARY)
    assert [(column.name, column.role, column.kind) for column in found.columns] == [
        ("y", "regression label", "number"),
        ("k", "class label", "text"),
        ("whole", "feature", "number"),
        ("id", "left out", "text"),
        ("v", "feature", "vector"),
    ]
    number, label, whole, identifier, vector = (column.splits for column in found.columns)
    for split, table in ROWS.items():
        assert number[split].mean == table["y"].mean()
        assert number[split].zeros == (table["y"] == 0).sum()
        assert (whole[split].n, whole[split].missing) == (len(table), table["whole"].isna().sum())
        assert whole[split].median == table["whole"].median()
        assert {row.value: row.count for row in label[split].top if row.count} == (table["k"].value_counts().to_dict())
        assert vector[split].missing == 0
        assert (vector[split].histogram, vector[split].top) == (None, None)
        assert identifier[split].missing == len(table)
    assert whole["train"].histogram == Histogram((2.5, 3.5, 4.5, 5.5), (1, 0, 1), below=None, above=None)


@pytest.mark.parametrize(
    ("column", "kind"),
    [("whole", None), ("whole", schema_pb2.FLOAT), ("y", schema_pb2.INT)],
    ids=["a new INT column", "FLOAT for an INT column", "INT for the label"],
)
def test_values_are_read_as_the_ingest_wrote_them_whatever_the_schema_says(folders, column: str, kind: int | None):
    reviewed = schema_pb2.Schema()
    for feature in SCHEMA.feature:
        if feature.name != column:
            reviewed.feature.add().CopyFrom(feature)
        elif kind is not None:
            reviewed.feature.add(name=column, type=kind)
    found = {one.name: one.splits for one in describe_columns(*folders, reviewed, SUMMARY).columns}
    for split, table in ROWS.items():
        assert found[column][split].mean == table[column].mean()
    assert found == {one.name: one.splits for one in describe_columns(*folders, SCHEMA, SUMMARY).columns}


def test_a_float_that_is_reviewed_as_int_is_read_as_float(folders):
    reviewed = schema_pb2.Schema()
    reviewed.CopyFrom(SCHEMA)
    reviewed.feature.add(name="share", type=schema_pb2.INT)
    summary = replace(SUMMARY, columns=SUMMARY.columns | {"share": "FLOAT"})
    [share] = [one.splits for one in describe_columns(*folders, reviewed, summary).columns if one.name == "share"]
    for split, table in ROWS.items():
        assert share[split].mean == (table["y"] / 2).mean()
