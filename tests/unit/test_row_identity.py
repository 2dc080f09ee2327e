"""What tells rows apart, and what is left of it when columns go."""

import numpy as np
import pyarrow as pa
import pytest

from components.example_gen.cells.cells import Cells, Kind
from components.example_gen.cells.hashes import hash_cells
from components.example_gen.splitting.row_identity import BYTES, Identity, fold
from components.example_gen.splitting.splits import combine, hash_rows, shares
from components.example_gen.tables.dialect import Dialect

ALL = np.ones(BYTES, bool)


def cells(values, kind=None):
    return Cells(pa.array(values, kind), Dialect())


def table(names, rows, seed=0):
    random = np.random.default_rng(seed)
    return {name: cells(random.normal(size=rows).round(3).astype(str).tolist()) for name in names}


def fingerprints(identity, columns, labels, gone=()):
    there = {name: column for name, column in columns.items() if name not in gone}
    return identity.fingerprints(shares(identity.hashes(there, len(labels))), labels)


def some_labels(rows, seed=1):
    return np.random.default_rng(seed).integers(0, 2**64, rows, dtype=np.uint64)


@pytest.mark.parametrize("count", [1, 2, 3, 11, 12, 13, 40])
def test_every_byte_tells_something_and_every_column_counts(count):
    identity = Identity({f"c{place}": Kind.FLOAT for place in range(count)})
    columns, labels = table(identity.columns, 4_000), some_labels(4_000)
    found = fingerprints(identity, columns, labels)
    assert [len(np.unique(found[:, place])) for place in range(BYTES)] == [256] * BYTES
    for name in identity.columns:
        other = fingerprints(identity, columns | table([name], 4_000, seed=9), labels)
        changed = (other != found).any(axis=0)
        assert (changed == ~identity.usable([name])).all()
        assert changed.sum() == (12 if count == 1 else len(range(list(changed).index(True), BYTES, min(count, 12))))
    assert len(np.unique(fold(found, ALL))) == 4_000


def test_rows_are_known_again_without_the_columns_that_are_gone():
    identity = Identity({f"c{place}": Kind.FLOAT for place in range(25)})
    columns, labels = table(identity.columns, 2_000), some_labels(2_000)
    whole = fingerprints(identity, columns, labels)
    gone = ["c3", "c17", "c20"]
    part = fingerprints(identity, columns, labels, gone)
    usable = identity.usable(gone)
    assert BYTES - 3 <= usable.sum() < BYTES
    assert not np.isin(fold(part, ALL), fold(whole, ALL)).any()
    np.testing.assert_array_equal(fold(part, usable), fold(whole, usable))
    strangers = fingerprints(identity, table(identity.columns, 200_000, seed=3), some_labels(200_000, 4), gone)
    assert not np.isin(fold(strangers, usable), fold(whole, usable)).any()


def test_two_means_2_point_0_and_a_slip_moves_its_own_row_only():
    whole = cells(["2", "3", "", "-7"])
    written = cells(["2.0", "3.0", "NA", "-7.00"])
    odd = cells(["2", "3", "", "many"])
    typed = cells([2.0, 3.0, None, -7.0], pa.float64())
    hashes = [hash_cells(column, Kind.INT) for column in (whole, written, odd, typed)]
    np.testing.assert_array_equal(hashes[1], hashes[0])
    np.testing.assert_array_equal(hashes[3], hashes[0])
    np.testing.assert_array_equal(hashes[2] == hashes[0], [True, True, True, False])
    as_text = hash_cells(cells(["2", "3", "x", ""]), Kind.BYTES)
    np.testing.assert_array_equal(hash_cells(cells(["2", "3", "4", ""]), Kind.BYTES) == as_text, [1, 1, 0, 1])


def test_a_column_that_had_no_value_counts_as_it_did():
    empty = Identity({"x": Kind.INT, "later": Kind.EMPTY})
    blank, filled = ({"x": cells(["1", "2"]), "later": cells(values)} for values in (["", ""], ["a", "b"]))
    found = [hash_rows(empty.hashes(columns, 2)) for columns in (blank, filled, {"x": blank["x"]})]
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])
    assert (empty.valued, empty.groups) == (["x"], [["x"]])


def test_a_hash_of_rows_is_that_of_its_parts_in_any_order():
    columns = {"a": some_labels(5), "b": some_labels(5, 2)}
    parts = shares(columns)
    np.testing.assert_array_equal(combine([parts["b"], parts["a"]]), hash_rows(columns))


def test_an_identity_survives_json():
    identity = Identity({"x": Kind.INT, "y": Kind.VECTOR, "z": Kind.EMPTY})
    assert Identity.from_dict(identity.to_dict()) == identity
    assert identity.to_dict() == {"x": "INT", "y": "VECTOR", "z": "EMPTY"}
