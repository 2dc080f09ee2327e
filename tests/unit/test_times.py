import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.example_gen.profiling.profile import profile
from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting import time_sample, times
from components.example_gen.splitting.splits import split_by_time
from components.example_gen.tables.opening import open_table

DAYS = pd.date_range("2023-12-25", periods=200, freq="D")


def found(tmp_path, column):
    path = tmp_path / "t.csv"
    rows = len(column)
    pd.DataFrame({"y": range(rows), "c": ["a", "b"] * (rows // 2), "t": column}).to_csv(path, index=False)
    spec = IngestSpec((str(path),), "y", "c", split="time", column="t", fractions=(0.5, 0.25, 0.0, 0.25))
    table = open_table(spec.paths)
    return profile(table, spec, assign_roles(spec, table.columns))


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("number", [str(int(day.timestamp())) for day in DAYS]),
        ("ISO8601", [day.date().isoformat() for day in DAYS]),
        ("ISO8601", [day.isoformat() + ".5+02:00" for day in DAYS]),
        ("%d/%m/%Y", [day.strftime("%d/%m/%Y") for day in DAYS]),
        ("%d/%m/%y", [day.strftime("%d/%m/%y") for day in DAYS]),
        ("%d.%m.%y %H:%M", [day.strftime("%d.%m.%y %H:%M") for day in DAYS]),
        ("%m/%d/%Y", [day.strftime("%m/%d/%Y") for day in DAYS]),
        ("%b %d, %Y", [day.strftime("%b %d, %Y") for day in DAYS]),
    ],
)
def test_oldest_rows_train_however_times_are_written(tmp_path, style, written):
    order = np.random.default_rng(0).permutation(len(DAYS))
    profile = found(tmp_path, [written[place] for place in order])
    assert profile.time_style == style
    assert profile.warnings == ()
    splits = split_by_time(times.parse_times(pa.array(written), style), profile.time_cuts)
    np.testing.assert_array_equal(splits, np.repeat([0, 1, 2], [100, 50, 50]))


def test_dates_that_can_be_read_two_ways_are_reported(tmp_path):
    profile = found(tmp_path, [f"{first:02d}/{second:02d}/2024" for first in range(1, 11) for second in range(1, 11)])
    assert profile.time_style == "%m/%d/%Y"
    assert "day and month could be exchanged" in profile.warnings[0]


def test_a_large_column_is_sampled_with_bounded_memory_and_error(tmp_path, monkeypatch):
    monkeypatch.setattr(time_sample, "SAMPLE", 5_000)
    column = np.random.default_rng(1).integers(0, 10**9, 100_000)
    first, second = found(tmp_path, column).time_cuts
    assert np.mean(column < first) == pytest.approx(0.5, abs=0.03)
    assert np.mean(column < second) == pytest.approx(0.75, abs=0.03)
