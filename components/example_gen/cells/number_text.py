"""Numbers as a table's author writes them: one grammar for training, prediction, serving logs and checks.

A number is what Python and Arrow both read: `5`, `-0.5`, `.5`, `5.`, `1e5`, `+inf`, `nan`. Hexadecimal digits, digits
of other scripts and marks between digits are text.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"(?i)^[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)$"
_PADDED = r"^[+-]?0\d"
_SWAPPED = "\x1f"  # stands for a point where the comma is the decimal mark; no number holds it


def with_point(text: pa.Array, decimal: str) -> pa.Array:
    """Returns texts, string `[n]`, with a point for the decimal mark; what holds another point is no number then."""
    if decimal == ".":
        return text
    return pc.replace_substring(pc.replace_substring(text, ".", _SWAPPED), decimal, ".")


def is_number(text: pa.Array) -> np.ndarray:
    """Returns which texts, string `[n]` without blanks at their ends, are numbers, bool `[n]`."""
    return filled(pc.match_substring_regex(text, _NUMBER))


def is_unpadded(text: pa.Array) -> np.ndarray:
    """Returns which texts are numbers without digits after a leading zero, bool `[n]`."""
    return is_number(text) & ~filled(pc.match_substring_regex(text, _PADDED))


def any_padded(text: pa.Array) -> bool:
    """Returns whether a text has digits after a leading zero ("007", "-01"), as identifiers have.

    This is asked of every number of a CSV, so the first three bytes are looked at without a regular expression.
    """
    _, offsets, data = text.buffers()
    if data is None:
        return False
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    starts, lengths = ends[:-1], np.diff(ends)
    starts, lengths = starts[lengths > 1], lengths[lengths > 1]
    content = np.frombuffer(data, np.uint8)
    signed = np.isin(content[starts], (ord("+"), ord("-")))
    starts, lengths = starts + signed, lengths - signed
    starts = starts[(lengths > 1) & (content[starts] == ord("0"))]
    return bool(((content[starts + 1] >= ord("0")) & (content[starts + 1] <= ord("9"))).any())


def parse(text: pa.Array) -> pa.Array | None:
    """Returns texts without nulls as int64 where all are 64-bit integers, else float64; None if one is no number."""
    if not len(text):
        return text.cast(pa.float64())
    integers = _cast(text, pa.int64())
    # Arrow reads 0x1F as an integer, and nan(1) as NaN; a table's author means text.
    if integers is not None and not pc.any(pc.match_substring(text, "x", ignore_case=True)).as_py():
        return integers
    floats = _cast(text, pa.float64())
    if floats is not None and pc.any(pc.is_nan(floats)).as_py() and pc.any(pc.match_substring(text, "(")).as_py():
        return None
    return floats


def whole(text: pa.Array) -> pa.Array:
    """Returns texts with whole numbers as their digits: `1` for `1.0`, `1.` and `1e0`; all others as they are."""
    text = pc.replace_substring_regex(text, r"^([+-]?\d+)\.0*$", r"\1")
    text = pc.replace_substring_regex(text, r"^[+-]0+$", "0")
    powers = pc.and_(pc.match_substring(text, "e", ignore_case=True), pc.match_substring_regex(text, _NUMBER))
    mask = filled(powers)
    if not mask.any():
        return text
    found = [_digits(one) for one in text.filter(pa.array(mask)).to_pylist()]
    return pc.replace_with_mask(text, pa.array(mask), pa.array(found, pa.string()))


def text_of(numbers: pa.Array) -> pa.Array:
    """Returns int64 or float64 `[n]` as text: whole numbers as their digits, others as short as they can be."""
    text = numbers.cast(pa.string())
    return whole(text) if pa.types.is_floating(numbers.type) else text


def filled(mask: pa.Array) -> np.ndarray:
    """Returns a mask, bool `[n]`, that is False where it is null."""
    return pc.fill_null(mask, False).to_numpy(zero_copy_only=False)


def _digits(text: str) -> str:
    value = float(text)
    return str(int(value)) if value.is_integer() and abs(value) < 2.0**63 else text


def _cast(text: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Returns the texts as numbers, None if one is none."""
    try:
        # A cast that fails writes a message for every cell; a few cells tell most failures in advance.
        text[:16].cast(kind)
        return text.cast(kind)
    except pa.ArrowInvalid:
        return None
