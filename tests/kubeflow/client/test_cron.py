"""Cron expressions against times worked out by hand and against a search minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import InputError
from pipeline.kubeflow.client.cron import parse
from pipeline.kubeflow.client.trigger import make_trigger


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "sent", "coming"),
    [
        # From Wednesday, 2030-01-02 03:04:05.
        ("* * * * *", "0 * * * * *", "2030-01-02 03:05:00"),
        ("0 3 * * *", "0 0 3 * * *", "2030-01-03 03:00:00"),
        ("0 0 3 * * *", "0 0 3 * * *", "2030-01-03 03:00:00"),
        ("30 * * * * *", "30 * * * * *", "2030-01-02 03:04:30"),
        ("*/15 * * * *", "0 */15 * * * *", "2030-01-02 03:15:00"),
        ("5/20 * * * *", "0 5/20 * * * *", "2030-01-02 03:05:00"),
        ("0 0 1 * *", "0 0 0 1 * *", "2030-02-01 00:00:00"),
        ("0 9 * * mon-fri", "0 0 9 * * mon-fri", "2030-01-02 09:00:00"),
        ("0 9 ? * SUN", "0 0 9 ? * SUN", "2030-01-06 09:00:00"),
        ("0 9 * * 0", "0 0 9 * * 0", "2030-01-06 09:00:00"),
        ("0 0 29 2 *", "0 0 0 29 2 *", "2032-02-29 00:00:00"),
        ("0 0 1 jan,jul *", "0 0 0 1 jan,jul *", "2030-07-01 00:00:00"),
        # Where neither field of days is a star, either is enough: the 15th, or a Friday.
        ("0 0 15 * fri", "0 0 0 15 * fri", "2030-01-04 00:00:00"),
        # A star with a step is a star to the server: odd days that are Fridays.
        ("0 0 */2 * fri", "0 0 0 */2 * fri", "2030-01-11 00:00:00"),
        ("59 59 23 31 12 *", "59 59 23 31 12 *", "2030-12-31 23:59:59"),
    ],
)
def test_the_next_time(text: str, sent: str, coming: str):
    cron = parse(text)
    assert cron.text == sent
    assert cron.after(at("2030-01-02 03:04:05")) == at(coming)


@pytest.mark.parametrize("minutes", [(7,), (0, 30), (59,)])
@pytest.mark.parametrize("hours", [(0,), (6, 18), tuple(range(24))])
@pytest.mark.parametrize("weekdays", [(0,), (1, 3, 6), tuple(range(7))])
def test_against_a_search_minute_by_minute(minutes: tuple[int, ...], hours: tuple[int, ...], weekdays: tuple[int, ...]):
    fields = (",".join(map(str, values)) for values in (minutes, hours))
    cron = parse(" ".join([*fields, "* *", ",".join(map(str, weekdays))]))
    moment = at("2031-12-30 22:58:00")
    for _ in range(5):
        expected = moment + timedelta(minutes=1)
        while not (expected.minute in minutes and expected.hour in hours and expected.isoweekday() % 7 in weekdays):
            expected += timedelta(minutes=1)
        assert cron.after(moment) == expected
        moment = expected


def test_fields_are_meant_in_the_zone_of_the_server():
    cron = parse("30 3 * * *")
    paris = ZoneInfo("Europe/Paris")
    assert cron.after(at("2030-01-01 12:00:00"), paris) == at("2030-01-02 02:30:00")
    assert cron.after(at("2030-07-01 12:00:00"), paris) == at("2030-07-02 01:30:00")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("60 * * * *", 'The cron field "minute" must hold values from 0 to 59, as *, N, N-M or N/STEP, got "60".'),
        ("* 24 * * *", 'The cron field "hour" must hold values from 0 to 23'),
        ("* * 0 * *", 'The cron field "day of the month" must hold values from 1 to 31'),
        ("* * * 13 *", 'The cron field "month" must hold values from 1 to 12 or jan..dec'),
        ("* * * * 7", 'The cron field "day of the week" must hold values from 0 to 6 or sun..sat'),
        ("* * * * monday", 'got "monday"'),
        ("5-3 * * * *", 'got "5-3"'),
        ("*/0 * * * *", 'got "*/0"'),
        ("1,,2 * * * *", 'got ""'),
        ("*-3 * * * *", 'got "*-3"'),
        ("-1 * * * *", 'got "-1"'),
        ("61 0 3 * * *", 'The cron field "second" must hold values from 0 to 59'),
        ("0 0 30 2 *", "must come up within five years"),
        ("", "must have 5 fields (minute hour day month weekday) or 6 (second first), got 0"),
        ("1 2 3 4 5 6 7", "got 7"),
    ],
)
def test_what_the_server_could_not_read_is_refused(text: str, sentence: str):
    with pytest.raises(InputError) as refusal:
        parse(text)
    assert sentence in str(refusal.value)


def test_each_field_is_explained():
    assert parse("0 3 1-7 * mon").explained() == (
        "second 0, minute 0, hour 3, day of the month 1-7, every month, day of the week mon"
    )


@pytest.mark.parametrize(
    ("options", "now", "coming"),
    [
        ({"cron": "0 3 * * *"}, "2030-01-10 03:00:00", "2030-01-11 03:00:00"),
        ({"cron": "0 3 * * *", "start": "2030-02-01T02:59:59Z"}, "2030-01-10 00:00:00", "2030-02-01 03:00:00"),
        ({"cron": "0 3 * * *", "start": "2030-02-01T03:00:00Z"}, "2030-01-10 00:00:00", "2030-02-02 03:00:00"),
        ({"cron": "0 3 * * *", "end": "2030-01-11T03:00:00Z"}, "2030-01-10 04:00:00", "2030-01-11 03:00:00"),
        ({"cron": "0 3 * * *", "end": "2030-01-11T02:59:59Z"}, "2030-01-10 04:00:00", None),
        # The anchor is 2030-01-01 00:00:00.
        ({"interval": "6h"}, "2030-01-01 00:00:00", "2030-01-01 06:00:00"),
        ({"interval": "6h"}, "2030-01-10 05:00:00", "2030-01-10 06:00:00"),
        ({"interval": "1d", "start": "2030-02-01T01:00:00Z"}, "2030-01-10 00:00:00", "2030-02-02 01:00:00"),
        ({"interval": "1d", "end": "2030-01-09T00:00:00Z"}, "2030-01-10 00:00:00", None),
    ],
)
def test_the_next_run_of_a_schedule(options: dict[str, str], now: str, coming: str | None):
    trigger = make_trigger(**{"cron": None, "interval": None, "start": None, "end": None} | options)
    assert trigger.next(at("2030-01-01 00:00:00"), at(now)) == (coming and at(coming))
