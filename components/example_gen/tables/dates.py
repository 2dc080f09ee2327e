"""A date in the name of the data: one configuration for the files of every day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

PLACE = "{date}"


def dated(paths: Iterable[str], date: str) -> tuple[str, ...]:
    """Returns the paths with `{date}` replaced.

    Args:
        paths: files, folders or globs.
        date: `YYYY-MM-DD`; empty for today in UTC.
    """
    day = date or datetime.now(UTC).date().isoformat()
    return tuple(path.replace(PLACE, day) for path in paths)


def is_date(text: str) -> bool:
    """Returns whether a text is a date as `dated` takes it."""
    try:
        return not text or datetime.strptime(text, "%Y-%m-%d").date().isoformat() == text
    except ValueError:
        return False
