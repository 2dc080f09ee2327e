"""The first value of each list of decoded examples."""

import numpy as np
import pyarrow as pa
import pytest

from components.example_gen.examples.first_values import are_numbers, first_numbers, first_values
from components.shared.exact_numbers import bits

WIDE = [1_700_000_000.25, None, -3.0]


def batch() -> pa.RecordBatch:
    columns = {
        "f": pa.array([[1.5, 9.0], None, []], pa.list_(pa.float32())),
        "i": pa.array([[7], [2**53], None], pa.large_list(pa.int64())),
        "t": pa.array([[b"a"], [], None], pa.list_(pa.binary())),
        "none": pa.nulls(3),
        "w": pa.array([None if value is None else [value] for value in WIDE], pa.list_(pa.float32())),
        "w#float64": pa.array(
            [None if value is None else bits(np.array([value])).tolist() for value in WIDE], pa.list_(pa.int64())
        ),
    }
    return pa.RecordBatch.from_pydict(columns)


def test_the_first_of_each_list_or_null():
    assert [first_values(batch(), name).to_pylist() for name in ("f", "i", "t", "none")] == [
        [1.5, None, None],
        [7, 2**53, None],
        [b"a", None, None],
        [None, None, None],
    ]
    assert [are_numbers(first_values(batch(), name)) for name in ("f", "i", "t")] == [True, True, False]


@pytest.mark.parametrize(
    ("column", "expected"),
    [("f", [1.5, np.nan, np.nan]), ("i", [7, 2**53, np.nan]), ("none", [np.nan] * 3), ("w", [WIDE[0], np.nan, -3.0])],
)
def test_numbers_are_float64_with_all_their_bits(column: str, expected: list[float]):
    found = first_numbers(batch(), column)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, expected)


def test_without_a_companion_a_number_has_the_bits_it_was_written_with():
    found = first_numbers(batch().drop_columns(["w#float64"]), "w")
    np.testing.assert_array_equal(found, np.array([WIDE[0], np.nan, -3.0], np.float32).astype(np.float64))
