import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_gen.cells.cells import Kind
from components.example_gen.features import choose_features
from components.example_gen.profiling.profile import profile
from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError


def look(path, **fields):
    """Profile, features by name and warnings of a table with the labels `y` and `c`."""
    spec = IngestSpec((str(path),), **({"regression": "y", "classification": "c"} | fields))
    table = open_table(spec.paths, spec.dialect)
    roles = assign_roles(spec, table.columns)
    found = profile(table, spec, roles)
    features, warnings = choose_features(table, found, spec, roles)
    return found, {feature.name: feature for feature in features}, warnings


def table(tmp_path, rows=20, **columns):
    frame = pd.DataFrame({"y": np.arange(rows) / 2, "c": ["a", "b"] * (rows // 2), "x": range(rows)} | columns)
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    return path


def kinds(features):
    return {name: str(feature.kind) for name, feature in features.items()}


def test_one_late_value_decides_the_kind_of_a_column(tmp_path):
    rows = 200_000  # several blocks
    columns = {"late_float": ["1"] * (rows - 1) + ["1.5"], "late_text": ["1"] * (rows - 1) + ["x"]}
    found, features, _ = look(table(tmp_path, rows, **columns))
    assert kinds(features) == {"x": "INT", "late_float": "FLOAT", "late_text": "BYTES"}
    assert found.classes == {"a": rows // 2, "b": rows // 2}


GAPS = {"y": ["1"] * 17 + ["NA", "", "?"], "c": ["a", "b"] * 7 + ["", "a", "b", "a", "b", ""]}


def test_rows_with_one_label_are_kept_and_counted(tmp_path):
    found, _, _ = look(table(tmp_path, **GAPS, late=["1"] * 19 + ["x"]))
    assert found.left_out == {"both labels missing": 1}
    assert (found.read, found.rows, found.only_number, found.only_class) == (20, 19, 1, 2)
    assert found.classes == {"a": 9, "b": 9}
    assert found.columns["late"].inferred == Kind.INT  # the text is in the row that is not written


def test_rows_with_one_label_are_left_out_on_request(tmp_path):
    found, _, _ = look(table(tmp_path, **GAPS, late=["1"] * 17 + ["x"] * 3), partial=False)
    assert found.left_out == {
        "class label missing": 1,
        "regression label missing": 2,
        "both labels missing": 1,
    }
    assert (found.read, found.rows, found.only_number, found.only_class) == (20, 16, 0, 0)
    assert found.columns["late"].inferred == Kind.INT  # the text is in rows that are not written


def test_numbers_with_a_few_other_texts_are_reported(tmp_path):
    column = [str(n) for n in range(18)] + ["unknown", "unknown"]
    path = table(tmp_path, hp=column)
    _, features, warnings = look(path)
    assert features["hp"].kind == Kind.BYTES
    assert warnings == [
        'hp: 18 of 20 values are numbers, but "unknown" (2 times) is not. '
        "Add it to data.missing, or list the column under features.categorical."
    ]
    assert look(path, categorical=("hp",))[2] == []
    found, features, warnings = look(path, dialect=Dialect(missing=("unknown",)))
    assert (features["hp"].kind, found.columns["hp"].missing(Kind.INT)) == (Kind.INT, 2)
    assert warnings == ['Cells taken as missing by their spelling (data.missing): hp "unknown" (2).']


def test_ordinary_text_is_not_reported(tmp_path):
    assert look(table(tmp_path, rows=20, t=["1"] * 17 + ["a", "b", "c"]))[2] == []


def test_infinite_numbers_are_missing_and_reported(tmp_path):
    found, features, warnings = look(table(tmp_path, v=["1.5"] * 17 + ["inf", "1e300", "NA"]))
    assert found.columns["v"].missing(Kind.FLOAT) == 3
    assert features["v"].non_finite == 2
    assert warnings == [
        "v: 2 infinite values were written as missing.",
        'Cells taken as missing by their spelling (data.missing): v "NA" (1).',
    ]


def test_a_column_without_values_is_not_written(tmp_path):
    _, features, warnings = look(table(tmp_path, empty=[None] * 20))
    assert "empty" not in features
    assert warnings == ["empty: all 20 values are missing, so the column is not written."]
    with pytest.raises(InputError, match="at least one feature with a value, got columns of missing values only"):
        look(table(tmp_path, x=[None] * 20))


@pytest.mark.parametrize(
    ("values", "fields", "kind"),
    [
        (["1"] * 20, {"types": {"v": "FLOAT"}}, Kind.FLOAT),
        (["1"] * 20, {"types": {"v": "BYTES"}}, Kind.BYTES),
        (["1.5"] * 20, {"types": {"v": "BYTES"}}, Kind.BYTES),
        (["1.5"] * 20, {"types": {"v": "INT"}}, Kind.FLOAT),
        (["a"] * 20, {"types": {"v": "INT"}}, Kind.BYTES),
        (["1"] * 20, {"categorical": ("v",)}, Kind.BYTES),
        (["007"] * 20, {}, Kind.BYTES),
        (["007"] * 20, {"numeric": ("v",)}, Kind.INT),
        (["007", "0.5"] * 10, {"numeric": ("v",)}, Kind.FLOAT),
        (["1"] * 20, {"numeric": ("v",), "types": {"v": "BYTES"}}, Kind.INT),
    ],
)
def test_config_and_schema_decide_where_the_values_allow(tmp_path, values, fields, kind):
    assert look(table(tmp_path, v=values), **fields)[1]["v"].kind == kind


def test_columns_of_a_pattern_become_one_vector(tmp_path):
    path = table(tmp_path, **{"px_2": [1.5] * 20, "px_1": [None] + [1] * 19, "px_10": [3] * 20})
    _, features, _ = look(path, vectors={"px": "px_*"})
    assert features["px"].columns == ("px_1", "px_2", "px_10")
    assert (features["px"].kind, features["px"].length) == (Kind.VECTOR, 3)
    assert set(features) == {"x", "px"}


def test_keys_that_are_features_or_missing_are_reported(tmp_path):
    _, _, warnings = look(table(tmp_path, key=["k", None] * 10), split="column", column="key")
    assert warnings == [
        "key: 10 rows have no key; each was split by its own content.",
        "key: the column decides the split and is a feature too. "
        "List it under data.ignore unless the network should see it.",
    ]


@pytest.mark.parametrize(
    ("columns", "fields", "message"),
    [
        (
            {"y": ["1"] * 4 + ["1,5"] + ["1"] * 15},
            {},
            'label "y" must be a number, got "1,5" in row 5. Write numbers as 1234.5',
        ),
        ({"y": ["1"] * 4 + ["inf"] + ["1"] * 15}, {}, "must be finite in 32 bits, got inf in row 5."),
        ({"y": ["1"] * 4 + ["1e39"] + ["1"] * 15}, {}, "must be finite in 32 bits, got 1e+39 in row 5."),
        ({"y": [None] * 20}, {}, 'needs at least 13 rows with the label "y" to fill its splits, got 0.'),
        (
            {"c": ["a", "b"] * 3 + [None] * 14},
            {},
            'needs at least 13 rows with the label "c" to fill its splits, got 6.',
        ),
        (
            {"y": ["1"] * 6 + [None] * 14},
            {"partial": False},
            "needs at least 13 rows with both labels to fill its splits, got 6.",
        ),
        (
            {"w": ["1"] * 9 + ["-0.5"] + ["1"] * 10},
            {"weight": "w"},
            'The weight "w" must be a finite number of at least 0 in every row, got -0.5 in row 10. Correct it; '
            "0 keeps a row out of the training.",
        ),
        ({"w": ["1"] * 9 + [None] + ["1"] * 10}, {"weight": "w"}, "at least 0 in every row, got none in row 10."),
        (
            {"w": ["1"] * 9 + ["nan"] + ["1"] * 10},
            {"weight": "w", "dialect": Dialect(missing=())},
            "got none in row 10.",
        ),
        ({"w": ["1"] * 9 + ["inf"] + ["1"] * 10}, {"weight": "w"}, "at least 0 in every row, got inf in row 10."),
        ({"w": ["1"] * 9 + ["1e39"] + ["1"] * 10}, {"weight": "w"}, "at least 0 in every row, got 1e+39 in row 10."),
        (
            {"w": ["1"] * 9 + ["two"] + ["1"] * 10},
            {"weight": "w"},
            'The weight "w" must be a number, got "two" in row 10.',
        ),
        ({"c": ["only"] * 20}, {}, 'label "c" must have at least two classes, got "only" in every row.'),
        (
            {"c": [str(n) for n in range(20)]},
            {},
            "two rows per class on average, got 20 classes in 20 rows. It looks",
        ),
        (
            {"v": ["1"] * 9 + ["two"] + ["1"] * 10},
            {"numeric": ("v",)},
            'must hold numbers, got "two" in row 10.',
        ),
        (
            {"px_1": ["1"] * 9 + ["two"] * 11},
            {"vectors": {"px": "px_*"}},
            'part of the vector "px", must hold numbers',
        ),
        (
            {"t": ["2024-01-01"] * 19 + ["soon"]},
            {"split": "time", "column": "t"},
            'got "soon" in row 20. Write all',
        ),
        (
            {"t": ["1"] * 19 + [None]},
            {"split": "time", "column": "t"},
            "a time in every row, got none in row 20.",
        ),
    ],
)
def test_values_that_cannot_be_used_are_refused(tmp_path, columns, fields, message):
    with pytest.raises(InputError, match=re.escape(message)):
        look(table(tmp_path, **columns), **fields)


def test_more_than_a_thousand_classes_are_refused(tmp_path):
    path = table(tmp_path, 4_000, c=[f"id{n // 2}" for n in range(4_000)])
    with pytest.raises(InputError, match="at most 1,000 classes, got more"):
        look(path)


def test_row_numbers_count_rows_that_were_left_out(tmp_path):
    path = table(tmp_path, y=["", ""] + ["1"] * 18, c=["", ""] + ["a", "b"] * 9, v=["x", "1", "1", "bad"] + ["1"] * 16)
    with pytest.raises(InputError, match='got "bad" in row 4'):
        look(path, numeric=("v",))


def test_the_weight_is_no_feature_and_a_row_that_is_left_out_needs_none(tmp_path):
    path = table(tmp_path, y=[None] + ["1"] * 19, c=[None] + ["a"] * 10 + ["b"] * 9, w=[None] + ["0"] + ["2.5"] * 18)
    found, features, _ = look(path, weight="w", vectors={"v": "[wx]"})
    assert features["v"].columns == ("x",)
    assert (found.rows, set(found.columns)) == (19, {"x"})


def parquet(tmp_path, column):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"y": [1.0] * 20, "c": [True, False] * 10, "v": column}), path)
    return path


def test_parquet_lists_and_booleans(tmp_path):
    found, features, _ = look(parquet(tmp_path, [[1.0, 2.0], None] * 10))
    assert (features["v"].kind, features["v"].length) == (Kind.VECTOR, 2)
    assert found.classes == {"false": 10, "true": 10}


@pytest.mark.parametrize(
    ("column", "fields", "message"),
    [
        (
            [[1.0]] * 19 + [[1.0, 2.0]],
            {},
            'The lists of "v" must have 1 numbers as in the first row, got 2 in row 20.',
        ),
        ([[]] + [[1.0]] * 19, {}, "must hold at least one number, got an empty one in row 1."),
        (
            [{"a": 1}] * 20,
            {},
            'The column "v" must hold numbers, text, booleans, dates or lists of numbers, got struct',
        ),
        (
            [[1.0]] * 20,
            {"categorical": ("v",)},
            '"v" of features.categorical must hold single values, got lists',
        ),
        (
            [[1.0]] * 20,
            {"classification": "v"},
            'class label "v" must be text, a number or a boolean, got a list',
        ),
        ([[1.0]] * 20, {"regression": "v"}, 'regression label "v" must be a number, got "a list" in row 1'),
    ],
)
def test_parquet_columns_that_cannot_be_used_are_refused(tmp_path, column, fields, message):
    with pytest.raises(InputError, match=re.escape(message)):
        look(parquet(tmp_path, column), **fields)
