"""Instants in one text each, whatever unit, zone, writer or format they came from.

`2024-01-01` at midnight UTC, else `2024-01-01 10:00:00`, with six digits of a fraction where there is one, nine where
it has nanoseconds. A time without a zone is taken as UTC.
"""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ENDLESS = ("infinity", "-infinity", "+infinity")
"""Dates without an end, as PostgreSQL and DuckDB write them."""

_ISO = (
    r"^(?P<day>\d{4}-\d{2}-\d{2})(?:[Tt ](?P<clock>\d{2}:\d{2})(?::(?P<second>\d{2}))?(?:[.,](?P<fraction>\d{1,9}))?"
    r" ?(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_DAY = 86_400
_FIRST, _BEYOND = -62_135_596_800, 253_402_300_800  # seconds: 0001-01-01, and the end of 9999-12-31
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def canonical(text: pa.Array) -> pa.Array:
    """Returns texts, string `[n]`, without blanks at their ends, with the instants among them in one form."""
    mask = _maybe(text)
    if not mask.any():
        return text
    some = text if mask.all() else text.filter(pa.array(mask))
    found = _usual(some)
    if found is None:
        found = _any(some)
    return found if mask.all() else pc.replace_with_mask(text, pa.array(mask), found)


def _usual(text: pa.Array) -> pa.Array | None:
    """Returns instants in one form if all are of the shape that most programs write, None else: a short way."""
    lengths = pc.binary_length(text)
    if not pc.all(pc.equal(lengths, len("2024-01-01 10:00:00"))).as_py():
        if not pc.all(pc.and_(pc.equal(lengths, len("2024-01-01T10:00:00Z")), pc.ends_with(text, "Z"))).as_py():
            return None
        text = pc.utf8_slice_codeunits(text, 0, -1)
    try:
        seconds = text.cast(pa.timestamp("s")).cast(pa.int64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    if (seconds < _FIRST).any():
        return None
    midnight = seconds % _DAY == 0
    text = pc.replace_substring(text, "T", " ")
    return pc.if_else(pa.array(midnight), pc.utf8_slice_codeunits(text, 0, 10), text) if midnight.any() else text


def _any(text: pa.Array) -> pa.Array:
    encoded = pc.dictionary_encode(text)
    dictionary = encoded.dictionary
    seconds, nanos, known = _parse(dictionary)
    return pc.if_else(pa.array(known), _text(seconds, nanos), dictionary).take(encoded.indices)


def is_instant(text: pa.Array) -> np.ndarray:
    """Returns which texts are instants, bool `[n]`."""
    if len(text) and _maybe(text).all() and _usual(text) is not None:
        return np.ones(len(text), bool)
    return _parse(text)[2]


def order(text: pa.Array) -> np.ndarray:
    """Returns microseconds since 1970, float64 `[n]`, of texts that are instants, NaN for others."""
    encoded = pc.dictionary_encode(text)
    seconds, nanos, known = _parse(encoded.dictionary)
    values = np.append(np.where(known, seconds * 1e6 + nanos // 1_000, np.nan), np.nan)
    return values[pc.fill_null(encoded.indices, len(values) - 1).to_numpy(zero_copy_only=False)]


def from_arrow(column: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Returns a column of a date or timestamp type as text, and which cells lie beyond the years 1 to 9999.

    Those, the endless dates of DuckDB among them, are null in the text.
    """
    kind = column.type
    if pa.types.is_date32(kind):
        counts, per_second = column.cast(pa.int32()), 1
    else:
        counts, per_second = column.cast(pa.int64()), 1_000 if pa.types.is_date64(kind) else _PER_SECOND[kind.unit]
    values = pc.fill_null(counts, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    seconds, rest = (
        (values * _DAY, np.zeros_like(values)) if pa.types.is_date32(kind) else np.divmod(values, per_second)
    )
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    inside = (seconds >= _FIRST) & (seconds < _BEYOND)
    text = _text(np.where(inside, seconds, 0), rest * (1_000_000_000 // per_second))
    return pc.if_else(pa.array(inside & valid), text, pa.scalar(None, pa.string())), valid & ~inside


def _maybe(text: pa.Array) -> np.ndarray:
    """Returns which texts may be instants with a time of day, by three of their bytes: this is asked of every text."""
    if not len(text):
        return np.zeros(0, bool)
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    mask = np.diff(ends) >= len("2024-01-01 10:00")
    if not mask.any():
        return mask
    bytes_, starts = np.frombuffer(data, np.uint8), ends[:-1][mask]
    like = (bytes_[starts + 4] == ord("-")) & (bytes_[starts + 7] == ord("-")) & (bytes_[starts + 13] == ord(":"))
    mask[mask] = like
    return mask & text.is_valid().to_numpy(zero_copy_only=False)


def _parse(text: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns seconds since 1970 UTC, nanoseconds beyond them, both int64 `[n]`, and which texts are instants."""
    parts = pc.extract_regex(text, _ISO)
    known = parts.is_valid().to_numpy(zero_copy_only=False).copy()
    seconds, nanos = np.zeros(len(text), np.int64), np.zeros(len(text), np.int64)
    if not known.any():
        return seconds, nanos, known
    parts = parts.filter(pa.array(known))
    clock = _or(pc.struct_field(parts, "clock"), "00:00")
    written = pc.binary_join_element_wise(
        pc.struct_field(parts, "day"),
        pc.binary_join_element_wise(clock, _or(pc.struct_field(parts, "second"), "00"), ":"),
        " ",
    )
    local, valid = _seconds(written)
    fraction = pc.utf8_rpad(pc.fill_null(pc.struct_field(parts, "fraction"), ""), 9, "0").cast(pa.int64())
    zones = pc.dictionary_encode(pc.struct_field(parts, "zone"))
    shifts = np.array([_shift(zone) for zone in zones.dictionary.to_pylist()], np.int64)
    seconds[known] = local - shifts[zones.indices.to_numpy(zero_copy_only=False)]
    nanos[known] = fraction.to_numpy(zero_copy_only=False)
    known[known] = valid
    return seconds, nanos, known


def _or(text: pa.Array, other: str) -> pa.Array:
    return pc.if_else(pc.equal(text, ""), other, text)


def _seconds(written: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Returns `2024-01-01 10:00:00` as seconds, int64 `[n]`, and which are dates of the calendar."""
    try:
        values = written.cast(pa.timestamp("s")).cast(pa.int64()).to_numpy(zero_copy_only=False)
        return values, values >= _FIRST
    except pa.ArrowInvalid:
        found = [_second(one) for one in written.to_pylist()]
        return np.array([one or 0 for one in found], np.int64), np.array([one is not None for one in found])


def _second(written: str) -> int | None:
    try:
        time = datetime.datetime.fromisoformat(written).replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
    return int((time - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) / datetime.timedelta(seconds=1))


def _shift(zone: str) -> int:
    """Returns the seconds that a zone is ahead of UTC."""
    if zone[:1] not in ("+", "-"):
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    ahead = int(digits[:2]) * 3_600 + int(digits[2:]) * 60
    return -ahead if zone[0] == "-" else ahead


def _text(seconds: np.ndarray, nanos: np.ndarray) -> pa.Array:
    text = pa.array(seconds, pa.timestamp("s")).cast(pa.string())
    midnight = (seconds % _DAY == 0) & (nanos == 0)
    if midnight.any():
        text = pc.if_else(pa.array(midnight), pc.utf8_slice_codeunits(text, 0, 10), text)
    if nanos.any():
        digits = pc.utf8_lpad(pa.array(nanos).cast(pa.string()), 9, "0")
        digits = pc.if_else(pa.array(nanos % 1_000 == 0), pc.utf8_slice_codeunits(digits, 0, 6), digits)
        text = pc.if_else(pa.array(nanos != 0), pc.binary_join_element_wise(text, digits, "."), text)
    return text
