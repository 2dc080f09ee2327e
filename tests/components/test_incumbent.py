"""The production model is asked by raw columns: what its columns have become makes no difference, or is named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from example_tables import read
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.evaluator.incumbent import UnusableColumnError, ask, score
from components.evaluator.scoring import ServingModel
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.dialect import Dialect
from components.model_format.manifest import InputColumn, Manifest, TrainLabels

ROWS = 2_500  # more than two batches in eval
FRACTIONS = (0.02, 0.02, 0.0, 0.96)


class Model(tf.Module):
    """Says how it read a row: the sum of its numbers as the number, and whether the town is "3" as the class."""

    @tf.function
    def predict(self, column_0: tf.Tensor, column_1: tf.Tensor, column_2: tf.Tensor, column_3: tf.Tensor):
        def known(numbers: tf.Tensor) -> tf.Tensor:
            return tf.where(tf.math.is_nan(numbers), tf.constant(-1000, numbers.dtype), numbers)

        number = known(column_0) + known(column_1) + tf.cast(tf.reduce_sum(known(column_2), axis=1), tf.float64)
        third = tf.cast(column_3 == "3", tf.float32)
        return {
            "regression_output": tf.cast(number, tf.float32)[:, None],
            "classification_output": tf.stack([third, 1 - third], axis=1),
        }


COLUMNS = [
    InputColumn("children", "column_0", "INT"),
    InputColumn("size", "column_1", "FLOAT"),
    InputColumn("emb", "column_2", "VECTOR", 2),
    InputColumn("town", "column_3", "BYTES"),
]


def manifest(labels: tuple[str, str] = ("price", "grade"), median: float = 5.0, **fields) -> Manifest:
    train = TrainLabels(10, median, median, {"low": 5, "high": 5})
    values = {"columns": COLUMNS, "dialect": Dialect(), "vectors": {}, "parameters": 1, "epochs": 1, "best_epoch": 1}
    return Manifest(*labels, classes=["low", "high"], train=train, **(values | fields))


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pushed")
    model = Model()
    kinds = {"column_2": tf.TensorSpec([None, 2], tf.float32), "column_3": tf.TensorSpec([None], tf.string)}
    number = tf.TensorSpec([None], tf.float64)
    signature = model.predict.get_concrete_function(*(kinds.get(f"column_{place}", number) for place in range(4)))
    tf.saved_model.save(model, str(folder), signatures={"predict": signature})
    manifest().write_with("", folder)
    return folder


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "children": random.integers(0, 6, ROWS),
            "size": random.integers(0, 40, ROWS) / 8,
            "emb_1": random.integers(0, 9, ROWS) / 4,
            "emb_2": random.integers(0, 9, ROWS) / 4,
            "town": random.choice(["3", "12"], ROWS),
            "price": np.arange(ROWS) / 8,
            "grade": random.choice(["low", "high"], ROWS),
        }
    )


def examples(folder: Path, table: pd.DataFrame, **fields) -> tuple[str, bytes]:
    """Ingests a table, and returns the folder and the schema of what was written."""
    table.to_csv(folder / "t.csv", index=False)
    options = {"vectors": {"emb": "emb_*"}, "fractions": FRACTIONS, "categorical": ("town",)} | fields
    summary = ingest(IngestSpec((str(folder / "t.csv"),), "price", "grade", **options), str(folder / "examples"))
    schema = schema_pb2.Schema()
    for name, kind in {**summary.columns, "price": "FLOAT", "grade": "BYTES"}.items():
        feature = schema.feature.add(name=name, type="FLOAT" if kind == "VECTOR" else kind)
        if kind == "VECTOR":
            feature.shape.CopyFrom(
                text_format.Parse(f"dim {{ size: {summary.vectors[name]} }}", schema.feature[0].shape)
            )
    return str(folder / "examples"), schema.SerializeToString()


def scored(folder: Path, pushed: Path, table: pd.DataFrame, **fields) -> pd.DataFrame:
    """What is said of each eval row, by its place in the table."""
    root, schema = examples(folder, table, **fields)
    found = score(ServingModel(pushed), Path(root) / "Split-eval", schema)
    assert found.classes == ("low", "high")
    assert len(found.number) > 2_048
    places = [int(8 * row["price"]) for row in read(root, "eval")]
    said = {"number": found.number, "third": found.probabilities[:, 0] == 1}
    return pd.DataFrame(said, index=places).sort_index()


def expected(table: pd.DataFrame, places: pd.Index) -> pd.DataFrame:
    numbers = table[["children", "size", "emb_1", "emb_2"]].fillna(-1000).sum(axis=1).astype("float32")
    return pd.DataFrame({"number": numbers, "third": table["town"] == "3"}).loc[places]


def test_columns_are_read_as_they_are(tmp_path: Path, pushed: Path, table: pd.DataFrame):
    found = scored(tmp_path, pushed, table)
    pd.testing.assert_frame_equal(found, expected(table, found.index))


def test_other_spellings_and_kinds_say_the_same(tmp_path: Path, pushed: Path, table: pd.DataFrame):
    """That pandas writes 2.0 for 2 where a column has a gap must not decide the verdict."""
    gap = table.astype({"children": float})
    gap.loc[[3, 77], "children"] = None
    changed = {
        "2.0": (table.astype({"children": float}), {}),
        "2.0 and a gap": (gap, {}),
        "town a number": (table, {"categorical": ()}),
        "children a category": (table, {"categorical": ("town", "children")}),
        "size a category": (table.astype({"size": str}), {"categorical": ("town", "size")}),
    }
    for name, (data, fields) in changed.items():
        (tmp_path / name).mkdir()
        found = scored(tmp_path / name, pushed, data, **fields)
        wanted = expected(gap if name == "2.0 and a gap" else table, found.index)
        pd.testing.assert_frame_equal(found, wanted, obj=name)


def test_what_is_no_whole_number_is_missing_to_a_model_of_whole_numbers(tmp_path: Path, pushed: Path, table):
    halves = table.assign(children=table["children"] + np.where(table["children"] > 3, 0.5, 0))
    found = scored(tmp_path, pushed, halves)
    whole = halves.assign(children=halves["children"].where(halves["children"] % 1 == 0))
    pd.testing.assert_frame_equal(found, expected(whole, found.index))
    assert (found["number"] < -900).any()


@pytest.mark.parametrize(
    ("change", "fields", "said"),
    [
        ({"ignore": ("size",)}, {}, 'it reads the column "size", which is no feature any more'),
        (
            {},
            {"emb_3": 1.5},
            'it reads lists of 2 numbers in "emb", which holds lists of 3 now',
        ),
        ({"vectors": {}}, {}, 'it reads the column "emb", which is no feature any more'),
        (
            {"vectors": {"emb": "emb_*", "size": "size*"}},
            {"size_2": 2.0, "size_1": 1.0, "size": None},
            'it reads one value in "size", which holds lists of 2 now',
        ),
        ({}, {"size": "small"}, 'it reads numbers in "size", which holds text now, such as "small"'),
    ],
)
def test_a_column_that_cannot_be_read_is_named(tmp_path, pushed, table, change, fields, said):
    data = table.assign(**{name: value for name, value in fields.items() if value is not None})
    data = data.drop(columns=[name for name, value in fields.items() if value is None])
    root, schema = examples(tmp_path, data, **change)
    with pytest.raises(UnusableColumnError) as raised:
        score(ServingModel(pushed), Path(root) / "Split-eval", schema)
    assert str(raised.value) == said
    assert ask(pushed, root, schema, manifest()).predictions == said


def test_what_is_known_of_the_pushed_model_is_said(tmp_path: Path, pushed: Path, table: pd.DataFrame):
    root, schema = examples(tmp_path, table)
    assert ask(tmp_path / "none", root, schema, manifest()) is None
    found = ask(pushed, root, schema, manifest())
    assert (found.seen, found.doubts) == (None, {})
    assert found.remarks == (
        "It is not known which of these rows the production model has seen: it is of the time before that was noted.",
    )
    other = ask(pushed, root, schema, manifest(("weight", "grade")))
    assert other.predictions == 'it predicts the regression label "price" and the class label "grade"'
    (tmp_path / "broken").mkdir()
    assert ask(tmp_path / "broken", root, schema, manifest()).predictions == (
        "it cannot be loaded or does not answer here; the log says more"
    )


@pytest.mark.parametrize(("median", "doubtful"), [(5_000.0, True), (0.004, True), (60.0, False), (0.0, False)])
def test_another_unit_of_the_number_is_pointed_out(tmp_path, pushed, table, median, doubtful):
    root, schema = examples(tmp_path, table)
    doubts = ask(pushed, root, schema, manifest(median=median)).doubts
    assert list(doubts) == ["regression"] * doubtful
    if doubtful:
        assert doubts["regression"] == (
            f'The median of "price" was 5 when the production model was trained and is {median:g} now: if its unit has '
            "changed, the two cannot be compared."
        )
