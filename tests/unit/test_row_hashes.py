"""Hashes of rows: equal for equal rows wherever they lie, different for others."""

import numpy as np
import pyarrow as pa

from components.example_gen.examples.row_hashes import row_hashes


def batch(rows, order=("a", "n", "t", "v")):
    kinds = {
        "a": pa.large_list(pa.float32()),
        "n": pa.large_list(pa.int64()),
        "t": pa.large_list(pa.large_binary()),
        "v": pa.large_list(pa.float32()),
    }
    columns = {name: pa.array([row[name] for row in rows], kinds[name]) for name in order}
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


ROWS = [
    {"a": [1.5], "n": [7], "t": [b"Ulm"], "v": [1.0, 2.0]},
    {"a": [1.5], "n": [7], "t": [b"Ulm"], "v": [2.0, 1.0]},
    {"a": [1.5], "n": [7], "t": [b"Ulm"], "v": [1.0]},
    {"a": [1.5], "n": [7], "t": None, "v": [1.0, 2.0]},
    {"a": [1.5], "n": [7], "t": [b""], "v": [1.0, 2.0]},
    {"a": None, "n": [7], "t": [b"Ulm"], "v": [1.0, 2.0]},
    {"a": [0.0], "n": [7], "t": [b"Ulm"], "v": [1.0, 2.0]},
    {"a": [1.5], "n": [2**53], "t": [b"Ulm"], "v": [1.0, 2.0]},
    {"a": [1.5], "n": [2**53 + 1], "t": [b"Ulm"], "v": [1.0, 2.0]},
    {"a": [7.0], "n": [1], "t": ["Köln am Rhein, eine Stadt".encode()], "v": None},
]


def test_rows_that_differ_have_hashes_that_differ():
    found = row_hashes(batch(ROWS))
    assert found.dtype == np.uint64
    assert len(set(found.tolist())) == len(ROWS)


def test_neither_neighbours_nor_columns_order_nor_slices_make_a_difference():
    whole = row_hashes(batch(ROWS))
    for place, row in enumerate(ROWS):
        assert row_hashes(batch([row]))[0] == whole[place]
    np.testing.assert_array_equal(row_hashes(batch(ROWS, ("v", "t", "a", "n"))), whole)
    np.testing.assert_array_equal(row_hashes(batch(ROWS[::-1])), whole[::-1])
    np.testing.assert_array_equal(row_hashes(batch(ROWS).slice(3, 5)), whole[3:8])


def test_a_column_without_any_value_is_one_of_missing_values():
    rows = [row | {"t": None} for row in ROWS[:3]]
    typed = batch(rows)
    place = typed.schema.get_field_index("t")
    bare = typed.set_column(place, "t", pa.nulls(3))
    np.testing.assert_array_equal(row_hashes(bare), row_hashes(typed))


def test_values_of_two_columns_do_not_cancel_out():
    swapped = [{"a": [1.0], "n": None, "t": None, "v": [2.0]}, {"a": [2.0], "n": None, "t": None, "v": [1.0]}]
    same = [{"a": [1.0], "n": None, "t": None, "v": [1.0]}, {"a": [2.0], "n": None, "t": None, "v": [2.0]}]
    assert len(set(row_hashes(batch(swapped + same)).tolist())) == 4
