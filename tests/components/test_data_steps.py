"""StatisticsGen and Transform against TFX's own steps, on the same examples."""

import json
from pathlib import Path

import apache_beam as beam
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from example_tables import frame, spec
from google.protobuf import text_format
from served import transform
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.statistics_gen.executor import Executor as StockStatisticsGen
from tfx.components.transform.executor import Executor as StockTransform
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Schema, TransformGraph

from components.example_gen.ingest import ingest
from components.formats.summary import Summary
from components.shared.file_names import SCHEMA
from components.shared.splits import split_folder
from components.statistics_gen.component import StatisticsGen
from components.statistics_gen.statistics import read_statistics
from components.transform.apply import Apply
from components.transform.tensor_files import read_tensors

# A split that no row fell into stands last.
SPLITS = ("train", "validation", "calibration", "eval", "none")
IN_MEMORY = ["--direct_running_mode=in_memory"]
SETTINGS = {"regression": "price", "classification": "grade", "weight": None, "max_categories": 1}
KINDS = {"price": "FLOAT", "grade": "BYTES", "count": "INT", "size (mm)": "FLOAT", "town": "BYTES", "p": "FLOAT"}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """An ingested table whose train split is in three files."""
    folder = tmp_path_factory.mktemp("examples")
    frame().to_csv(folder / "t.csv", index=False)
    ingest(spec(folder / "t.csv", vectors={"p": "p_*"}), str(folder), rows_per_file=100)
    (folder / "Split-none").mkdir()
    assert len(list((folder / "Split-train").iterdir())) == 3
    artifact = Examples()
    artifact.uri, artifact.split_names = str(folder), artifact_utils.encode_split_names(list(SPLITS))
    return artifact


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    written = schema_pb2.Schema()
    for name, kind in KINDS.items():
        feature = written.feature.add(name=name, type=schema_pb2.FeatureType.Value(kind))
        if name == "p":
            feature.shape.dim.add(size=2)
            feature.presence.min_fraction = 1.0
    artifact = Schema()
    artifact.uri = str(tmp_path_factory.mktemp("schema"))
    (Path(artifact.uri) / SCHEMA).write_text(text_format.MessageToString(written))
    return artifact


@pytest.fixture(scope="module")
def counted(examples: Examples, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExampleStatistics]:
    ours, stock = ExampleStatistics(), ExampleStatistics()
    ours.uri, stock.uri = (str(tmp_path_factory.mktemp(name)) for name in ("ours", "stock"))
    StatisticsGen.test_call(examples=examples, statistics=ours, code="", beam_pipeline=beam.Pipeline(argv=IN_MEMORY))
    context = StockStatisticsGen.Context(beam_pipeline_args=IN_MEMORY)
    whole = Examples()
    whole.uri, whole.split_names = examples.uri, artifact_utils.encode_split_names(list(SPLITS[:-1]))
    StockStatisticsGen(context).Do({"examples": [whole]}, {"statistics": [stock]}, {"exclude_splits": "[]"})
    return {"ours": ours, "stock": stock}


@pytest.mark.parametrize("split", SPLITS[:-1])
def test_statistics_are_those_of_the_stock_step(counted: dict[str, ExampleStatistics], split: str):
    """The same file, but for the order of columns and for histograms, which TFDV makes of sketches of batches."""
    found, stock = (read_statistics(counted[who].uri, split).datasets[0] for who in ("ours", "stock"))
    assert (found.name, found.num_examples) == (stock.name, stock.num_examples)
    theirs = {feature.path.step[0]: feature for feature in stock.features}
    assert len(found.features) == len(theirs)
    for feature in found.features:
        expected = theirs[feature.path.step[0]]
        for one in (feature, expected):
            one.num_stats.ClearField("histograms")
            one.num_stats.ClearField("median")
            one.num_stats.mean, one.num_stats.std_dev = (
                round(value, 6) for value in (one.num_stats.mean, one.num_stats.std_dev)
            )
            for common in (one.num_stats.common_stats, one.string_stats.common_stats):
                common.ClearField("num_values_histogram")
        assert feature == expected


def test_a_split_without_rows_has_statistics_of_nothing(counted: dict[str, ExampleStatistics]):
    assert artifact_utils.decode_split_names(counted["ours"].split_names) == list(SPLITS)
    assert read_statistics(counted["ours"].uri, "none").datasets[0].num_examples == 0


@pytest.fixture(scope="module")
def transformed(examples: Examples, schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders with what our step and the stock one made; in each `graph`, and `rows` with the splits."""
    folders = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("stock")
    rows = transform(examples, schema, folders[0] / "graph", folders[0] / "rows", SETTINGS)
    assert artifact_utils.decode_split_names(rows.split_names) == list(SPLITS)
    whole, stock_graph, stock_rows = Examples(), TransformGraph(), Examples()
    whole.uri, whole.split_names = examples.uri, artifact_utils.encode_split_names(list(SPLITS[:-1]))
    stock_graph.uri, stock_rows.uri = str(folders[1] / "graph"), str(folders[1] / "rows")
    StockTransform(StockTransform.Context(beam_pipeline_args=IN_MEMORY)).Do(
        {"examples": [whole], "schema": [schema]},
        {"transform_graph": [stock_graph], "transformed_examples": [stock_rows]},
        {
            "preprocessing_fn": "components.transform.preprocessing.preprocessing_fn",
            "custom_config": json.dumps(SETTINGS),
            "disable_statistics": 1,
        },
    )
    return folders


def test_the_graph_is_that_of_the_stock_step(transformed: tuple[Path, Path]):
    ours, stock = (tft.TFTransformOutput(str(folder / "graph")) for folder in transformed)
    assert ours.raw_feature_spec() == stock.raw_feature_spec()
    assert ours.transformed_feature_spec() == stock.transformed_feature_spec()
    for name in ("classes", "categories"):
        assert ours.vocabulary_by_name(name) == stock.vocabulary_by_name(name)
    assert not list((transformed[0] / "graph").glob(".*")), "nothing of the work is left"


@pytest.mark.parametrize("split", SPLITS[:-1])
def test_rows_are_those_of_the_stock_step_in_the_order_of_the_examples(
    examples: Examples, transformed: tuple[Path, Path], split: str
):
    ours, stock = transformed
    files = sorted(Path(split_folder(examples.uri, split)).iterdir())
    written = sorted((ours / "rows" / f"Split-{split}").iterdir())
    assert [file.name for file in written] == [f"{file.name.removesuffix('.gz')}.parquet" for file in files]
    parts = [part for file in written for part in read_tensors(str(file))]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def prices(paths: list[Path]) -> list[int]:
        records = tf.data.TFRecordDataset(list(map(str, paths)), "GZIP").as_numpy_iterator()
        rows = [tf.train.Example.FromString(record).features.feature for record in records]
        return [np.float64(row["price"].float_list.value[0]).view(np.int64) for row in rows]

    assert found["regression_label"].tolist() == prices(files)

    spec = tft.TFTransformOutput(str(stock / "graph")).transformed_feature_spec()
    records = tf.data.TFRecordDataset(sorted(map(str, (stock / "rows" / f"Split-{split}").iterdir())), "GZIP")
    theirs = next(iter(records.batch(1000).map(lambda batch: tf.io.parse_example(batch, spec)).as_numpy_iterator()))
    fingerprints = found.pop("fingerprint")
    assert len(set(fingerprints.tolist())) == len(fingerprints), "no two of these rows are equal"
    assert sorted(found) == sorted(theirs)
    place = [np.lexsort(np.column_stack([one["regression_label"], one["numeric"]]).T) for one in (found, theirs)]
    for name, values in theirs.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_allclose(found[name][place[0]], values[place[1]], rtol=1e-5, atol=1e-6)


def reversed_features(record: bytes) -> bytes:
    """The same example, its features written one by one in falling order of their names."""
    features = tf.train.Example.FromString(record).features.feature
    parts = [tf.train.Features(feature={name: features[name]}) for name in sorted(features, reverse=True)]
    # Messages that follow each other in one field are merged.
    return b"".join(tf.train.Example(features=part).SerializeToString() for part in parts)


def test_a_row_has_one_fingerprint_whatever_file_it_lies_in(
    examples: Examples, transformed: tuple[Path, Path], tmp_path: Path
):
    """The rows of a split in another order, in two files, and their features in another order too.

    Protocol Buffers 6.31 write the entries of a map in an order that each process draws anew.
    """
    [source], [written] = (
        list(Path(folder).iterdir())
        for folder in (split_folder(examples.uri, "eval"), split_folder(str(transformed[0] / "rows"), "eval"))
    )
    records = list(tf.data.TFRecordDataset(str(source), "GZIP").as_numpy_iterator())
    order = np.random.default_rng(0).permutation(len(records))
    apply = Apply(str(transformed[0] / "graph"), str(tmp_path / "rows"))
    for part, chosen in enumerate((order[:5], order[5:])):
        path = str(tmp_path / f"{part}.gz")
        with tf.io.TFRecordWriter(path, "GZIP") as writer:
            for place in chosen:
                writer.write(reversed_features(records[place]))
        apply.process(("eval", path), None)
    [before] = read_tensors(str(written))
    parts = [part for name in "01" for part in read_tensors(str(tmp_path / "rows" / "Split-eval" / f"{name}.parquet"))]
    for name, values in before.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values[order])


def test_the_tensors_can_be_looked_at_with_pandas(examples: Examples, transformed: tuple[Path, Path]):
    table = pd.read_parquet(transformed[0] / "rows" / "Split-train")
    assert len(table) == Summary.read(examples.uri).splits["train"]
    assert table["numeric"].map(len).unique().tolist() == [4], "count, size and the two elements of p"
    assert table["regression_target"].mean() == pytest.approx(0, abs=1e-6)
    assert not (transformed[0] / "rows" / "Split-none").exists()
