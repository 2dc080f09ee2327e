import re

import pytest

from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec
from components.shared.errors import InputError

COLUMNS = ("id", "price", "grade", "x", "px_1", "px_10", "px_2", "when")


def spec(**fields):
    return IngestSpec(("a.csv",), **({"regression": "price", "classification": "grade"} | fields))


def test_every_column_has_one_role_and_vectors_are_in_natural_order():
    roles = assign_roles(spec(ignore=("id",), vectors={"px": "px_*"}, split="time", column="when"), COLUMNS)
    assert roles.features == ("x", "when")
    assert roles.vectors == {"px": ("px_1", "px_2", "px_10")}
    assert roles.columns == ("price", "grade", "x", "when", "px_1", "px_2", "px_10")


def test_a_key_may_decide_the_split_without_being_a_feature():
    roles = assign_roles(spec(ignore=("id",), split="column", column="id"), COLUMNS)
    assert "id" not in roles.inputs
    assert "id" in roles.columns


def test_the_weight_is_read_and_is_no_feature():
    roles = assign_roles(spec(weight="x", vectors={"px": "*x*"}), COLUMNS)
    assert (roles.weight, roles.vectors["px"]) == ("x", ("px_1", "px_2", "px_10"))
    assert "x" not in roles.inputs
    assert "x" in roles.columns


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"regression": "prise"},
            'regression label must be a column of the data, got "prise". Did you mean "price"?',
        ),
        (
            {"classification": "Grade"},
            'class label must be a column of the data, got "Grade". Did you mean "grade"?',
        ),
        ({"classification": "price"}, 'two labels must be different columns, got "price" for both.'),
        ({"ignore": ("grade",)}, 'must not be listed in data.ignore, got "grade"'),
        (
            {"ignore": ("idd",)},
            'A name in data.ignore must be a column of the data, got "idd". Did you mean "id"?',
        ),
        ({"numeric": ("px_3",)}, 'A name in features.numeric must be a column of the data, got "px_3"'),
        ({"categorical": ("y",)}, "A name in features.categorical must be"),
        ({"numeric": ("x",), "categorical": ("x",)}, 'numeric or categorical, got "x" in both'),
        (
            {"split": "time", "column": "wen"},
            'data.split.column must be a column of the data, got "wen". Did you',
        ),
        ({"split": "column", "column": "grade"}, 'split column must not be a label, got "grade"'),
        (
            {"vectors": {"v": "pix_*"}},
            'vector "v" must match at least one feature column, got none for "pix_*"',
        ),
        ({"vectors": {"v": "px_*", "w": "px_1*"}}, 'one vector, got "px_1" in "v" and "w"'),
        ({"vectors": {"x": "px_*"}}, 'name of its own, got "x"'),
        ({"weight": "y"}, 'A name in labels.weight must be a column of the data, got "y"'),
        ({"weight": "grade"}, 'The weight must not be a label, got "grade". Choose another column.'),
        ({"weight": "x", "ignore": ("x",)}, 'The weight must not be listed in data.ignore, got "x".'),
        ({"weight": "x", "split": "column", "column": "x"}, 'The weight must not be the split column, got "x".'),
        (
            {"ignore": tuple(name for name in COLUMNS if name not in ("price", "grade"))},
            "at least one feature column",
        ),
    ],
)
def test_names_that_do_not_fit_are_refused(fields, message):
    with pytest.raises(InputError, match=re.escape(message)):
        assign_roles(spec(**fields), COLUMNS)


def test_a_header_with_another_delimiter_is_told_as_one():
    with pytest.raises(InputError) as caught:
        assign_roles(spec(), ["grade^price^x"])
    assert str(caught.value) == (
        'The regression label must be a column of the data, got "price". The header reads as one column, '
        '"grade^price^x": name what separates them as data.delimiter.'
    )
