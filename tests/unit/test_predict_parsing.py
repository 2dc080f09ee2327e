"""How `mtl predict` reads cells: against what the ingest makes of the same text."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.example_gen.cells.cells import Cells
from components.example_gen.cells.forms import form_of, form_of_numbers
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.table import Batch
from components.model_format.manifest import InputColumn, Manifest, TrainLabels
from components.shared.errors import InputError
from pipeline.verbs.predict import _as_text, _exact, _features, _members, predict_file
from pipeline.verbs.signature_inputs import _number, _text, _vector, signature_inputs

NAN = float("nan")
DIALECT = Dialect(missing=("-",))


def feature(text: str = "") -> schema_pb2.Feature:
    return text_format.Parse(text, schema_pb2.Feature())


def cells(*values: object, kind: pa.DataType | None = None) -> Cells:
    return Cells(pa.array(values, kind or pa.string()), Dialect())


def blank(rows: int) -> list[list[str]]:
    return [[] for _ in range(rows)]


def number(column: Cells, described: str = "", *, whole: bool = False) -> tuple[list[float], list[list[str]]]:
    problems = blank(len(column))
    values = _number("x", column, feature(described), problems, whole=whole)
    assert values.dtype == np.float64
    return values.tolist(), problems


def test_module_needs_no_tensorflow():
    script = (
        "import sys; import pipeline.verbs.predict\n"
        "heavy = {'tensorflow', 'tfx', 'keras', 'apache_beam', 'tensorflow_data_validation'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_numbers_and_missing_values():
    values, problems = number(cells("1", " 2.5 ", "-3e2", "", "NA", "007", None))
    np.testing.assert_array_equal(values, [1, 2.5, -300, NAN, NAN, 7, NAN])
    assert problems == blank(7)


@pytest.mark.parametrize("text", ["high", "1,5", "inf", "-Infinity", "1e999", "0x1F", "1 2", "--1"])
def test_what_is_no_finite_number_is_flagged_and_missing(text: str):
    values, problems = number(cells("1", text))
    np.testing.assert_array_equal(values, [1, NAN])
    assert problems == [[], [f'x must be a finite number, got "{text}"']]


def test_whole_numbers():
    values, problems = number(cells("1", "2.0", "2.5", "", "1e3"), whole=True)
    np.testing.assert_array_equal(values, [1, 2, NAN, NAN, 1000])
    assert problems == [[], [], ['x must be a whole number, got "2.5"'], [], []]


def test_numbers_of_parquet():
    values, problems = number(cells(1, None, 3, kind=pa.int64()), whole=True)
    np.testing.assert_array_equal(values, [1, NAN, 3])
    values, problems = number(cells(0.1, NAN, float("inf"), kind=pa.float64()))
    np.testing.assert_array_equal(values, [0.1, NAN, NAN])
    assert problems == [[], [], ['x must be a finite number, got "inf"']]
    values, problems = number(cells(True, None, kind=pa.bool_()))
    np.testing.assert_array_equal(values, [NAN, NAN])
    assert problems == [['x must be a finite number, got "true"'], []]


def test_range_of_a_reviewed_schema():
    values, problems = number(cells("-1", "0", "5", "6", ""), "float_domain { min: 0 max: 5 }")
    np.testing.assert_array_equal(values, [-1, 0, 5, 6, NAN])
    outside = "x must be in the schema's range, got {}"
    assert problems == [[outside.format("-1")], [], [], [outside.format("6")], []]
    assert number(cells("-9", "9"), "int_domain { max: 5 }", whole=True)[1] == [[], [outside.format("9")]]


def test_a_value_that_was_never_missing_must_be_there():
    always = "presence { min_fraction: 1.0 }"
    assert number(cells("1", "", "NA"), always)[1] == [[], *[["x must have a value, got none"]] * 2]
    assert number(cells("1", ""), "presence { min_fraction: 0.9 }")[1] == blank(2)
    problems = blank(2)
    _text(InputColumn("c", "c", "BYTES", 1), cells("a", None), feature(always), problems)
    assert problems == [[], ["c must have a value, got none"]]


def test_text_and_unknown_categories():
    known = 'string_domain { value: "red" value: "blue" }'
    problems = blank(5)
    values = _text(
        InputColumn("c", "c", "BYTES", 1), cells("red", "NA", "green", None, "Red"), feature(known), problems
    )
    assert values.tolist() == ["red", "", "green", "", "Red"]
    unknown = 'c must be a known category, got "{}"'
    assert problems == [[], [], [unknown.format("green")], [], [unknown.format("Red")]]
    problems = blank(1)
    _text(InputColumn("c", "c", "BYTES", 1), cells("anything"), feature(), problems)
    assert problems == blank(1)


def test_texts_that_must_be_whole_numbers():
    """As TFDV described a text column of whole numbers; a schema that was reviewed may still say so."""
    problems = blank(5)
    _text(
        InputColumn("c", "c", "BYTES"), cells("7", "NA", "1.5", "red", "12"), feature("int_domain { max: 9 }"), problems
    )
    wrong = 'c must be a whole number of the schema\'s range, got "{}"'
    assert problems == [[], [], [wrong.format("1.5")], [wrong.format("red")], [wrong.format("12")]]
    problems = blank(2)
    _text(InputColumn("c", "c", "BYTES"), cells("999", "-3"), feature("int_domain {}"), problems)
    assert problems == blank(2)


def test_schema_and_manifest_say_what_a_cell_may_be():
    schema = text_format.Parse(
        'feature { name: "c" type: BYTES domain: "colours" }'
        'feature { name: "d" type: BYTES string_domain { value: "own" } }'
        'feature { name: "x" type: FLOAT float_domain { max: 1 } }'
        'string_domain { name: "colours" value: "red" }',
        schema_pb2.Schema(),
    )
    features = _features(
        schema, manifest(InputColumn("c", "c", "BYTES"), InputColumn("x", "x", "FLOAT", always_present=True))
    )
    assert {name: list(found.string_domain.value) for name, found in features.items()} == {
        **{"c": ["red"], "d": ["own"], "x": []}
    }
    assert features["x"].float_domain.max == 1
    assert {name: found.presence.min_fraction for name, found in features.items()} == {"c": 0, "d": 0, "x": 1}
    problems = blank(2)
    _text(InputColumn("c", "c", "BYTES", 1), cells("red", "blue"), features["c"], problems)
    assert problems == [[], ['c must be a known category, got "blue"']]


def test_vectors_of_columns():
    problems = blank(3)
    columns = [cells("1", "", "3"), cells("4", "5", "many")]
    values = _vector(InputColumn("e", "e", "VECTOR", 2), ("e1", "e2"), columns, problems)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, [[1, 4], [NAN, 5], [3, NAN]])
    assert problems == [[], [], ['e2 must be a finite number, got "many"']]


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float64())])
def test_vectors_of_lists(kind: pa.DataType):
    problems = blank(5)
    column = cells([1.0, 2.0], None, [3.0], [4.0, None], [5.0, 6.0], kind=kind)
    values = _vector(InputColumn("e", "e", "VECTOR", 2), ("e",), [column], problems)
    np.testing.assert_array_equal(values, [[1, 2], [NAN, NAN], [NAN, NAN], [4, NAN], [5, 6]])
    assert problems == [
        [],
        ["e must have 2 numbers, got no value"],
        ["e must have 2 numbers, got 1 numbers"],
        [],
        [],
    ]


def manifest(*columns: InputColumn, vectors: dict[str, str] | None = None) -> Manifest:
    train = TrainLabels(rows=2, mean=0.0, median=0.0, class_counts={"a": 1, "b": 1})
    return Manifest("y", "k", ["a", "b"], list(columns), DIALECT, vectors or {}, train, 1, 1, 1)


def test_columns_are_found_and_vectors_put_together():
    model = manifest(InputColumn("x", "x", "INT", 1), InputColumn("e", "e", "VECTOR", 3), vectors={"e": "p*"})
    found = _members(model, ["id", "p10", "p2", "x", "p1"])
    assert found == {"x": ("x",), "e": ("p1", "p2", "p10")}
    with pytest.raises(InputError) as raised:
        _members(model, ["p1", "p2", "x"])
    assert str(raised.value) == 'The vector "e" must have 3 columns like "p*", got 2.'
    with pytest.raises(InputError) as raised:
        _members(model, ["p1", "p2", "p3", "X "])
    assert str(raised.value) == 'The input must have the column "x", got none. Did you mean "X "?'


def test_a_row_has_all_its_problems():
    model = manifest(
        InputColumn("x", "in_0", "INT", 1),
        InputColumn("größe", "in_1", "FLOAT", 1),
        InputColumn("c", "in_2", "BYTES", 1),
    )
    table = pa.record_batch({"c": ["red", "-"], "other": ["p", "q"], "größe": ["1", "tall"], "x": ["1", "1.5"]})
    features = {"x": feature(), "größe": feature(), "c": feature("presence { min_fraction: 1 }")}
    inputs, problems = signature_inputs(
        Batch(table, 1, ""), model, _members(model, table.schema.names), features, {}, DIALECT
    )
    np.testing.assert_array_equal(inputs["in_0"], [1, NAN])
    np.testing.assert_array_equal(inputs["in_1"], [1, NAN])
    assert inputs["in_2"].tolist() == ["red", ""]
    assert problems == [
        "",
        'x must be a whole number, got "1.5"; größe must be a finite number, got "tall"; c must have a value, got none',
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("out.parquet", "--output must be a CSV file, got {}. Name it out.csv."),
        ("nowhere/out.csv", "--output must be in a folder that can be written, got {}. Choose another."),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_model_is_loaded(
    tmp_path: Path, name: str, sentence: str
):
    target = tmp_path / name
    with pytest.raises(InputError) as raised:
        predict_file("rows.csv", target, str(tmp_path))
    assert str(raised.value) == sentence.format(target)


def test_predicted_numbers_read_back_exactly():
    values = np.array([1_700_003_584, 0.1, 1 / 3, -7e-30, 16_777_216], np.float32)
    text = pd.DataFrame({"p": _exact(values)}).to_csv(index=False)
    np.testing.assert_array_equal([float(line) for line in text.split()[1:]], values.astype(np.float64))


def test_times_that_pandas_cannot_hold_pass_through():
    never = pa.array([253_402_214_400, 0, 10**15], pa.timestamp("s"))
    text = _as_text(pa.record_batch({"t": never, "d": pa.array([2**31 - 1, 0, 1], pa.date32())})).to_csv(index=False)
    assert text.splitlines()[2] == "1970-01-01 00:00:00,1970-01-01"
    assert text.splitlines()[1].startswith("9999-12-31")


def test_a_boolean_is_the_category_or_the_number_that_train_had():
    known = 'string_domain { value: "true" value: "false" }'
    problems = blank(4)
    column = Cells(pa.array(["True", "f", "1", "maybe"]), Dialect(), form_of(["true", "false"]))
    assert _text(InputColumn("c", "c", "BYTES", 1), column, feature(known), problems).tolist() == [
        *("true", "false", "true", "maybe")
    ]
    assert problems == [[], [], [], ['c must be a known category, got "maybe"']]
    bits = form_of_numbers(np.array([0.0, 1.0]))
    values, problems = number(Cells(pa.array(["True", "f", "1", "maybe"]), Dialect(), bits), whole=True)
    np.testing.assert_array_equal(values, [1, 0, 1, NAN])
    assert problems == [[], [], [], ['x must be a finite number, got "maybe"']]


def test_numbers_beyond_what_training_holds_are_missing():
    values, problems = number(cells("1e300", "1"))
    np.testing.assert_array_equal(values, [NAN, 1])
    assert problems == [['x must be a finite number, got "1e300"'], []]
    values, problems = number(cells("1e30", "9007199254740992"), whole=True)
    np.testing.assert_array_equal(values, [NAN, 2**53])
    assert problems == [['x must be a whole number, got "1e30"'], []]


def test_rows_are_written_as_csv_can_hold_them():
    rows = pa.record_batch(
        {
            "n": pa.array([1, None, 3]),
            "v": pa.array([[1.5, 2.0], None, []], pa.list_(pa.float32())),
            "t": ["a", "", "b"],
        }
    )
    text = _as_text(rows).to_csv(index=False)
    assert text == 'n,v,t\n1,"[1.5, 2.0]",a\n,,\n3,[],b\n'
