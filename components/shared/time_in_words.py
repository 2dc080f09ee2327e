"""Spans of time as a person reads them."""

from __future__ import annotations


def span(seconds: float) -> str:
    """Returns seconds as `4.2 s`, `3 min 05 s` or `2 h 10 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def in_minutes(minutes: float) -> str:
    """Returns `1 minute`, `10 minutes` or `0.5 minutes`."""
    return f"{minutes:,.10g} minute{'' if minutes == 1 else 's'}"
