import numpy as np
import pyarrow as pa
from tfx_bsl.cc.tfx_bsl_extension.coders import ExampleToNumpyDict

from components.example_gen.cells.cells import Cells, Kind
from components.example_gen.examples.encode import encode, feature_array, has_value
from components.example_gen.features import Feature
from components.example_gen.tables.dialect import Dialect

COLUMNS = {
    "i": ["1", "NA", "9007199254740993"],
    "f": ["0.1", "inf", ""],
    "t": ["größe", " a ", "?"],
    "v1": ["1", "", "NA"],
    "v2": ["2.5", "-inf", "NA"],
    "l": [[1.0, None], None, [3.0, 4.0]],
    "none": [None, None, None],
}
CELLS = {name: Cells(pa.array(values), Dialect()) for name, values in COLUMNS.items()}
FEATURES = [
    Feature("i", Kind.INT, ("i",), 1, 0),
    Feature("f", Kind.FLOAT, ("f",), 1, 1),
    Feature("t", Kind.BYTES, ("t",), 1, 0),
    Feature("v", Kind.VECTOR, ("v1", "v2"), 2, 1),
    Feature("l", Kind.VECTOR, ("l",), 2, 0),
    Feature("none", Kind.VECTOR, ("none",), 3, 0),
]


def test_examples_hold_the_cells_and_nothing_where_a_scalar_is_missing():
    rows = [ExampleToNumpyDict(row) for row in encode({f.name: feature_array(f, CELLS) for f in FEATURES})]
    nan = np.nan
    expected = {
        "i": ([1], None, [9007199254740993]),
        "f": ([np.float32(0.1)], None, None),
        "t": (["größe".encode()], [b"a"], None),
        "v": ([1, 2.5], [nan, nan], [nan, nan]),
        "l": ([1, nan], [nan, nan], [3, 4]),
        "none": ([nan] * 3, [nan] * 3, [nan] * 3),
    }
    for name, values in expected.items():
        for row, value in zip(rows, values, strict=True):
            if value is None:
                assert row[name] is None
            elif name == "t":
                assert row[name].tolist() == value
            else:
                np.testing.assert_array_equal(row[name], value)
                assert row[name].dtype == (np.int64 if name == "i" else np.float32)


def test_rows_with_a_value():
    carried = {f.name: has_value(f, feature_array(f, CELLS)).tolist() for f in FEATURES}
    assert carried == {
        "i": [True, False, True],
        "f": [True, False, False],
        "t": [True, True, False],
        "v": [True, False, False],
        "l": [True, False, True],
        "none": [False, False, False],
    }
