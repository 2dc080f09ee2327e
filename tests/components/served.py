"""A table all the way to a serving model, by the real steps: ingest, transform, training, export."""

from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.evaluator.scoring import ServingModel
from components.example_gen.examples.reader import read_examples
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.dialect import Dialect
from components.formats.summary import Summary
from components.schema_gen.curation import add_companions, exclude_labels_from_serving
from components.shared.splits import CALIBRATION, TRAIN, VALIDATION
from components.trainer.presets import SEED
from components.trainer.run_fn import run_fn
from components.transform.preprocessing import preprocessing_fn

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
    _transform(folder, schema_utils.schema_as_feature_spec(schema).feature_spec, list(summary.splits), config)
    files = {split: str(folder / f"Split-{split}" / "*") for split in summary.splits}
    run_fn(
        SimpleNamespace(
            transform_output=str(folder / "graph"),
            train_files=[files[TRAIN]],
            eval_files=[files[VALIDATION], files[CALIBRATION]],
            schema_path=str(folder / "schema.pbtxt"),
            serving_model_dir=str(folder / "model"),
            model_run_dir=str(folder),
            custom_config={
                "labels": LABELS,
                "model": SEED.model | {"hidden": [16]},
                "training": SEED.training
                | {"epochs": 3, "batch_size": 256, "learning_rate": 0.01, "memory_mb": 64}
                | training,
                "intervals": {"coverage": 0.9, "method": "split"},
                "reading": {"dialect": asdict(dialect), "vectors": {}},
            },
        )
    )
    return Served(ServingModel(folder / "model"), folder, summary, schema)


def _transform(folder: Path, spec: dict, splits: list[str], config: dict) -> None:
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    with tft_beam.Context(str(folder / "beam")):
        rows = {split: _rows(folder / "raw" / f"Split-{split}") for split in splits}
        fn = (rows[TRAIN], metadata) | tft_beam.AnalyzeDataset(lambda inputs: preprocessing_fn(inputs, config))
        fn | tft_beam.WriteTransformFn(str(folder / "graph"))
        metadata_io.write_metadata(metadata, str(folder / "graph" / tft.TFTransformOutput.RAW_METADATA_DIR))
        for split in splits:
            found, made = ((rows[split], metadata), fn) | tft_beam.TransformDataset()
            coder = tft.coders.ExampleProtoCoder(made.schema)
            (folder / f"Split-{split}").mkdir()
            options = tf.io.TFRecordOptions(compression_type="GZIP")
            with tf.io.TFRecordWriter(str(folder / f"Split-{split}" / "part.gz"), options) as writer:
                for row in found:
                    writer.write(coder.encode(row))


def _rows(split: Path) -> list[dict]:
    rows = []
    for examples in read_examples(split):
        for example in map(tf.train.Example.FromString, examples):
            rows.append(
                {
                    name: list(getattr(feature, feature.WhichOneof("kind")).value) if feature.WhichOneof("kind") else []
                    for name, feature in example.features.feature.items()
                }
            )
    names = {name for row in rows for name in row}
    return [{name: [] for name in names} | row for row in rows]
