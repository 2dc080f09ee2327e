"""When a schedule runs: a cron expression or an interval, between two times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from pipeline.errors import InputError
from pipeline.kubeflow.client import cron as crons

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Trigger:
    """When a schedule runs.

    Args:
        cron: the expression, or None.
        interval: seconds between two runs, or None; one of the two is given.
        start: only after this time; the server leaves out a time that is the start itself.
        end: not after this time.
    """

    cron: crons.Cron | None
    interval: int | None
    start: datetime | None = None
    end: datetime | None = None

    def body(self, since: datetime | None = None) -> dict[str, Any]:
        """Returns the trigger as the API wants it.

        Args:
            since: a time before which it shall not start either.
        """
        start = max((moment for moment in (self.start, since) if moment), default=None)
        span = {"start_time": _written(start), "end_time": _written(self.end)}
        span = {key: value for key, value in span.items() if value}
        if self.cron:
            return {"cron_schedule": {"cron": self.cron.text, **span}}
        return {"periodic_schedule": {"interval_second": str(self.interval), **span}}

    def explained(self) -> str:
        """Returns it in words."""
        if self.cron:
            return f'cron "{self.cron.text}" ({self.cron.explained()})'
        seconds = self.interval or 1
        unit, size = next((unit, size) for unit, size in _UNITS.items() if seconds % size == 0)
        return f"every {seconds // size}{unit}"

    def next(self, anchor: datetime, now: datetime, zone: tzinfo = UTC) -> datetime | None:
        """Returns the next time it runs, or None if it does not run again.

        Args:
            anchor: the last time it ran, or else its start, or when it was made: an interval counts from there.
            now: the present.
            zone: the server's time zone, in which a cron expression is meant.
        """
        begin = max(now, self.start) if self.start else now
        if self.cron:
            coming = self.cron.after(begin, zone)
        else:
            step = timedelta(seconds=self.interval or 1)
            anchor = max(anchor, self.start) if self.start else anchor
            coming = anchor + step * max(1, -((anchor - begin) // step))
        return None if coming is None or (self.end and coming > self.end) else coming


def make_trigger(cron: str | None, interval: str | None, start: str | None, end: str | None) -> Trigger:
    """Makes a trigger of what the user wrote.

    Args:
        cron: five or six fields.
        interval: a whole number with a unit s, m, h or d; seconds where it has none.
        start: ISO 8601; UTC where it names no zone.
        end: likewise.

    Raises:
        InputError: not exactly one of cron and interval is given, or one of them cannot be understood.
    """
    if (cron is None) == (interval is None):
        got = "neither" if cron is None else "both"
        raise InputError(f"A schedule must have either --cron or --interval, got {got}. Give one of them.")
    begin, finish = _moment("start", start), _moment("end", end)
    if begin and finish and finish <= begin:
        raise InputError(f"The end must be after the start, got {end} and {start}. Change --end or --start.")
    parsed = crons.parse(cron) if cron is not None else None
    return Trigger(parsed, None if interval is None else _seconds(interval), begin, finish)


def _seconds(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([smhd]?)", text.strip())
    seconds = int(match[1]) * _UNITS[match[2] or "s"] if match else 0
    if seconds < 1:
        raise InputError(
            f'The interval must be a whole number of s, m, h or d, at least 1 s, got "{text}". Give it as in 6h.'
        )
    return seconds


def _moment(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f'The {name} must be a time in ISO 8601, got "{text}". Give it as in --{name} 2030-01-31T03:00:00Z.'
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
