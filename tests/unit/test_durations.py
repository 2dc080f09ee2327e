"""Durations and times of day as seconds, held against pandas."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.example_gen.cells import durations
from components.example_gen.cells.cells import Cells, Kind
from components.example_gen.cells.forms import Form, Meaning
from components.example_gen.tables.dialect import Dialect

SECONDS = [0.0, 60.0, -60.0, 93_784.0, 90_061.5, -86_400.0, 3_661.000001]
DELTAS = [datetime.timedelta(seconds=seconds) for seconds in SECONDS]


def read(texts):
    return durations.read(pa.array(texts, pa.string())).tolist()


@pytest.mark.parametrize(
    "write",
    [
        str,  # Python: `1 day, 2:03:04`
        lambda delta: str(pd.Timedelta(delta)),  # pandas: `-1 days +23:59:00`
        lambda delta: pd.Timedelta(delta).isoformat() if delta >= datetime.timedelta(0) else f"-{_iso(-delta)}",
    ],
)
def test_what_programs_write_is_read_as_seconds(write):
    assert read([write(delta) for delta in DELTAS]) == pytest.approx(SECONDS, abs=1e-9)


def _iso(delta):
    return pd.Timedelta(delta).isoformat()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:01:00", 60),
        ("23:59:59.500", 86_399.5),
        ("PT1M30S", 90),
        ("PT-1M-30S", -90),  # Java
        ("P1W", 604_800),
        ("1 day 02:03:04", 93_784),  # PostgreSQL
        ("INTERVAL '-1 02:00:00' DAY TO SECOND", -93_600),  # Spark
        ("1 days", 86_400),
    ],
)
def test_other_ways_to_write_a_duration(text, seconds):
    assert read([text]) == [seconds]


def test_what_is_no_duration():
    texts = ["12:30", "P", "PT", "P1DT", "00:60:00", "1 days 5", "10", "a 00:01:00", "2024-01-01 00:01:00", None]
    assert np.isnan(read(texts)).all()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_durations_are_the_same_seconds_in_every_unit(unit):
    cells = Cells(pa.array([90, None, -7], pa.duration("s")).cast(pa.duration(unit)), Dialect())
    assert cells.kind == Kind.FLOAT
    np.testing.assert_array_equal(cells.floats(), [90, np.nan, -7])
    assert cells.text().to_pylist() == ["90", None, "-7"]


def test_times_of_day_are_seconds_since_midnight():
    for kind in (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")):
        cells = Cells(pa.array([datetime.time(1, 2, 3), None], kind), Dialect())
        np.testing.assert_array_equal(cells.floats(), [3_723, np.nan])
    form = Form(Meaning.DURATION)
    np.testing.assert_array_equal(Cells(pa.array(["01:02:03", "NA"]), Dialect(), form).floats(), [3_723, np.nan])
