"""Small tables, what TFDV says of them, and the steps of the validation on real artifacts."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.data_gate.component import DataGate
from components.data_validator.component import DataValidator
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.fingerprint import fingerprint
from components.formats.findings import Findings
from components.formats.summary import Summary
from components.schema_gen.component import SchemaGen
from components.schema_gen.curation import curate, exclude_labels_from_serving
from components.schema_gen.schema_file import read_schema

import tensorflow_data_validation as tfdv  # isort: skip - only after TFX

ROWS = 60


def table(rows: int = ROWS, **columns: object) -> pd.DataFrame:
    """A table with a number, a category, a nearly unique text and two labels; `columns` replaces or adds."""
    plain = {
        "x": np.linspace(0, 1, rows),
        "c": [("red", "green", "blue")[i % 3] for i in range(rows)],
        "note": [f"n{i}" for i in range(rows)],
        "y": np.arange(rows, dtype=float),
        "k": [("a", "b")[i % 2] for i in range(rows)],
    }
    return pd.DataFrame({name: values for name, values in (plain | columns).items() if values is not None})


def statistics(frame: pd.DataFrame) -> statistics_pb2.DatasetFeatureStatisticsList:
    return tfdv.generate_statistics_from_dataframe(frame)


def inferred(frame: pd.DataFrame) -> schema_pb2.Schema:
    return tfdv.infer_schema(statistics(frame), infer_feature_shape=False)


def feature(schema: schema_pb2.Schema, name: str) -> schema_pb2.Feature:
    [found] = [feature for feature in schema.feature if feature.name == name]
    return found


def write_examples(folder: Path, frame: pd.DataFrame) -> None:
    """Writes a split as the ingest does."""
    folder.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(folder / "data.gz"), "GZIP") as writer:
        for row in frame.to_dict("records"):
            features = {name: value(cell) for name, cell in row.items() if not pd.isna(cell)}
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    rows = folder.parent / "rows"
    rows.mkdir(exist_ok=True)
    fingerprints = b"".join(hashlib.md5(repr(row).encode()).digest() for row in frame.to_dict("records"))
    (rows / f"{folder.name.removeprefix('Split-')}.u8").write_bytes(fingerprints)


def value(cell: object) -> tf.train.Feature:
    if isinstance(cell, str):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[cell.encode()]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=[cell]))


def training_schema() -> schema_pb2.Schema:
    """The schema of the train split, with the labels excluded from serving."""
    curated = curate(inferred(table()), statistics(table()).datasets[0], {}, ["y", "k"], ["note"], ROWS)
    exclude_labels_from_serving(curated, ["y", "k"])
    return curated


LABELS = {"level": "ignore", "leakage": 1.0}
DRIFT = {"level": "warn", "skew": "ignore", "false_alarms": 0.001, "thresholds": {}}


class Step:
    """SchemaGen, DataValidator and DataGate on real artifacts; `run` returns the findings."""

    def __init__(self, root: Path, splits: dict[str, pd.DataFrame]):
        self.root = root
        self.artifacts = {
            "examples": standard_artifacts.Examples(),
            "statistics": standard_artifacts.ExampleStatistics(),
            "schema": standard_artifacts.Schema(),
            "baseline": standard_artifacts.Model(),
            "anomalies": standard_artifacts.ExampleAnomalies(),
        }
        for name, artifact in self.artifacts.items():
            artifact.uri = str(root / name)
            (root / name).mkdir(parents=True)
        for name in ("examples", "statistics"):
            self.artifacts[name].split_names = artifact_utils.encode_split_names(list(splits))
        self.path = root / "table.csv"
        pd.concat(splits.values()).to_csv(self.path, index=False)
        for split, frame in splits.items():
            folder = root / "statistics" / f"Split-{split}"
            folder.mkdir()
            (folder / "FeatureStats.pb").write_bytes(statistics(frame).SerializeToString())
            write_examples(root / "examples" / f"Split-{split}", frame)
        rows = {split: len(frame) for split, frame in splits.items()}
        classes = {split: frame["k"].value_counts().to_dict() for split, frame in splits.items()}
        kinds = {"x": "FLOAT", "c": "BYTES", "note": "BYTES"}
        files = [str(self.path)]
        content = fingerprint(files)
        unlabelled = {
            split: {label: int(frame[label].isna().sum()) for label in ("y", "k")} for split, frame in splits.items()
        }
        counts = (rows, "y", "k", classes, kinds, {}, {}, {}, {}, "row", [], unlabelled)
        summary = Summary(files, Dialect("csv", ","), content, 0, 0, {}, *counts)
        summary.write(root / "examples")

    def run(self, reviewed: str = "", split: tuple[str, str | None] = ("row", None), **settings: object) -> dict:
        taken = {name: self.artifacts[name] for name in ("examples", "statistics", "schema")}
        labels = json.dumps({"labels": ["y", "k"], "keep": []})
        SchemaGen.test_call(**taken, reviewed_schema=reviewed, settings=labels, code="1")
        chosen = {"level": "warn", "levels": {}, "drift": DRIFT, "labels": LABELS, "checks": []} | settings
        DataValidator.test_call(
            **self.artifacts,
            # The files are those of the summary: where pods run, a spec may hold a folder or a date.
            spec=IngestSpec(("/{date}/*.csv",), "y", "k", split=split[0], column=split[1]).to_json(),
            reviewed_schema=reviewed,
            settings=json.dumps(chosen),
            code="1",
        )
        DataGate.test_call(anomalies=self.artifacts["anomalies"], code="1")
        return self.findings()

    def findings(self) -> dict[str, Any]:
        """What `findings.json` holds."""
        return json.loads((self.root / "anomalies" / "findings.json").read_text(encoding="utf-8"))

    def problems(self) -> list[str]:
        return Findings.read(self.root / "anomalies").problems

    def schema(self) -> schema_pb2.Schema:
        return read_schema(self.root / "schema" / "schema.pbtxt")
