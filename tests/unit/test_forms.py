"""What texts stand for, by the texts that are known of a column; and that every form of a value means the same."""

import decimal

import numpy as np
import pyarrow as pa
import pytest

from components.example_gen.cells.cells import Cells, Kind
from components.example_gen.cells.forms import Form, Meaning, form_of, form_of_numbers
from components.example_gen.cells.hashes import hash_cells
from components.example_gen.tables.dialect import Dialect
from components.schema_gen.schema_file import column_forms, parse_schema

BOOLEANS = [
    pa.array([True, False, None]),  # Parquet
    pa.array(["True", "False", ""]),  # pandas
    pa.array(["TRUE", "FALSE", "NA"]),  # R
    pa.array(["t", "f", "\\N"]),  # PostgreSQL
    pa.array(["1", "0", None]),
    pa.array(["1.0", "0.0", None]),
    pa.array([1, 0, None], pa.int8()),
    pa.array([1.0, 0.0, None]),
]


@pytest.mark.parametrize("column", BOOLEANS)
@pytest.mark.parametrize(
    ("known", "said"),
    [
        (["true", "false"], ["true", "false", None]),
        (["False", "True"], ["True", "False", None]),  # a model of the time before, trained on a CSV of pandas
        (["0", "1"], ["1", "0", None]),
    ],
)
def test_a_boolean_says_what_the_known_texts_say(column, known, said):
    cells = Cells(column, Dialect(), form_of(known))
    assert cells.text().to_pylist() == said
    bits = Cells(pa.array([1, 0, None]), Dialect())
    np.testing.assert_array_equal(hash_cells(cells, Kind.BYTES), hash_cells(bits, Kind.INT))


@pytest.mark.parametrize("column", BOOLEANS)
def test_a_boolean_is_1_or_0_where_train_had_these_numbers(column):
    cells = Cells(column, Dialect(), form_of_numbers(np.array([0.0, 1.0])))
    np.testing.assert_array_equal(cells.numbers(), [1, 0, np.nan])
    assert form_of_numbers(np.array([0.0, 1.0, 7.0])) == Form()


def test_an_unknown_word_beside_booleans_stays_as_it_is():
    column = pa.array(["True", "maybe", "2"])
    assert Cells(column, Dialect(), form_of(["true", "false"])).text().to_pylist() == ["true", "maybe", "2"]


@pytest.mark.parametrize(
    ("known", "meaning"),
    [
        (["true", "false"], Meaning.BOOLEAN),
        (["T", "F"], Meaning.BOOLEAN),
        (["t"], Meaning.PLAIN),
        (["true", "True", "false"], Meaning.PLAIN),
        (["true", "false", "maybe"], Meaning.PLAIN),
        (["1", "2", "-3.5"], Meaning.NUMBERS),
        (["1", "1.0"], Meaning.PLAIN),
        (["007", "12"], Meaning.PLAIN),
        (["1", "x"], Meaning.PLAIN),
        (["2024-01-01", "2024-01-02 10:00:00"], Meaning.INSTANT),
        ([], Meaning.PLAIN),
    ],
)
def test_known_texts_tell_what_a_column_stands_for(known, meaning):
    assert form_of(known).meaning == meaning


@pytest.mark.parametrize(
    ("known", "texts", "said"),
    [
        (["1", "2"], ["1.0", "2.", "1e0", "3", "x", "1.50"], ["1", "2", "1", "3", "x", "1.50"]),
        (["1.0", "2.0"], ["1", "2.0", "3"], ["1.0", "2.0", "3"]),
        (["1", "1.0"], ["1", "1.0"], ["1", "1.0"]),
        (["007", "1"], ["1.0", "007"], ["1.0", "007"]),
        ([" yes", "no"], ["yes ", "no"], [" yes", "no"]),
        (["2024-01-01T10:00:00Z"], ["2024-01-01 12:00+02:00"], ["2024-01-01T10:00:00Z"]),
    ],
)
def test_other_spellings_of_a_known_text_are_that_text(known, texts, said):
    assert Cells(pa.array(texts), Dialect(), form_of(known)).text().to_pylist() == said


def test_domains_of_a_schema():
    schema = parse_schema(
        'feature { name: "b" type: BYTES bool_domain {} }'
        'feature { name: "w" type: BYTES bool_domain { true_value: "Yes" false_value: "No" } }'
        'feature { name: "n" type: BYTES int_domain {} }'
        'feature { name: "i" type: INT bool_domain {} }'
        'feature { name: "s" type: BYTES string_domain { value: "a" } }'
    )
    assert column_forms(schema) == {"b": Form(Meaning.BOOLEAN), "n": Form(Meaning.NUMBERS)}
    assert Form.from_dict({"meaning": "BOOLEAN", "spelled": [["true", "T"]]}) == Form(Meaning.BOOLEAN, (("true", "T"),))


def test_exact_numbers_stay_as_they_are_written():
    large = pa.array([2**63, 2**63 + 1, 7, None], pa.uint64())
    assert Cells(large, Dialect()).text().to_pylist() == [str(2**63), str(2**63 + 1), "7", None]
    column = pa.array([decimal.Decimal("1.7"), decimal.Decimal("2.0")])
    assert Cells(column, Dialect()).text().to_pylist() == ["1.7", "2"]
    assert Cells(column, Dialect()).floats().tolist() == [1.7, 2.0]
    wide = pa.array([decimal.Decimal(10**19), decimal.Decimal(10**19 + 1)], pa.decimal128(20, 0))
    assert Cells(wide, Dialect()).text().to_pylist() == ["10000000000000000000", "10000000000000000001"]
    lists = pa.array([[2**53 + 1, 2], None], pa.list_(pa.int64()))
    assert Cells(lists, Dialect()).vectors()[0].tolist() == [float(2**53 + 1), 2.0]


def test_whole_floats_are_the_integers_that_other_files_have():
    whole = Cells(pa.array([1.0, 1e16, -0.0, 0.5, None]), Dialect()).text().to_pylist()
    assert whole == ["1", "10000000000000000", "0", "0.5", None]
    texts = pa.array(["1.0", "1e16", "-0.0", "0.5", "1.10", "1e-3"])
    said = Cells(texts, Dialect(), Form(Meaning.NUMBERS)).text().to_pylist()
    assert said == ["1", "10000000000000000", "0", "0.5", "1.10", "1e-3"]
