import datetime
import decimal

import numpy as np
import pyarrow as pa
import pytest

from components.example_gen.cells.cells import Cells, Kind, NotNumericError, UnsupportedTypeError
from components.example_gen.tables.dialect import Dialect


def cells(values, type=None):
    return Cells(pa.array(values, type), Dialect())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", " 3 "], Kind.INT),
        (["1", "NA", ""], Kind.INT),
        (["9223372036854775807"], Kind.INT),
        (["9223372036854775808"], Kind.FLOAT),
        (["1", "2.0"], Kind.FLOAT),
        (["1e3", ".5", "5.", "-inf"], Kind.FLOAT),
        (["0", "0.5", "-0.25"], Kind.FLOAT),
        (["007", "12"], Kind.BYTES),
        (["00.5"], Kind.BYTES),
        (["0x1F"], Kind.BYTES),
        (["1,5"], Kind.BYTES),
        (["1_000"], Kind.BYTES),
        (["1", "x"], Kind.BYTES),
        (["", "?", "null", " NaN "], Kind.EMPTY),
        ([], Kind.EMPTY),
    ],
)
def test_kind_of_text(values, kind):
    assert cells(values, pa.string()).kind == kind


@pytest.mark.parametrize(
    ("column", "kind", "text"),
    [
        (pa.array([1, None], pa.int8()), Kind.INT, ["1", None]),
        (pa.array([2**63], pa.uint64()), Kind.FLOAT, ["9223372036854775808"]),
        (pa.array([1.0, 0.5, float("nan")]), Kind.FLOAT, ["1", "0.5", None]),
        (pa.array([0.1], pa.float32()), Kind.FLOAT, ["0.1"]),
        (pa.array([decimal.Decimal("1.50"), decimal.Decimal("2.00")]), Kind.FLOAT, ["1.50", "2"]),
        (pa.array([True, False, None]), Kind.BYTES, ["true", "false", None]),
        (pa.array(["a", "NA"]).dictionary_encode(), Kind.BYTES, ["a", None]),
        (pa.array(["a"], pa.large_string()), Kind.BYTES, ["a"]),
        (pa.array([datetime.date(2024, 2, 29)]), Kind.BYTES, ["2024-02-29"]),
        (pa.array([None]), Kind.EMPTY, [None]),
    ],
)
def test_parquet_types(column, kind, text):
    read = Cells(column, Dialect())
    assert read.kind == kind
    assert read.text().to_pylist() == text


def test_numbers_stand_in_their_rows_and_missing_ones_are_nan():
    read = cells(["1.5", "NA", "-2", ""])
    np.testing.assert_array_equal(read.floats(), [1.5, np.nan, -2, np.nan])
    np.testing.assert_array_equal(read.missing, [False, True, False, True])
    np.testing.assert_array_equal(cells(["3", "?", "9007199254740993"]).integers(), [3, 0, 9007199254740993])


def test_text_stays_as_written_but_for_blanks_at_its_ends():
    assert cells([" a ", "1.0", "n/a", "N A", "\\N"]).text().to_pylist() == ["a", "1.0", None, "N A", None]


def test_a_blank_cell_is_missing_whatever_the_spellings():
    read = Cells(pa.array(["-999", " ", "", "NA"]), Dialect(missing=(" -999 ",)))
    np.testing.assert_array_equal(read.missing, [True, True, True, False])


def test_the_first_cell_that_is_no_number_is_named():
    with pytest.raises(NotNumericError) as caught:
        cells(["1", "NA", "2", "two", "three"]).floats()
    assert (caught.value.index, caught.value.text) == (3, "two")


def test_odd_values_are_counted():
    numbers, texts, counts = cells(["1", "2.5", "x", "NA", "x", "y", "-inf"]).odd_values()
    assert (numbers, texts.to_pylist(), counts.tolist()) == (3, ["x", "y"], [2, 1])


@pytest.mark.parametrize("type", [pa.list_(pa.float32()), pa.list_(pa.float32(), 2), pa.large_list(pa.int64())])
def test_lists_are_vectors_of_known_length(type):
    column = pa.array([[9, 9], [1, 2], None, [3, None]], type).slice(1)  # a slice: offsets do not begin at 0
    read = Cells(column, Dialect())
    values, lengths = read.vectors()
    assert read.kind == Kind.VECTOR
    np.testing.assert_array_equal(values, [1, 2, 3, np.nan])
    np.testing.assert_array_equal(lengths, [2, -1, 2])


@pytest.mark.parametrize("column", [pa.array([{"a": 1}]), pa.array([["a"]]), pa.array([b"\xff"])])
def test_other_types_are_refused(column):
    with pytest.raises(UnsupportedTypeError):
        Cells(column, Dialect())


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["1", "-9999", " -9999.0", "-9.999e3", "0-9999", "text", None]),
        pa.array([1, -9999, -9999, -9999, 9999, 3, None], pa.int64()),
        pa.array([1, -9999, -9999.0, -9999, 9999, 3, None], pa.float32()),
    ],
    ids=["text", "int64", "float32"],
)
def test_a_number_that_spells_no_value_does_so_however_it_is_written(column):
    cells = Cells(column, Dialect(missing=("-9999", "nan")))
    assert cells.missing.tolist() == [False, True, True, True, False, False, True]
    assert Cells(pa.array(["007", "7"]), Dialect(missing=("7",))).missing.tolist() == [False, True]
    low = Cells(pa.array([-3.4028234663852886e38, 1.0]), Dialect(missing=("-3.4028235e+38",)))
    assert low.missing.tolist() == [True, False]
