"""Durations and times of day as seconds, whatever program, unit or format wrote them."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_CLOCK = r"(?P<sign>[+-])?(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d(?:\.\d{1,9})?)"
_STYLES = (
    # pandas and PostgreSQL (`-1 days +23:59:00`, `1 day 02:03:04`), Python (`1 day, 2:03:04`)
    re.compile(rf"(?P<days>[+-]?\d{{1,7}}) days?(?:,? {_CLOCK})?", re.ASCII),
    re.compile(_CLOCK, re.ASCII),
    # Spark
    re.compile(rf"INTERVAL '(?P<negative>-)?(?P<days>\d{{1,7}}) {_CLOCK}' DAY TO SECOND", re.ASCII),
    # ISO 8601
    re.compile(
        r"(?P<negative>[+-])?P(?=.)(?:(?P<weeks>-?\d+)W)?(?:(?P<days>-?\d+)D)?"
        r"(?:T(?=.)(?:(?P<hours>-?\d+)H)?(?:(?P<minutes>-?\d+)M)?(?:(?P<seconds>-?\d+(?:\.\d{1,9})?)S)?)?",
        re.ASCII,
    ),
)
_LENGTHS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def read(text: pa.Array) -> np.ndarray:
    """Returns the seconds of texts without blanks at their ends, float64 `[n]`, NaN where one is no duration."""
    encoded = pc.dictionary_encode(text)
    values = np.array([_seconds(one) for one in encoded.dictionary.to_pylist()] + [np.nan], np.float64)
    return values[pc.fill_null(encoded.indices, len(values) - 1).to_numpy(zero_copy_only=False)]


def from_arrow(column: pa.Array) -> pa.Array:
    """Returns a column of a duration or time type as seconds, float64 `[n]`, alike for every unit."""
    per_second = _PER_SECOND[column.type.unit]
    whole = pa.int32() if pa.types.is_time32(column.type) else pa.int64()
    counts = pc.fill_null(column.cast(whole), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    seconds, rest = np.divmod(counts, per_second)
    return pa.array(seconds + rest / per_second, mask=column.is_null().to_numpy(zero_copy_only=False))


def _seconds(text: str) -> float:
    for style in _STYLES:
        found = style.fullmatch(text)
        if found:
            parts = found.groupdict()
            days = {name: float(parts.get(name) or 0) * _LENGTHS[name] for name in ("weeks", "days")}
            clock = sum(float(parts[name] or 0) * _LENGTHS[name] for name in ("hours", "minutes", "seconds"))
            total = sum(days.values()) + (-clock if parts.get("sign") == "-" else clock)
            return -total if parts.get("negative") == "-" else total
    return float("nan")
