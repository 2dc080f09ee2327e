r"""Backslash escapes of CSV text, rewritten so that Arrow reads what their writer meant.

In quoted cells a backslash stands before a quote, a backslash, and what else would end the cell or its row (Spark,
MySQL); before anything else it is an ordinary character there, as it is in unquoted cells beside them. Where nothing
is quoted (PostgreSQL's COPY, MySQL's OUTFILE and `--batch`, ClickHouse's TSV) `\t`, `\n` and their like stand for
control characters, a backslash before a delimiter or a line end takes away its meaning, and a cell `\N` has no value.
"""

from __future__ import annotations

import re

from components.example_gen.tables.csv_text.boundaries import Marks, Reading

NULL = "\0N\0"  # how Arrow is told of a cell without a value
_LETTERS = {
    b"\\t": b"\\\t",
    b"\\n": b"\\\n",
    b"\\r": b"\\\r",
    b"\\\r\n": b"\\\r\\\n",
    b"\\b": b"\b",
    b"\\f": b"\f",
    b"\\v": b"\v",
    b"\\a": b"\a",
    b"\\0": b"\0",
    b"\\'": b"'",
    b'\\"': b'"',
}
_PAIR = re.compile(rb"\\(?:\r\n|.)", re.DOTALL)
_KEPT = {b'"': b'""', b"\\": b"\\", b"\n": b"\n", b"\r": b"\r", b"0": b"\0"}


def rewritten(text: bytes, reading: Reading, marks: Marks) -> bytes:
    """Returns escaped text with quotes doubled where cells are quoted, else with backslashes as Arrow takes them."""
    if b"\\" not in text:
        return text
    return _quoted(text, reading, marks) if reading.quoted else _unquoted(text, reading)


def unknown(text: bytes, reading: Reading) -> re.Match[bytes] | None:
    """Returns the first escape of unquoted text that no program is known to write, if there is one."""
    known = {*_LETTERS, b"\\\\", b"\\\n", b"\\N", b"\\" + reading.delimiter.encode()}
    return next((pair for pair in _PAIR.finditer(text) if pair[0] not in known), None)


def proves_escapes(text: bytes, reading: Reading) -> bool:
    r"""Returns whether backslashes in unquoted text must be escapes.

    A cell `\N` and a doubled backslash say so, unless it begins a cell, as the name of a network drive does.
    """
    edge = re.escape(reading.delimiter.encode()) + rb"\r\n"
    proof = rb"(?<![^%b])\\N(?![^%b])|(?<=[^\\%b])\\\\(?!\\)|\\\\\\\\|\\%b|\\\n" % (
        edge,
        edge,
        edge,
        re.escape(reading.delimiter.encode()),
    )
    return re.search(proof, text) is not None


def _unquoted(text: bytes, reading: Reading) -> bytes:
    edge = re.escape(reading.delimiter.encode()) + rb"\r\n"
    null = re.compile(rb"(?<![^%b])\\N(?![^%b])" % (edge, edge))
    delimiter = reading.delimiter.encode()
    kept = (b"\\\\", b"\\" + delimiter, b"\\\n", b"\\\r")

    def one(pair: re.Match[bytes]) -> bytes:
        found = pair[0]
        if found == b"\\N":
            # Arrow takes the backslash away from what follows; a cell of these two letters alone has no value.
            return NULL.encode() if null.match(text, pair.start()) else b"\\\\N"
        if found in _LETTERS:
            return _LETTERS[found]
        return found if found in kept else found[1:]

    return _PAIR.sub(one, text)


def _quoted(text: bytes, reading: Reading, marks: Marks) -> bytes:
    delimiter = reading.delimiter.encode()
    kept = _KEPT | {delimiter: delimiter}

    def one(pair: re.Match[bytes]) -> bytes:
        return kept.get(pair[0][1:], pair[0])

    parts, done = [], 0
    for start, stop in zip(marks.opens.tolist(), marks.closes.tolist(), strict=False):
        if text.find(b"\\", start, stop) >= 0:
            parts += [text[done:start], _PAIR.sub(one, text[start:stop])]
            done = stop
    return b"".join([*parts, text[done:]])
