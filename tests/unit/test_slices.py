import numpy as np
import pandas as pd
import pytest

from components.evaluator.analysis.slices import slices
from components.shared.errors import InputError


def as_dict(found):
    return {part.name: part.rows.tolist() for part in found}


def test_groups_by_value_as_pandas_does():
    rng = np.random.default_rng(0)
    columns = {"colour": rng.choice(["red", "white", "rosé"], 200), "year": rng.integers(2000, 2005, 200)}
    found = slices(columns, ["colour", ["colour", "year"]])
    frame = pd.DataFrame(columns)
    expected = {f"colour={key}": rows.tolist() for key, rows in frame.groupby("colour").indices.items()}
    expected |= {
        f"colour={key[0]}, year={key[1]}": rows.tolist()
        for key, rows in frame.groupby(["colour", "year"]).indices.items()
    }
    assert as_dict(found) == expected
    assert {part.columns for part in found} == {("colour",), ("colour", "year")}
    assert [part.n for part in found] == [len(part.rows) for part in found]


def test_many_numbers_are_cut_at_their_quartiles():
    numbers = np.random.default_rng(0).permutation(np.arange(40)) + 12.5
    found = slices({"age": numbers}, ["age"])
    assert [part.name for part in found] == [
        "age=12.5 to 21.5",
        "age=21.5 to 31.5",
        "age=31.5 to 41.5",
        "age=41.5 to 51.5",
    ]
    cuts = pd.qcut(numbers, 4, labels=False, duplicates="raise")
    assert [part.n for part in found] == [10, 10, 10, 10]
    assert all((cuts[part.rows] == i).all() for i, part in enumerate(found))


def test_twenty_distinct_numbers_are_values_and_twenty_one_are_cut():
    assert len(slices({"x": np.arange(20.0)}, ["x"])) == 20
    assert slices({"x": np.arange(20)}, ["x"])[3].name == "x=3"
    assert [part.name for part in slices({"x": np.arange(21)}, ["x"])] == [
        "x=0 to 5",
        "x=5 to 10",
        "x=10 to 15",
        "x=15 to 20",
    ]


def test_heavy_ties_give_fewer_cuts_and_lose_no_row():
    numbers = np.concatenate([np.zeros(75), np.arange(1, 26)])
    found = slices({"x": numbers}, ["x"])
    assert as_dict(found) == {"x=0 to 25": list(range(100))}
    numbers[:30] = np.arange(-30, 0)
    assert [part.name for part in slices({"x": numbers}, ["x"])] == ["x=-30 to -6", "x=-6 to 0", "x=0 to 25"]


def test_close_numbers_keep_names_of_their_own():
    numbers = 1000 + np.arange(40) / 1e4
    names = [part.name for part in slices({"x": numbers}, ["x"])]
    assert names[0] == "x=1000 to 1000.001"
    assert len(set(names)) == 4


@pytest.mark.parametrize(
    "column",
    [
        np.array([1.0, np.nan, 2.0, np.nan]),
        np.array([1, None, 2, None], dtype=object),
        np.array(["1", "", "2", ""]),
        np.array(["1", None, "2", np.nan], dtype=object),
    ],
)
def test_missing_values_are_a_group(column):
    assert as_dict(slices({"x": column}, ["x"])) == {"x=1": [0], "x=2": [2], "x=missing": [1, 3]}


def test_a_column_with_nothing_in_it():
    assert as_dict(slices({"x": np.full(3, np.nan)}, ["x"])) == {"x=missing": [0, 1, 2]}


def test_booleans_are_values():
    assert as_dict(slices({"x": np.array([True, False, True])}, ["x"])) == {"x=False": [1], "x=True": [0, 2]}


def test_of_many_groups_the_largest_fifty_are_kept_and_the_rest_counted_together():
    values = np.repeat([f"v{i:02d}" for i in range(60)], np.arange(1, 61))
    found = slices({"x": values}, ["x"])
    assert [part.name for part in found] == [*(f"x=v{i}" for i in range(10, 60)), "other (10 groups)"]
    assert found[-1].n == sum(range(1, 11))
    assert sorted(np.concatenate([part.rows for part in found]).tolist()) == list(range(len(values)))


def test_an_unknown_column_is_refused_with_a_suggestion():
    with pytest.raises(InputError, match=r'got "color"\. Did you mean "colour"\? Use one of colour, year\.'):
        slices({"colour": np.array(["a"]), "year": np.array([1])}, ["year", ["year", "color"]])


def test_an_empty_entry_is_refused():
    with pytest.raises(InputError, match="at least one column in each entry"):
        slices({"x": np.array(["a"])}, [[]])
