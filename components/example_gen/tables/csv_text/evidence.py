"""Which reading of CSV text its own rows speak for: quoted or not, with escapes or without."""

from __future__ import annotations

import dataclasses
import enum
import functools
import itertools
import re

import numpy as np

from components.example_gen.tables.csv_text.boundaries import Marks, Reading, mark
from components.example_gen.tables.csv_text.escapes import proves_escapes, unknown
from components.example_gen.tables.dialect import MISSING, Dialect
from components.shared.errors import InputError

_NUMBER = re.compile(rb"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_MISSING = frozenset(text.encode() for text in MISSING)
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Found(enum.StrEnum):
    """What was recognised that a user may not expect."""

    PLAIN_QUOTES = "plain quotes"
    ESCAPED_QUOTES = "escaped quotes"
    ESCAPES = "escapes"
    BACKSLASHES = "backslashes"


@dataclasses.dataclass(frozen=True)
class Choice:
    """A reading and why it was chosen.

    Args:
        reading: how to read the text.
        found: what about it a user may not expect, if anything is.
        row: the row that shows it; 0 is the header.
    """

    reading: Reading
    found: Found | None = None
    row: int = 0


class Sample:
    """Text from a file's beginning, and how well each reading fits it.

    Args:
        text: the text, from the header on.
        whole: whether it is all of the file.
    """

    def __init__(self, text: bytes, *, whole: bool):
        self.text = text
        self.whole = whole
        self.marks = functools.lru_cache(maxsize=None)(self._marks)

    def share(self, reading: Reading) -> tuple[float, int]:
        """Returns the share of rows as wide as the header, and that width."""
        widths = self.marks(reading).widths
        return (float((widths == widths[0]).mean()), int(widths[0])) if len(widths) else (0.0, 1)

    def is_clean(self, reading: Reading) -> bool:
        """Returns whether all rows are equally wide, and every quoted cell ends as it must and holds no rows."""
        marks = self.marks(reading)
        ended = not len(marks.broken) and (marks.unclosed is None or not self.whole)
        return ended and marks.is_even and swallowed(self.text, marks, int(marks.widths[0])) is None

    def _marks(self, reading: Reading) -> Marks:
        marks = mark(self.text, reading, whole=self.whole)
        if self.whole or not len(marks.ends):
            return marks
        # The row that the sample cuts off says nothing, unless a quote keeps it open over many lines.
        end = int(marks.ends[-1]) + 1
        opened = marks.unclosed
        if opened is not None and _has_rows(self.text[end:], reading.delimiter, int(marks.widths[0])):
            return dataclasses.replace(marks, broken=np.append(marks.broken, opened))
        return mark(self.text[:end], reading)


def choose(sample: Sample, delimiter: str, dialect: Dialect, name: str) -> Choice:
    """Returns the reading that the rows of a sample speak for; the usual one where they do not say.

    Args:
        sample: text from the file's beginning.
        delimiter: its delimiter.
        dialect: what the user says of quoting and escapes.
        name: the file's name, for the error.

    Raises:
        InputError: two readings fit equally well and differ.
    """
    quoting = {"auto": (True, False), "quoted": (True,), "none": (False,)}[dialect.quoting]
    escapes = {"auto": (False, True), "none": (False,), "backslash": (True,)}[dialect.escape]
    allowed = [Reading(delimiter, quoted, escaped) for quoted in quoting for escaped in escapes]
    usual = allowed[0]
    if len(allowed) == 1 or not (b'"' in sample.text or b"\\" in sample.text):
        return Choice(usual)
    if dialect.quoting == "none":
        return _with_escapes(sample, allowed, usual, None)
    escaped = Reading(delimiter, escaped=True)
    opened = len(sample.marks(usual).opens) > 0
    if dialect.escape == "backslash" and not opened:
        return Choice(Reading(delimiter, quoted=delimiter != "\t", escaped=True))
    if sample.is_clean(usual):
        if not opened and delimiter == "\t" and dialect.quoting == "auto":
            return _with_escapes(sample, allowed, usual, None)
        if escaped in allowed and _differ(sample, usual, escaped):
            raise InputError(
                f'"{name}" must be read in one way, got a backslash before a quote that may be an escape or the end of '
                f"a text. Set data.escape to backslash or none."
            )
        return Choice(usual)
    quote = sample.text.find(b'\\"')
    if escaped in allowed and quote >= 0 and sample.is_clean(escaped):
        return Choice(escaped, Found.ESCAPED_QUOTES, sample.marks(escaped).row(quote) - 1)
    plain = Reading(delimiter, quoted=False, escaped=usual.escaped)
    if plain not in allowed:
        return Choice(usual)
    strays, quoted = _strays(sample, plain)
    if quoted:
        return Choice(usual)
    rows = len(sample.marks(plain).rows[0])
    if strays and sample.is_clean(plain) and (delimiter == "\t" or len(strays) >= max(3, rows / 100)):
        return _with_escapes(sample, allowed, plain, sample.marks(plain).row(strays[0]) - 1)
    other = _with_escapes(sample, allowed, plain, None)
    return other if other.reading.escaped and (strays or not sample.is_clean(plain)) else Choice(usual)


def accepts(sample: Sample, reading: Reading) -> bool:
    """Returns whether a sample can be read as other files of its table are, without a reason of its own to."""
    if b'"' not in sample.text and b"\\" not in sample.text:
        return True
    if not sample.is_clean(reading) or (not reading.quoted and _strays(sample, reading)[1]):
        return False
    return reading.quoted or not reading.escaped or unknown(sample.text, reading) is None


def swallowed(text: bytes, marks: Marks, width: int) -> int | None:
    """Returns the position of the first quoted cell that seems to have swallowed rows, if there is one.

    Such a cell has line ends, every line of its row has as many delimiters as a whole row, its lines hold numbers
    where the rows around it do, and most cells of its column are not quoted. A text of several lines is seldom so.

    Args:
        text: the text.
        marks: its marks.
        width: the number of cells in a row.
    """
    if not len(marks.inner) or width < 3:
        return None
    opens, closes = marks.opens[: len(marks.closes)], marks.closes
    delimiters = np.flatnonzero(marks.codes == marks.delimiter)
    lines = np.searchsorted(marks.inner, closes) - np.searchsorted(marks.inner, opens)
    cells = np.searchsorted(delimiters, closes) - np.searchsorted(delimiters, opens)
    starts, stops = marks.rows
    delimiter = bytes([marks.delimiter])
    numbers: list[int] | None = None
    for position in opens[(lines > 0) & (cells == lines * (width - 1))].tolist():
        row = int(np.searchsorted(starts, position, side="right")) - 1
        within = [line.split(delimiter) for line in _LINE_END.split(text[int(starts[row]) : int(stops[row])])]
        if any(len(line) != width for line in within):
            continue
        if numbers is None:
            numbers = _number_columns([_cells(text, marks, near) for near in range(len(starts))[1:60]])
        if _hold_numbers(within[1:], numbers) and not _is_quoted(marks, row, position):
            return position
    return None


def _is_quoted(marks: Marks, row: int, position: int) -> bool:
    """Returns whether most cells around a cell, in its column and of one line, begin with a quote."""
    starts, stops = marks.rows
    first = np.searchsorted(marks.delimiters, starts)
    column = int(np.searchsorted(marks.delimiters, position)) - int(first[row])
    near = np.setdiff1d(np.arange(max(1, row - 30), min(len(starts), row + 30)), [row])
    of_one_line = np.searchsorted(marks.inner, starts[near]) == np.searchsorted(marks.inner, stops[near])
    near = near[of_one_line & (marks.widths[near] > column)]
    begins = marks.delimiters[first[near] + column - 1] + 1 if column else starts[near]
    quoted = marks.codes[np.minimum(begins, len(marks.codes) - 1)] == ord('"')
    return len(near) >= 3 and bool(quoted.mean() > 0.5)


def _cells(text: bytes, marks: Marks, row: int) -> list[bytes]:
    start, stop = (int(edges[row]) for edges in marks.rows)
    first, last = np.searchsorted(marks.delimiters, (start, stop))
    edges = [start - 1, *marks.delimiters[first:last].tolist(), stop]
    return [text[edge + 1 : after] for edge, after in itertools.pairwise(edges)]


def _number_columns(rows: list[list[bytes]]) -> list[int]:
    """Returns the columns in which nearly all cells are numbers."""
    found = []
    for column in range(min(map(len, rows), default=0)):
        values = [row[column].strip(b' "') for row in rows]
        values = [value for value in values if value not in _MISSING]
        numbers = sum(_NUMBER.fullmatch(value) is not None for value in values)
        if len(values) >= 3 and numbers >= 0.9 * len(values):
            found.append(column)
    return found


def _hold_numbers(lines: list[list[bytes]], columns: list[int]) -> bool:
    """Returns whether lines hold numbers, or nothing, in some columns."""
    values = [line[column].strip() for line in lines for column in columns]
    return all(value in _MISSING or b'"' in value or _NUMBER.fullmatch(value) for value in values)


def _has_rows(text: bytes, delimiter: str, width: int) -> bool:
    lines = [line for line in _LINE_END.split(text)[:-1] if line]
    return len(lines) >= 3 and all(line.count(delimiter.encode()) == width - 1 for line in lines)


def _with_escapes(sample: Sample, allowed: list[Reading], plain: Reading, stray: int | None) -> Choice:
    """Returns unquoted text's choice: with escapes where they are proved.

    Args:
        sample: the text.
        allowed: the readings that the user leaves open.
        plain: the reading without escapes.
        stray: the row whose quote shows that quotes are ordinary characters; None where nothing is quoted.
    """
    escaped = Reading(plain.delimiter, quoted=False, escaped=True)
    shown = Choice(plain) if stray is None else Choice(plain, Found.PLAIN_QUOTES, stray)
    backslash = sample.text.find(b"\\")
    if plain.escaped or escaped not in allowed or backslash < 0 or not sample.is_clean(escaped):
        return shown
    if unknown(sample.text, escaped) is not None:
        return shown
    row = sample.marks(escaped).row(backslash) - 1
    if proves_escapes(sample.text, escaped):
        return Choice(escaped, Found.ESCAPES, row)
    return shown if stray is not None else Choice(plain, Found.BACKSLASHES, row)


def _differ(sample: Sample, usual: Reading, escaped: Reading) -> bool:
    if b'\\"' not in sample.text or not sample.is_clean(escaped):
        return False
    return not np.array_equal(sample.marks(usual).closes, sample.marks(escaped).closes)


def _strays(sample: Sample, plain: Reading) -> tuple[list[int], bool]:
    """Returns the quotes that begin a cell and have no partner at its end, and whether the cells must be quoted.

    They must where the header is, where a quote is doubled in one, or where all of a column is.
    """
    marks = sample.marks(plain)
    starts, stops = marks.rows
    if not len(starts):
        return [], False
    begins = np.sort(np.concatenate([starts, marks.delimiters + 1]))
    ends = np.sort(np.concatenate([marks.delimiters, stops]))
    first = np.searchsorted(begins, starts)
    row = np.searchsorted(starts, begins, side="right") - 1
    column = np.arange(len(begins)) - first[row]
    filled = ends > begins
    counts = np.bincount(column[filled], minlength=int(column.max()) + 1)
    enclosed = np.zeros_like(counts)
    strays = []
    for cell in np.flatnonzero(filled & (marks.codes[np.minimum(begins, len(marks.codes) - 1)] == ord('"'))).tolist():
        content = sample.text[int(begins[cell]) : int(ends[cell])]
        inner = content[1:-1]
        if len(content) < 2 or content[-1:] != b'"' or b'"' in inner.replace(b'""', b""):
            strays.append(int(begins[cell]))
        elif row[cell] == 0 or b'""' in inner:
            return strays, True
        else:
            enclosed[column[cell]] += 1
    return strays, bool(((enclosed >= 3) & (enclosed >= 0.9 * (counts - 1))).any())
