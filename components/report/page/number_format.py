"""Numbers as a reader sees them: few digits, thousands apart, a true minus sign, units of time and memory.

The page rounds; the exact value stands beside each rounded one, in the `value` attribute of its `<data>` element.
"""

from __future__ import annotations

import math

from components.evaluator.analysis.wording import estimate as worded
from components.formats.estimates import Estimated
from components.relatedness.sharing import percent as worded_change
from components.shared.time_in_words import span

NONE = "–"
_WHOLE_BELOW = 1e9  # wider ones push the rest of a table out of sight


def number(value: float | None, digits: int = 4) -> str:
    """`value` with `digits` significant digits, whole numbers whole; a dash for None."""
    if value is None:
        return NONE
    if value == int(value) and abs(value) < _WHOLE_BELOW:
        return f"{int(value):,}".replace("-", "−")
    size = math.floor(math.log10(abs(value)))
    if -5 < size < 9:
        return f"{value:,.{max(0, digits - 1 - size)}f}".replace("-", "−")
    return f"{value / 10.0**size:.{digits - 1}f}e{size}".replace("-", "−")


def percent(share: float | None) -> str:
    """A share as percent: `0 %` and `100 %` only where they are exact."""
    if share is None:
        return NONE
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    if share < 0.001:
        return "<0.1 %"
    return f"{min(share, 0.999):.1%}".replace("%", " %")


def estimate(interval: Estimated | None) -> str:
    """The value with its interval, such as `0.31 [0.24, 0.40]`; a dash where it is undefined."""
    return NONE if interval is None or interval.value is None else worded(interval)


def change(interval: Estimated) -> str:
    """A relative change in percent with its interval, such as `−4.2 % [−7.1 %, −1.3 %]`; a dash where undefined."""
    return NONE if interval.value is None else worded_change(interval)


def duration(seconds: float | None) -> str:
    """Seconds as `4.2 s`, `3 min 05 s` or `2 h 10 min`; a dash for None."""
    return NONE if seconds is None else span(seconds)


def latency(seconds: float | None) -> str:
    """Seconds as `0.42 ms`."""
    return NONE if seconds is None else f"{number(1000 * seconds, 2)} ms"


def memory(mebibytes: float | None) -> str:
    """MiB as `830 MiB` or `2.1 GiB`."""
    if mebibytes is None:
        return NONE
    return f"{mebibytes:,.0f} MiB" if mebibytes < 1024 else f"{mebibytes / 1024:,.1f} GiB"


def short(text: str, length: int) -> str:
    """The text, cut to `length` characters with an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def moment(iso: str) -> str:
    """A time in UTC as `2026-11-22 15:16:21 UTC`."""
    return iso.replace("T", " ").replace("+00:00", " UTC")
