"""What `mtl check` and a run say of the rows before anything is trained; and what they say nothing of."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.example_gen.profiling.profile import Profile, examine
from components.example_gen.profiling.sufficiency import check_time_split
from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.csv_text import csv_files
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError
from pipeline.config.resolve import resolve
from pipeline.verbs.check import check_data

ROWS = 800


def look(path: Path, **fields: Any) -> Profile:
    spec = IngestSpec((str(path),), **({"regression": "y", "classification": "k"} | fields))
    table = open_table(spec.paths, spec.dialect)
    roles = assign_roles(spec, table.columns)
    table, found = examine(table, spec, roles)
    check_time_split(table, spec, roles, found)
    return found


def frame(rows: int = ROWS, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    plain = {
        "shop": rng.choice(["Ulm", "Bonn", "Kiel"], rows),
        "units": rng.integers(1, 40, rows),
        "price": rng.uniform(2, 9, rows).round(2),
        "y": rng.lognormal(4, 1, rows).round(2),
        "k": rng.choice(["large", "small"], rows),
    }
    return pd.DataFrame(plain | columns)


@pytest.fixture(params=[1 << 20, 1 << 11], ids=["one block", "small blocks"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(csv_files, "BLOCK", request.param)
    return tmp_path / "t.csv"


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_said_of_ordinary_columns(path: Path, seed: int):
    rng = np.random.default_rng(seed)
    frame(
        heavy=rng.lognormal(0, 3, ROWS),
        cauchy=rng.standard_cauchy(ROWS),
        rare=(rng.random(ROWS) < 0.01) * 9_999,
        codes=rng.choice([0, 999, 9_999, 20_000], ROWS),
        running=np.arange(ROWS).cumsum(),
        epoch=1_700_000_000 + rng.integers(0, 10**6, ROWS),
        large=rng.integers(0, 2**62, ROWS),
        constant=999,
    ).to_csv(path, index=False)
    found = look(path)
    assert found.warnings == ()
    assert (found.totals, found.read, found.rows) == ({}, ROWS, ROWS)


@pytest.mark.parametrize(
    ("fill", "shown"),
    [
        ("-3.4028235e+38", "-3.4028235e+38"),
        ("3.4028234663852886e+38", "3.4028235e+38"),
        ("9.96921e36", "9.96921e+36"),
        ("1e20", "1e+20"),
        ("-9999", "-9999"),
        ("-999.0", "-999"),
        ("999999", "999999"),
        ("-8888", "-8888"),
    ],
)
@pytest.mark.parametrize("column", ["price", "units", "y"])
def test_fill_values_are_named_with_their_count(path: Path, fill: str, shown: str, column: str):
    """As rasters write NoData (GeoTIFF/geoblaze, issue 207: -3.4028234663852886e+38), netCDF and old surveys theirs."""
    table = frame(y=np.random.default_rng(1).normal(50, 9, ROWS).round(2)).astype({column: object})
    table.loc[table.index % 40 == 7, column] = fill
    table.to_csv(path, index=False)
    [note] = look(path).warnings
    rest = table.loc[table.index % 40 != 7, column].astype(float)
    assert note == (
        f"{column}: {shown} (20 of 800 rows) lie far outside of the rest, {rest.min():.6g} to {rest.max():.6g}. "
        f'If it stands for no value, add "{shown}" to data.missing.'
    )


def test_a_fill_value_that_most_cells_hold_and_two_of_them(path: Path):
    price = np.full(ROWS, -9999.0)
    price[::5] = np.random.default_rng(2).uniform(0, 1, ROWS // 5)
    price[1] = 1e30
    frame(price=price).to_csv(path, index=False)
    [note] = look(path).warnings
    assert note.startswith("price: -9999 (639 of 800 rows), 1e+30 (1 of 800 rows) lie far outside of the rest, 0.00")
    assert note.endswith('If they stand for no value, add "-9999", "1e+30" to data.missing.')


def test_categories_have_no_fill_values(path: Path):
    codes = np.where(np.arange(ROWS) % 40 == 7, 99999, np.arange(ROWS) % 10)
    frame(code=codes, padded=[f"{code:05}" for code in codes]).to_csv(path, index=False)
    assert [note.partition(":")[0] for note in look(path).warnings] == ["code"]
    assert look(path, categorical=("code",)).warnings == ()
    assert look(path, types={"code": "BYTES"}).warnings == ()


def with_totals(path: Path, row: str) -> None:
    frame().to_csv(path, index=False)
    path.write_text(path.read_text() + row)


def test_a_row_of_totals_is_left_out_and_told(path: Path):
    """As spreadsheets add it (miraisolutions/xlconnect, issue 29)."""
    table = frame()
    with_totals(path, f"Total,{table.units.sum()},,{table.y.sum():.1f},\n")
    found = look(path)
    assert found.warnings == (
        'Row 801, the last one, holds the sum of all rows above in "y", "units": it is taken for a row of totals and '
        "left out. Remove it from the file.",
    )
    assert (found.read, found.rows, found.left_out) == (801, 800, {"row of totals": 1})
    assert found.only_number == 0


def test_one_sum_is_enough_beside_a_missing_class_or_a_word(path: Path):
    table = frame()
    for row in (f"Ulm,7,3.5,{table.y.sum():.2f},\n", f"Summe:,7,3.5,{table.y.sum():.2f},small\n"):
        with_totals(path, row)
        assert look(path).left_out == {"row of totals": 1}
    for row in (f"Ulm,7,3.5,{table.y.sum():.2f},small\n", f"Total,7,3.5,{table.y.sum() + 50:.2f},small\n"):
        with_totals(path, row)
        assert look(path).left_out == {}


def test_every_file_may_have_its_totals(tmp_path: Path):
    for name, one in (("a", frame()), ("b", frame()[::-1]), ("c", frame())):
        row = f"Total,{one.units.sum()},,{one.y.sum():.2f},\n" if name != "c" else ""
        (tmp_path / f"{name}.csv").write_text(one.to_csv(index=False) + row)
    spec = IngestSpec(tuple(str(tmp_path / f"{name}.csv") for name in "abc"), "y", "k")
    table = open_table(spec.paths, spec.dialect)
    table, found = examine(table, spec, assign_roles(spec, table.columns))
    assert found.left_out == {"row of totals": 2}
    assert found.warnings[1].startswith('Row 801 of "b.csv", the last one, holds the sum of all rows above in ')
    assert sum(batch.data.num_rows for batch in table.batches()) == 3 * ROWS


def test_few_different_rows_are_told_with_the_way_out(path: Path):
    """A survey of 2,000 answers of 12 kinds (dotnet/machinelearning, issue 5563)."""
    rng = np.random.default_rng(34)
    survey = pd.DataFrame({"g": ["f", "m"] * 6, "y": [1, 3, 5] * 4, "k": [*"yesnoo", *"ababab"]})
    survey.loc[rng.integers(0, 12, 2_000)].to_csv(path, index=False)
    distinct = len(survey.drop_duplicates())
    [note] = look(path).warnings
    assert note == (
        f"Only {distinct} different rows are among the 2,000, and equal rows stay together, so a split may be uneven "
        "or empty. Number the rows in a column of their own, list it under data.ignore, and split by it: "
        "data.split.by: column."
    )
    numbered = survey.loc[rng.integers(0, 12, 2_000)].assign(id=range(2_000))
    numbered.to_csv(path, index=False)
    assert look(path, split="column", column="id", ignore=("id",)).warnings == ()


@pytest.mark.parametrize(("split", "way"), [("column", "a key with more values"), ("time", "a finer time")])
def test_few_keys_and_times_are_told(path: Path, split: str, way: str):
    frame(when=[f"2024-01-{1 + i % 20:02}" for i in range(ROWS)]).to_csv(path, index=False)
    [note] = look(path, split=split, column="when", ignore=("when",)).warnings
    assert note.startswith('Only 20 different values of "when" are in the 800 rows, and rows of one ')
    assert f"Split by {way}" in note


def test_one_class_or_one_number_in_the_oldest_rows_is_refused(path: Path):
    """Before anything is trained (alteryx/evalml, issue 1681)."""
    day = pd.date_range("2022-01-01", periods=ROWS).strftime("%Y-%m-%d")
    by_day = {"split": "time", "column": "day"}
    frame(day=day, k=np.where(np.arange(ROWS) > 0.68 * ROWS, "returned", "kept")).to_csv(path, index=False)
    with pytest.raises(InputError) as raised:
        look(path, **by_day)
    assert str(raised.value) == (
        'The train split needs at least two classes of "k", got "kept" in all 512 of its rows. The others came later: '
        "leave out the rows of the time before, lower the shares of the other splits, or set data.split.by to row."
    )
    assert look(path).rows == ROWS
    frame(day=day, y=np.where(np.arange(ROWS) > 0.68 * ROWS, 2.5, 1)).to_csv(path, index=False)
    with pytest.raises(InputError, match='needs at least two different numbers of "y", got 1 in all of its rows'):
        look(path, **by_day)


def test_a_heap_of_equal_labels_is_told_where_the_loss_answers_the_median(path: Path):
    frame(y=[0.0] * 680 + list(range(1, 121))).to_csv(path, index=False)
    assert look(path).heap == (0.0, 0.85)
    flags = {"data.path": str(path), "labels.regression": "y", "labels.classification": "k"}
    assert check_data(resolve(None, flags).config).warnings == [
        '"y" must differ from row to row to be learnt by its absolute error, got 0 in 85.0% of the rows: their median '
        "is 0, and so will be most predictions. Set training.regression_loss to mse to predict the mean."
    ]
    assert check_data(resolve(None, flags, ["training.regression_loss=mse"]).config).warnings == []
    assert check_data(resolve(None, flags, ["gates.labels.level=ignore"]).config).warnings == []
