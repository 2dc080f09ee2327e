import math
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from example_tables import spec
from tensorflow.core.protobuf import saved_model_pb2

from components.example_gen.ingest import ingest
from components.example_gen.tables.dialect import Dialect
from components.model_format.manifest import InputColumn, Manifest, TrainLabels
from components.pusher import smoke_test
from components.pusher.component import _some_rows
from components.pusher.request import request_of
from components.pusher.smoke_test import check_in_fresh_process, smoke
from components.pusher.unservable import Unservable

COLUMNS = [
    InputColumn("Culmen Length (mm)", "column_0", "FLOAT"),
    InputColumn("größe", "column_1", "BYTES"),
    InputColumn("f 1", "column_2", "INT"),
    InputColumn("column_0", "column_3", "VECTOR", 2),
]
TYPES = {"column_0": np.float32, "column_1": object, "column_2": np.float64, "column_3": np.float32}
VALUES = [
    {"Culmen Length (mm)": 39.1, "größe": "groß", "f 1": 16_777_217, "column_0": [0.5, 1.5]},
    {"Culmen Length (mm)": None, "größe": None, "f 1": None, "column_0": None},
    {"Culmen Length (mm)": -0.25, "größe": "unseen", "f 1": 0, "column_0": [1e6, -1]},
]
FEATURES = {
    "Culmen Length (mm)": tf.io.FixedLenFeature([], tf.float32, math.nan),
    "größe": tf.io.FixedLenFeature([], tf.string, ""),
    "f 1": tf.io.FixedLenFeature([], tf.int64, -1),
    "column_0": tf.io.FixedLenFeature([2], tf.float32, [math.nan] * 2),
}
# How far a row asked for alone is from the same row among others, where the first row's number is 0.001.
FIRST_ROW_NEAR_ZERO = {"near zero": 1e-3, "near zero and wrong": 1e-2}


def example(row: dict[str, Any]) -> bytes:
    """A row as the ingest writes it, None or no key for a missing value."""
    made = tf.train.Example()
    for name, value in row.items():
        feature = made.features.feature[name]
        if isinstance(value, str):
            feature.bytes_list.value.append(value.encode())
        elif isinstance(value, int):
            feature.int64_list.value.append(value)
        elif value is not None:
            feature.float_list.value.extend(value if isinstance(value, list) else [value])
    return made.SerializeToString()


ROWS = [example(row) for row in VALUES]


class Model(tf.Module):
    """Two heads on four raw columns, with a lookup table, like the pipeline's models.

    `fault` names one thing to do wrong.
    """

    def __init__(self, fault: str = ""):
        super().__init__()
        self.fault = fault
        self.weights = tf.Variable([[0.1, -0.2, 0.3], [0.0, 0.1, -0.1]])
        keys = tf.lookup.KeyValueTensorInitializer(["klein", "groß"], [1.0, 2.0])
        self.sizes = tf.lookup.StaticHashTable(keys, default_value=0.0)

    def score(self, length: tf.Tensor, size: tf.Tensor, count: tf.Tensor, vector: tf.Tensor) -> dict[str, tf.Tensor]:
        def filled(x: tf.Tensor) -> tf.Tensor:
            x = tf.cast(x, tf.float32)
            return tf.where(tf.math.is_nan(x), 0.0, x)

        hidden = tf.stack([filled(length) / 40 + self.sizes.lookup(size), filled(count) / 1e7], axis=1)
        number = 4000 + 100 * tf.reduce_sum(hidden, axis=1, keepdims=True) + filled(vector)[:, :1] / 1e5
        probabilities = tf.nn.softmax(hidden @ self.weights)
        if self.fault == "not finite":
            number = tf.math.log(number - 4000)
        if self.fault == "not summing to 1":
            probabilities = probabilities * 0.9
        if self.fault == "python":
            number = tf.ensure_shape(tf.py_function(lambda x: x, [number], tf.float32), [None, 1])
        if self.fault == "one row":
            number += tf.cast(tf.shape(number)[0], tf.float32)
        if self.fault in FIRST_ROW_NEAR_ZERO:
            alone = tf.cast(tf.shape(number)[0] == 1, tf.float32)
            number = number - 4465.523 + alone * FIRST_ROW_NEAR_ZERO[self.fault]
        best = tf.argmax(probabilities, axis=1)
        outputs = {
            "regression_output": number,
            "classification_output": probabilities,
            "predicted_class": tf.gather(["Adelie", "Chinstrap", "Gentoo"], best),
            "class_probability": tf.reduce_max(probabilities, axis=1),
        }
        if self.fault != "no bounds":
            outputs |= {"regression_lower": number - 50, "regression_upper": number + 70}
        if self.fault == "crossed":
            outputs["regression_upper"] = number - 60
        if self.fault == "half a bound":
            del outputs["regression_upper"]
        if self.fault == "endless":
            outputs["regression_upper"] *= float("inf")
        if self.fault == "flat":
            outputs["regression_output"] = number[:, 0]
        if self.fault == "no class":
            del outputs["predicted_class"]
        return outputs


def export(folder: Path, fault: str = "") -> Path:
    """Saves `Model` with raw column names in the signature map."""
    module = Model(fault)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(examples, FEATURES)
        length, size, count, vector = (parsed[column.name] for column in COLUMNS)
        if fault == "disagree":
            length *= 1.1
        answer = module.score(length, size, tf.maximum(count, 0), vector)
        if fault == "bounds disagree":
            answer["regression_lower"] -= 1.0
        if fault == "bounds in one":
            del answer["regression_lower"], answer["regression_upper"]
        return answer

    specs = [
        tf.TensorSpec([None], tf.float32, name="column_0"),
        tf.TensorSpec([None], tf.string, name="column_1"),
        tf.TensorSpec([None], tf.float64, name="column_2"),
        tf.TensorSpec([None, 2], tf.float32, name="column_3"),
    ]
    predict = tf.function(module.score, input_signature=specs)
    tf.saved_model.save(
        module,
        str(folder),
        signatures={"serving_default": serve} | ({} if fault == "one" else {"predict": predict}),
    )
    manifest(COLUMNS).write_with("", folder)
    return folder


def manifest(columns: list[InputColumn]) -> Manifest:
    labels = TrainLabels(rows=2, mean=0.0, median=0.0, class_counts={"a": 1, "b": 1})
    return Manifest("y", "k", ["a", "b"], columns, Dialect(), {}, labels, parameters=1, epochs=1, best_epoch=1)


def rename_inputs(folder: Path) -> None:
    """Puts raw column names, any text, in the place of the argument names in the signature map."""
    file = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    inputs = saved.meta_graphs[0].signature_def["predict"].inputs
    by_argument = {name: type(info).FromString(info.SerializeToString()) for name, info in inputs.items()}
    inputs.clear()  # first all out: a raw name may be another column's argument name
    for column in COLUMNS:
        inputs[column.name].CopyFrom(by_argument[column.input])
    file.write_bytes(saved.SerializeToString(deterministic=True))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = export(tmp_path_factory.mktemp("good") / "model")
    rename_inputs(model)
    return model


@pytest.fixture
def rows_file(tmp_path: Path) -> Path:
    file = tmp_path / "rows.tfrecord"
    with tf.io.TFRecordWriter(str(file)) as writer:
        for row in ROWS:
            writer.write(row)
    return file


def test_good_model_passes_in_a_fresh_process(
    good: Path, rows_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Also where a user's own modules lie in the current folder; they were imported and the model was rejected."""
    for name in ("random.py", "json.py", "typing.py", "components/__init__.py", "tensorflow/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('not the module that is meant')")
    monkeypatch.chdir(tmp_path)
    figures = check_in_fresh_process(good, rows_file)
    assert (figures["rows"], figures["classes"]) == (3, 3)
    assert 0 <= figures["largest_difference"] < 1e-6
    assert 0 < figures["row_milliseconds"] < 1000
    assert 0 < figures["load_seconds"] < 60


def test_model_without_bounds_passes(tmp_path: Path):
    assert smoke(export(tmp_path / "model", "no bounds"), ROWS)["rows"] == 3


def test_columns_are_those_that_the_manifest_lists(tmp_path: Path):
    model = export(tmp_path / "model")
    manifest(COLUMNS[1:]).write_with("", model)
    with pytest.raises(Unservable, match="must be the inputs of `predict`, got `column_0` in one alone"):
        smoke(model, ROWS)


def test_encoding_of_rows_is_what_the_model_sees(good: Path):
    """The regression output against the formula in NumPy, so that neither way of asking drops a value."""
    model = tf.saved_model.load(str(good))
    request = request_of(ROWS, COLUMNS, TYPES)
    answer = model.signatures["predict"](**{name: tf.constant(values) for name, values in request.columns.items()})
    sizes, vectors = {"groß": 2.0}, [0.5, 0.0, 1e6]
    expected = [
        4000 + 100 * ((row["Culmen Length (mm)"] or 0) / 40 + sizes.get(row["größe"], 0) + (row["f 1"] or 0) / 1e7)
        for row in VALUES
    ]
    expected = np.array(expected) + np.array(vectors) / 1e5
    np.testing.assert_allclose(answer["regression_output"].numpy()[:, 0], expected, rtol=1e-6)
    assert {name: values[:1].tolist() for name, values in request.columns.items()} == {
        name: values.tolist() for name, values in request.first().items()
    }


def test_a_value_that_one_way_cannot_hold_is_the_same_in_both(good: Path):
    """A tf.Example takes 2^53 + 1, a float64 of `predict` only 2^53, and neither a null inside a list."""
    rows = [
        {"Culmen Length (mm)": 0.1, "größe": "", "f 1": 2**53 + 1, "column_0": [math.nan, 1.5]},
        {"Culmen Length (mm)": math.nan, "größe": "groß", "f 1": -(2**53) - 1, "column_0": [math.nan, math.nan]},
        {"Culmen Length (mm)": 1e-40, "größe": "klein", "f 1": 2**63 - 1, "column_0": None},
        {"f 1": 2**53 - 1},
    ]
    request = request_of([example(row) for row in rows], COLUMNS, TYPES)
    parsed = tf.io.parse_example(request.examples, FEATURES)
    given = {column.name: request.columns[column.input] for column in COLUMNS}
    assert parsed["f 1"].numpy().tolist() == [2**53, -(2**53), -1, 2**53 - 1], "2^63 - 1 rounds to what no int64 holds"
    np.testing.assert_array_equal(given["f 1"], [2.0**53, -(2.0**53), math.nan, 2**53 - 1])
    for name in ("Culmen Length (mm)", "column_0"):
        np.testing.assert_array_equal(given[name], parsed[name].numpy())
        assert given[name].dtype == np.float32
    assert given["größe"].tolist() == parsed["größe"].numpy().tolist() == [b"", "groß".encode(), b"klein", b""]
    np.testing.assert_array_equal(parsed["column_0"].numpy()[0], np.float32([math.nan, 1.5]))
    assert smoke(good, [example(row) for row in rows if row["f 1"] > 0])["rows"] == 3


def test_all_digits_that_an_example_carries_reach_the_column():
    """At 1.7e9 a float32 of an example is 128 wide; the companion holds the rest, which `serving_default` reads."""
    values = [1_700_000_000.25, -1e-300]
    rows = [example({"t": value, "t#float64": struct.unpack("<q", struct.pack("<d", value))[0]}) for value in values]
    request = request_of(
        [*rows, example({"t": None})], [InputColumn("t", "column_0", "FLOAT")], {"column_0": np.float64}
    )
    np.testing.assert_array_equal(request.columns["column_0"], [*values, math.nan])
    assert request.examples[:2] == rows, "handed over as they are"


def test_rows_that_the_ingest_wrote_are_scored(good: Path, tmp_path: Path):
    """One missing number of a feature vector: the push was refused for "must be real number, not NoneType"."""
    table = tmp_path / "t.csv"
    lines = [f"{i},{'' if i % 10 == 0 else i / 7},{i / 3},{'groß' if i % 4 else ''},{i},{i % 3}" for i in range(240)]
    table.write_text("\n".join(["f 1,emb_1,emb_2,größe,y,k", *lines, ""]), encoding="utf-8")
    ingest(spec(table, regression="y", classification="k", vectors={"column_0": "emb_*"}), str(tmp_path / "examples"))
    rows = _some_rows(str(tmp_path / "examples"))
    columns = request_of(rows, COLUMNS, TYPES).columns
    assert len(rows) == len(columns["column_2"]) > 0
    assert np.isnan(columns["column_3"][:, 0]).any()
    for number, size, (first, second) in zip(*(columns[f"column_{i}"] for i in (2, 1, 3)), strict=True):
        np.testing.assert_allclose(first, math.nan if number % 10 == 0 else number / 7, rtol=1e-6)
        np.testing.assert_allclose(second, number / 3, rtol=1e-6)
        assert size == ("groß".encode() if number % 4 else b"")
    assert smoke(good, rows)["rows"] == len(rows)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("disagree", "`predict` and `serving_default` must agree within 1e-05 in `regression_output`, got"),
        ("not finite", "`regression_output` of `serving_default` must be finite, got"),
        ("not summing to 1", "The probabilities of a row of `serving_default` must be summing to 1, got 0.9"),
        (
            "no class",
            "`predicted_class` of `serving_default` must be among the outputs, got class_probability,",
        ),
        ("crossed", "`regression_lower` of `serving_default` must be at most `regression_upper`, got"),
        ("half a bound", "`regression_upper` of `serving_default` must be among the outputs, got"),
        ("endless", "`regression_upper` of `serving_default` must be finite, got [inf]"),
        ("bounds in one", "`regression_lower` of `serving_default` must be among the outputs, got"),
        ("bounds disagree", "`predict` and `serving_default` must agree within 1e-05 in `regression_lower`, got"),
        ("flat", "`regression_output` of `serving_default` must be shaped [3, 1], got [3]"),
        ("one", "The model must have the signature `predict`, got serving_default"),
        ("one row", "`predict` of one row and of many must agree within 1e-05 in `regression_output`, got"),
    ],
)
def test_each_fault_is_named(fault: str, sentence: str, tmp_path: Path):
    with pytest.raises(Unservable, match=re.escape(sentence)):
        smoke(export(tmp_path / "model", fault), ROWS)


def test_rounding_is_judged_by_the_range_of_all_rows_though_the_first_is_near_zero(tmp_path: Path):
    """The other numbers reach −466: of that 0.001 is rounding and 0.01 is not, whatever the first row's number is."""
    figures = smoke(export(tmp_path / "model", "near zero"), ROWS)
    answer = tf.saved_model.load(str(tmp_path / "model")).signatures["predict"](
        column_0=tf.constant([39.1, np.nan], tf.float32),
        column_1=tf.constant(["groß", ""]),
        column_2=tf.constant([16_777_217, np.nan], tf.float64),
        column_3=tf.constant([[0.5, 1.5], [np.nan, np.nan]], tf.float32),
    )
    first, lowest = answer["regression_output"].numpy()[:, 0]
    assert abs(first) < 2e-3
    assert lowest == pytest.approx(-465.523, rel=1e-5)
    assert figures["largest_difference"] == pytest.approx(1e-3 / 465.523, rel=0.5)
    with pytest.raises(Unservable, match="`predict` of one row and of many must agree within 1e-05"):
        smoke(export(tmp_path / "wrong", "near zero and wrong"), ROWS)


def test_no_rows(good: Path):
    with pytest.raises(Unservable, match="must be one or more, got none"):
        smoke(good, [])


def test_model_that_needs_the_training_process(tmp_path: Path, rows_file: Path):
    with pytest.raises(Unservable, match="The signature `serving_default` must score the rows, got") as caught:
        check_in_fresh_process(export(tmp_path / "model", "python"), rows_file)
    assert caught.value.exit_code == 3


def test_a_process_that_was_prepared_is_the_one_that_checks(good: Path, rows_file: Path, monkeypatch):
    started: list[int] = []
    start = smoke_test._started

    def counted():
        process = start()
        started.append(process.pid)
        return process

    monkeypatch.setattr(smoke_test, "_started", counted)
    smoke_test.prepare()
    smoke_test.prepare()
    assert len(started) == 1
    assert check_in_fresh_process(good, rows_file)["rows"] == len(ROWS)
    assert len(started) == 1, "the one that waited"
    check_in_fresh_process(good, rows_file)
    assert len(started) == 2, "a model has a process of its own"


def test_a_process_that_was_prepared_in_vain_ends():
    smoke_test.prepare()
    process = smoke_test._prepared
    assert process.poll() is None
    smoke_test.discard()
    assert process.returncode is not None


def test_the_process_ends_with_the_one_that_started_it():
    command = [sys.executable, "-m", "components.pusher.smoke_test"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_truncated_model(good: Path, tmp_path: Path, rows_file: Path):
    model = export(tmp_path / "model")
    data = model / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:4])
    with pytest.raises(Unservable, match="The model must load in a fresh process, got"):
        smoke(model, ROWS)
    with pytest.raises(Unservable, match=r"must answer within 0\.01 seconds of its start, got no answer"):
        check_in_fresh_process(model, rows_file, timeout=0.01)
    with pytest.raises(Unservable, match=r"must load in a fresh process, got exit code 1: .*NotFoundError"):
        check_in_fresh_process(model, tmp_path / "absent.tfrecord")
