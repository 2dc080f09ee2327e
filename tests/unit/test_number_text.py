"""One grammar of numbers: what the ingest, `mtl predict`, a serving log and custom checks make of nasty cells."""

import math
import re

import numpy as np
import pyarrow as pa
import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_validator.analysis.rules import in_range
from components.example_gen.cells import number_text
from components.example_gen.cells.cells import Cells, Kind, NotNumericError
from components.example_gen.examples.encode import feature_array
from components.example_gen.features import Feature
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.opening import open_table
from pipeline.verbs.signature_inputs import _number

NAN, INF = math.nan, math.inf
READ = {
    **{
        "5": 5,
        "-5": -5,
        "+5": 5,
        " 5": 5,
        "1e5 ": 1e5,
        "1E5": 1e5,
        ".5": 0.5,
        "5.": 5,
        "-0": 0,
        "+0.5": 0.5,
        "1.e5": 1e5,
    },
    **{"007": 7, "9223372036854775808": 2.0**63, "1e400": INF, "5e-400": 0, "infinity": INF, "-inf": -INF, "iNf": INF},
}
NO_NUMBERS = (
    *(
        "1_000",
        "0x1F",
        "0X1",
        "١٢",
        "1e",
        "e5",
        ".",
        "+",
        "--5",
        "+-5",
        "1d",
        "1 000",
        "nan(1)",
        "1,5",
        "1/2",
        "<5",
        "5 %",
    ),
    *("\u22125", "true", "five", "0b1", "1__0", "1e5.0", "5-"),
)
ALL = [*READ, *NO_NUMBERS]


@pytest.mark.parametrize("text", ALL)
def test_every_reader_makes_the_same_of_a_cell(text):
    """In a block of its own, beside numbers and beside text, a cell is the same number or none."""
    expected = READ.get(text, NAN)
    for others in ([], ["1", "2.5"], ["x"], ["NA", ""]):
        cells = Cells(pa.array([text, *others]), Dialect())
        assert np.array_equal(cells.numbers()[:1], [expected], equal_nan=True)
        problems = [[] for _ in range(len(cells))]
        predicted = _number("x", cells, schema_pb2.Feature(), problems, whole=False)[0]
        finite = abs(expected) < 3.4e38
        assert (predicted == expected) if finite else math.isnan(predicted)
        said = [] if finite else [f'x must be a finite number, got "{text.strip()}"']
        assert problems[0] == said
        assert in_range("x", -INF, INF).broken({"x": cells})[0] == math.isnan(expected)
        if text in READ:
            assert "x" in others or cells.floats()[0] == expected
        else:
            with pytest.raises(NotNumericError):
                cells.floats()


def test_random_texts_of_number_characters_are_read_as_python_reads_them():
    generator = np.random.default_rng(0)
    texts = ["".join(generator.choice(list("0123456789.+-eE_x"), generator.integers(1, 7))) for _ in range(20_000)]
    texts = [text for text in texts if "_" not in text]
    expected = [_python(text) for text in texts]
    assert sum(math.isfinite(value) for value in expected) > 3_000
    np.testing.assert_array_equal(Cells(pa.array(texts), Dialect()).numbers(), expected)
    for text, value in list(zip(texts, expected, strict=True))[:2_000]:
        parsed = number_text.parse(pa.array([text]))
        assert math.isnan(value) if parsed is None else parsed[0].as_py() == value


BLANKS = ["", "", " ", "\t", "\u00a0", "\u2003", "\u3000 "]  # no-break, em and ideographic spaces among them


def nasty(generator: np.random.Generator) -> str:
    """A number as somebody writes it: signs, zeros, points and exponents where the grammar allows them."""
    digits = "".join(generator.choice(list("0123456789"), generator.integers(1, 22)))
    digits = "0" * generator.integers(0, 3) * (generator.random() < 0.2) + digits
    place = int(generator.integers(0, len(digits) + 1))
    text = digits if generator.random() < 0.4 else f"{digits[:place]}.{digits[place:]}"
    if generator.random() < 0.4:
        text += (
            str(generator.choice(["e", "E"])) + str(generator.choice(["", "+", "-"])) + str(generator.integers(0, 60))
        )
    return str(generator.choice(["", "", "-", "+"])) + text


@pytest.mark.parametrize("decimal", [".", ","])
def test_nasty_numbers_are_the_same_in_training_in_prediction_and_in_checks(tmp_path, decimal):
    """What a record holds is what the model is asked with, for a cell in whatever block and company it stands."""
    generator = np.random.default_rng(ord(decimal))
    for round_ in range(60):
        texts = [nasty(generator) for _ in range(generator.integers(1, 40))]
        expected = np.array([float(text) for text in texts])
        written = [f"{generator.choice(BLANKS)}{text}{generator.choice(BLANKS)}" for text in texts]
        written = [text.replace(".", decimal) for text in written]
        gaps = generator.random(len(texts)) < 0.1
        column = pa.array(np.where(gaps, "NA", written).tolist(), pa.string())
        expected[gaps] = NAN
        path = tmp_path / f"{round_}.csv"
        path.write_text("x;k\n" + "".join(f"{text};k\n" for text in column.to_pylist()))
        dialect = Dialect(delimiter=";", decimal=decimal)
        [batch] = open_table([str(path)], dialect).batches(["x"])
        assert batch.data.column("x").to_pylist() == column.to_pylist()

        cells = Cells(batch.data.column("x"), dialect)
        np.testing.assert_array_equal(cells.numbers(), expected)
        trained = feature_array(Feature("x", Kind.FLOAT, ("x",), 1, 0), {"x": cells})
        records = [NAN if one is None else one[0] for one in trained.to_pylist()]
        problems = [[] for _ in texts]
        asked = _number("x", Cells(column, dialect), schema_pb2.Feature(), problems, whole=False).astype(np.float32)
        np.testing.assert_array_equal(np.array(records, np.float32), asked)
        with np.errstate(over="ignore"):
            finite = np.isfinite(expected.astype(np.float32))
        np.testing.assert_array_equal(asked[finite], expected[finite].astype(np.float32))
        assert np.isnan(asked[~finite]).all()
        assert [bool(some) for some in problems] == [bool(one) for one in ~finite & ~gaps]
        mixed = Cells(pa.array([*column.to_pylist(), "five"]), dialect)  # text beside them changes none of them
        np.testing.assert_array_equal(mixed.numbers(), [*expected, NAN])
        low, high = -1e3, 1e3
        outside = in_range("x", low, high).broken({"x": mixed})
        np.testing.assert_array_equal(outside, [*((expected < low) | (expected > high)), True])


def _python(text):
    try:
        return float(text)
    except ValueError:
        return NAN


def test_a_decimal_comma_is_read_where_the_table_is_said_to_have_it():
    column = pa.array(["1,5", "-2", "1e3", "NA", ",5", "3,0"])
    cells = Cells(column, Dialect(decimal=","))
    np.testing.assert_array_equal(cells.floats(), [1.5, -2, 1000, np.nan, 0.5, 3])
    assert cells.kind == Kind.FLOAT
    point = Cells(pa.array(["1,5", "1.5", "1.234,5"]), Dialect(decimal=","))
    np.testing.assert_array_equal(point.numbers(), [1.5, np.nan, np.nan])
    with pytest.raises(NotNumericError, match=r"^1\.5$"):
        point.floats()
    np.testing.assert_array_equal(Cells(column, Dialect()).numbers(), [np.nan, -2, 1000, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(Cells(pa.array([1.5]), Dialect(decimal=",")).floats(), [1.5])


def test_digits_after_a_leading_zero_are_found_as_a_regular_expression_finds_them():
    rng = np.random.default_rng(7)
    for _ in range(2_000):
        texts = ["".join(rng.choice(list("0123+-.e "), rng.integers(0, 5))) for _ in range(rng.integers(0, 4))] + [None]
        start = int(rng.integers(0, len(texts)))
        expected = any(text is not None and re.match("[+-]?0[0-9]", text) for text in texts[start:])
        assert number_text.any_padded(pa.array(texts, pa.string()).slice(start)) == expected, texts[start:]
