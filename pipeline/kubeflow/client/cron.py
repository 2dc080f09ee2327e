"""Cron expressions as Kubeflow Pipelines reads them, which is not as most people write them.

The server parses with robfig/cron 1: six fields, **seconds first**, the day of the week last and optional. Five fields
are therefore taken as second, minute, hour, day and month: `0 3 * * *`, everybody's "at three in the morning", would
run at minute 3 of every hour. Here five fields mean what they mean everywhere else, and are sent as six.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from pipeline.errors import InputError

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
# Field, lowest and highest value, names; in the server's order.
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("second", 0, 59, {}),
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_HORIZON = 5 * 366  # days the server looks ahead


@dataclass(frozen=True)
class Cron:
    """A parsed expression.

    Args:
        text: the six fields that the server is given.
        values: the values of each field.
        stars: whether a field begins with `*` or `?`, which decides how the two fields of days combine.
    """

    text: str
    values: tuple[frozenset[int], ...]
    stars: tuple[bool, ...]

    def after(self, moment: datetime, zone: tzinfo = UTC) -> datetime | None:
        """Returns the first time after a moment, or None if there is none within five years.

        Args:
            moment: an aware time.
            zone: the server's time zone, in which the fields are meant.
        """
        local = moment.astimezone(zone).replace(tzinfo=None)
        for ahead in range(_HORIZON):
            day = local.date() + timedelta(days=ahead)
            if self._has(day):
                for clock in self._clocks():
                    if (found := datetime.combine(day, clock)) > local:
                        return found.replace(tzinfo=zone)
        return None

    def explained(self) -> str:
        """Returns the fields by name, as in `second 0, minute 30, hour 3, every day of the month, ...`."""
        fields = zip(_FIELDS, self.text.split(), strict=True)
        return ", ".join(f"every {about[0]}" if text in "*?" else f"{about[0]} {text}" for about, text in fields)

    def _has(self, day: date) -> bool:
        _, _, _, days, months, weekdays = self.values
        if day.month not in months:
            return False
        of_month, of_week = day.day in days, (day.weekday() + 1) % 7 in weekdays
        return (of_month and of_week) if self.stars[3] or self.stars[5] else (of_month or of_week)

    def _clocks(self) -> Iterator[time]:
        seconds, minutes, hours = (sorted(values) for values in self.values[:3])
        return (time(hour, minute, second) for hour in hours for minute in minutes for second in seconds)


def parse(text: str) -> Cron:
    """Parses five fields as cron does everywhere, or six as the server does.

    Raises:
        InputError: it is no cron expression, or names a day that never comes.
    """
    fields = text.split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != 6:
        raise InputError(
            "The cron expression must have 5 fields (minute hour day month weekday) or 6 (second first), got "
            f'{len(fields)} in "{text}". Write 03:30 each day as "30 3 * * *" or "0 30 3 * * *".'
        )
    values = tuple(_values(field, *about) for field, about in zip(fields, _FIELDS, strict=True))
    stars = tuple(any(part[0] in "*?" for part in field.split(",")) for field in fields)
    cron = Cron(" ".join(fields), values, stars)
    if cron.after(datetime(2024, 1, 1, tzinfo=UTC)) is None:
        raise InputError(
            f'The cron expression must come up within five years, got "{text}". Change its days or months.'
        )
    return cron


def _values(field: str, name: str, low: int, high: int, names: Mapping[str, int]) -> frozenset[int]:
    """Returns the values of one field: a list of `*`, `N`, `N-M`, each perhaps with a step `/S`."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            step = int(step_text) if slash else 1
            if first in ("*", "?") and not dash:
                start, end = low, high
            else:
                start = _number(first, names)
                # `N/S` means from N on; a lone N means N.
                end = _number(last, names) if dash else high if slash else start
        except ValueError:
            start, end, step = low, low - 1, 1
        if not (low <= start <= end <= high and step >= 1):
            also = f" or {next(iter(names))}..{list(names)[-1]}" if names else ""
            raise InputError(
                f'The cron field "{name}" must hold values from {low} to {high}{also}, as *, N, N-M or N/STEP, '
                f'got "{part}". Change that field.'
            )
        found.update(range(start, end + 1, step))
    return frozenset(found)


def _number(text: str, names: Mapping[str, int]) -> int:
    return names[text.lower()] if text.lower() in names else int(text)
