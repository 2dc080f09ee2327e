"""One text for one instant, held against Python's datetime and pandas, whatever wrote it."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.example_gen.cells import instants
from components.example_gen.cells.cells import Cells
from components.example_gen.cells.forms import Form, Meaning
from components.example_gen.tables.dialect import Dialect

TEN = datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC)


def say(*texts):
    return Cells(pa.array(texts), Dialect()).text().to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01 10:00:00",
        "2024-01-01T10:00:00Z",
        "2024-01-01T10:00",
        "2024-01-01 12:00:00+02:00",  # pandas
        "2024-01-01T12:00:00.000000+0200",  # polars
        "2024-01-01 10:00:00+00",  # DuckDB and PostgreSQL
        "2024-01-01T10:00:00.000Z",  # Spark
        "2024-01-01 10:00:00 UTC",
        "2024-01-01 04:30:00.000-05:30",
        "2024-01-01 10:00:00,000000000",
    ],
)
def test_an_instant_has_one_text_in_a_csv(text):
    assert say(text, f"  {text} ") == ["2024-01-01 10:00:00"] * 2


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "+02:00", "-05:30"])
def test_an_instant_has_one_text_in_parquet(unit, zone):
    # A fixed offset, which pandas gives to what it parsed, is no time zone that Arrow 18 can print (its issue 47043).
    column = pa.array([TEN, None, datetime.datetime(2024, 2, 29)], pa.timestamp(unit, zone))
    read = Cells(column, Dialect())
    assert read.text().to_pylist() == ["2024-01-01 10:00:00", None, "2024-02-29"]
    assert (read.beyond, read.missing.tolist()) == (0, [False, True, False])


def test_fractions_dates_and_what_is_no_date():
    assert say("2024-01-01T00:00:00Z", "2024-01-01", "2024-01-01T02:00+02:00") == ["2024-01-01"] * 3
    assert say("2024-01-01 10:00:00.5", "2024-01-01T10:00:00.500000000") == ["2024-01-01 10:00:00.500000"] * 2
    assert say("2024-01-01 10:00:00.000000001") == ["2024-01-01 10:00:00.000000001"]
    odd = [
        "2024-02-30 10:00:00",
        "2024-01-01 24:00:00",
        "2024-13-01T10:00",
        "2024-01-01 10:00 or so",
        "ab-cd-efgh ij:kl",
    ]
    assert say(*odd) == odd


def test_years_1_to_9999_are_ordered_as_python_orders_them():
    days = [datetime.datetime(1, 1, 1), datetime.datetime(1582, 10, 4, 3), TEN, datetime.datetime(9999, 12, 31, 23, 59)]
    days = [day.replace(tzinfo=datetime.UTC) for day in days]
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    expected = [(day - epoch) / datetime.timedelta(microseconds=1) for day in days]
    np.testing.assert_array_equal(instants.order(pa.array([day.isoformat() for day in days])), expected)
    column = pa.array(days, pa.timestamp("us", "UTC"))
    np.testing.assert_array_equal(instants.order(Cells(column, Dialect()).text()), expected)


def test_random_instants_agree_with_pandas():
    generator = np.random.default_rng(0)
    times = pd.to_datetime(generator.integers(-(2**62), 2**62, 500)).tz_localize("UTC")
    written = [
        time.tz_convert(zone).isoformat()
        for time, zone in zip(times, generator.choice(["UTC", "Asia/Kolkata", "America/New_York"], 500), strict=True)
    ]
    expected = Cells(pa.Array.from_pandas(times), Dialect()).text().to_pylist()
    # Before the railways a zone is minutes and seconds ahead, which ISO 8601 cannot write.
    kept = [place for place, text in enumerate(written) if len(text[text.rfind("+") :]) < 9 and len(text) < 36]
    assert len(kept) > 300
    assert [say(written[place])[0] for place in kept] == [expected[place] for place in kept]
    assert [pd.Timestamp(expected[place], tz="UTC") for place in kept] == [times[place] for place in kept]


def test_dates_without_end_are_missing():
    # DuckDB writes infinity as the largest number of the type; a CSV of it or of PostgreSQL has the word.
    for column in (
        pa.array([2**31 - 1, 0, -(2**31 - 1)], pa.date32()),
        pa.array([2**63 - 1, 0, -(2**63 - 1)], pa.timestamp("us")),
        pa.array([253_402_300_800, 0, -62_135_596_801], pa.timestamp("s")),
    ):
        read = Cells(column, Dialect())
        assert (read.text().to_pylist(), read.beyond) == ([None, "1970-01-01", None], 2)
    read = Cells(pa.array(["infinity", "2024-01-01", "-infinity"]), Dialect(), Form(Meaning.INSTANT))
    assert (read.text().to_pylist(), read.beyond) == ([None, "2024-01-01", None], 2)
