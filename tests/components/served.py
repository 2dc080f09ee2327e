"""A table all the way to a serving model, by the real steps: ingest, transform, training, export."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apache_beam as beam
import pandas as pd
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, Schema, TransformGraph

from components.evaluator.scoring import ServingModel
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.dialect import Dialect
from components.formats.summary import Summary
from components.schema_gen.curation import add_companions, exclude_labels_from_serving
from components.shared.splits import CALIBRATION, TRAIN, VALIDATION
from components.trainer.presets import SEED
from components.trainer.run_fn import run_fn
from components.transform.component import Transform

LABELS = {"regression": "y", "classification": "k", "weight": None}


@dataclass(frozen=True)
class Served:
    """What came out: the model, the account of the ingest, the raw splits and their schema."""

    model: ServingModel
    folder: Path
    summary: Summary
    schema: schema_pb2.Schema

    def raw(self, split: str) -> Path:
        return self.folder / "raw" / f"Split-{split}"


def serve(
    table: pd.DataFrame, folder: Path, *, missing: tuple[str, ...] = ("NA",), max_categories: int = 50, **training
) -> Served:
    """Trains on a table with the columns `y`, `k`, and `key`, whose values decide the split."""
    arguments, summary, schema = prepared(table, folder, missing=missing, max_categories=max_categories, **training)
    run_fn(SimpleNamespace(**arguments))
    return Served(ServingModel(folder / "model"), folder, summary, schema)


def prepared(
    table: pd.DataFrame, folder: Path, *, missing: tuple[str, ...] = ("NA",), max_categories: int = 50, **training
) -> tuple[dict[str, Any], Summary, schema_pb2.Schema]:
    """Does what comes before a training: its arguments as JSON knows them, account of the ingest, schema."""
    table.to_parquet(folder / "table.parquet")
    dialect = Dialect(missing=missing)
    spec = IngestSpec((str(folder / "table.parquet"),), "y", "k", dialect=dialect, split="column", column="key")
    summary = ingest(spec, str(folder / "raw"))
    schema = schema_pb2.Schema()
    for name, kind in {**summary.columns, "y": "FLOAT", "k": "BYTES"}.items():
        schema.feature.add(name=name, type=schema_pb2.FeatureType.Value(kind)).presence.min_count = 0
    add_companions(schema, summary.wide)
    exclude_labels_from_serving(schema, ["y", "k"])
    (folder / "schema.pbtxt").write_text(text_format.MessageToString(schema))
    config = LABELS | {"max_categories": max_categories}
    _transform(folder, list(summary.splits), config)
    files = {split: str(folder / f"Split-{split}" / "*") for split in summary.splits}
    arguments = {
        "transform_output": str(folder / "graph"),
        "train_files": [files[TRAIN]],
        "eval_files": [files[VALIDATION], files[CALIBRATION]],
        "schema_path": str(folder / "schema.pbtxt"),
        "serving_model_dir": str(folder / "model"),
        "model_run_dir": str(folder),
        "custom_config": {
            "labels": LABELS,
            "model": SEED.model | {"hidden": [16]},
            "training": SEED.training
            | {"epochs": 3, "batch_size": 256, "learning_rate": 0.01, "memory_mb": 64}
            | training,
            "intervals": {"coverage": 0.9, "method": "split"},
            "reading": {"dialect": asdict(dialect), "vectors": {}},
        },
    }
    return arguments, summary, schema


def _transform(folder: Path, splits: list[str], config: dict) -> None:
    raw, schema = Examples(), Schema()
    raw.uri, schema.uri = str(folder / "raw"), str(folder)
    raw.split_names = artifact_utils.encode_split_names(splits)
    transform(raw, schema, folder / "graph", folder, config)


def transform(examples: Examples, schema: Schema, graph: Path, rows: Path, config: dict) -> Examples:
    """Runs the Transform step into two folders, and returns the transformed examples."""
    transform_graph, transformed = TransformGraph(), Examples()
    transform_graph.uri, transformed.uri = str(graph), str(rows)
    Transform.test_call(
        examples=examples,
        schema=schema,
        transform_graph=transform_graph,
        transformed_examples=transformed,
        settings=json.dumps(config),
        code="",
        beam_pipeline=beam.Pipeline(argv=["--direct_running_mode=in_memory"]),
    )
    return transformed
