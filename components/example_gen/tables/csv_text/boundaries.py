"""Where the rows and the quoted cells of CSV text begin and end, as Arrow and Python's `csv` module see it."""

from __future__ import annotations

import dataclasses
import functools
import re

import numpy as np

_QUOTE, _LF, _CR = b'"\n\r'
_PAIRS = {True: re.compile(rb'\\[\\"]'), False: re.compile(rb"\\(?:\r\n|.)", re.DOTALL)}


@dataclasses.dataclass(frozen=True)
class Reading:
    """One way to read the same text.

    Args:
        delimiter: one character between cells.
        quoted: whether a quote at the beginning of a cell opens it until the next one that is not doubled; else
            every quote is an ordinary character.
        escaped: whether a backslash escapes: the next quote or backslash of a quoted cell; where nothing is quoted,
            any character, a delimiter and a line end among them.
    """

    delimiter: str
    quoted: bool = True
    escaped: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Marks:
    """The marks of some text that begins with a row; positions are int64, in bytes.

    Args:
        codes: the text, uint8, escape pairs blotted out.
        delimiter: its delimiter, a byte.
        opens: the quotes that open a cell.
        closes: those that close one; one fewer than `opens` where the last is not closed.
        broken: the opening quotes of cells that go on after their closing quote.
        ends: the line ends that end rows: LF, or CR alone.
        inner: the line ends inside quoted cells.
    """

    codes: np.ndarray
    delimiter: int
    opens: np.ndarray
    closes: np.ndarray
    broken: np.ndarray
    ends: np.ndarray
    inner: np.ndarray

    @property
    def unclosed(self) -> int | None:
        """Position of the quote that is not closed, if there is one."""
        return int(self.opens[-1]) if len(self.opens) > len(self.closes) else None

    @functools.cached_property
    def delimiters(self) -> np.ndarray:
        """The delimiters between cells."""
        found = np.flatnonzero(self.codes == self.delimiter)
        return found[~self._quoted(found)] if len(self.opens) else found

    @functools.cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """First and one past the last position of every row that is not blank, without its line end."""
        stops = self.ends
        if len(self.codes) > (int(stops[-1]) + 1 if len(stops) else 0) and self.unclosed is None:
            stops = np.append(stops, len(self.codes))
        starts = np.concatenate([[0], stops[:-1] + 1]) if len(stops) else stops
        crlf = (stops > starts) & (self.codes[np.maximum(stops - 1, 0)] == _CR)
        stops = stops - crlf
        return starts[stops > starts], stops[stops > starts]

    @functools.cached_property
    def widths(self) -> np.ndarray:
        """The number of cells of every row that is not blank."""
        starts, stops = self.rows
        return np.searchsorted(self.delimiters, stops) - np.searchsorted(self.delimiters, starts) + 1

    @functools.cached_property
    def are_ended(self) -> tuple[bool, bool]:
        """Whether the first row ends with a delimiter, and whether there are others that all do."""
        ended = self.codes[self.rows[1] - 1] == self.delimiter
        return bool(ended[:1].any()), len(ended) > 1 and bool(ended[1:].all())

    @functools.cached_property
    def is_even(self) -> bool:
        """Whether all rows are as wide as the first, but for a delimiter at the end of it or of all others."""
        if not len(self.widths):
            return False
        wide, below = int(self.widths[0]), set(self.widths[1:].tolist())
        first, others = self.are_ended
        return below <= {wide} or (others and below == {wide + 1}) or (first and below == {wide - 1})

    def before(self, end: int) -> Marks:
        """Returns the marks before a position at which a row begins."""
        parts = (self.opens, self.closes, self.broken, self.ends, self.inner)
        return Marks(self.codes[:end], self.delimiter, *(part[: np.searchsorted(part, end)] for part in parts))

    def row(self, position: int) -> int:
        """Returns the number, from 1, of the row that holds a position; blank ones do not count."""
        return int(np.searchsorted(self.rows[0], position, side="right"))

    def _quoted(self, positions: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.opens, positions) > np.searchsorted(self.closes, positions)


def mark(text: bytes, reading: Reading, *, whole: bool = True) -> Marks:
    """Returns the marks of text that begins with a row.

    Args:
        text: UTF-8 text.
        reading: how to read it.
        whole: whether a row ends with the text; else more may follow.
    """
    if reading.escaped and b"\\" in text:
        text = _PAIRS[reading.quoted].sub(lambda pair: b"_" * len(pair[0]), text)
    codes = np.frombuffer(text, np.uint8)
    delimiter = ord(reading.delimiter)
    none = np.zeros(0, np.int64)
    opens, closes, broken = _quotes(text, codes, delimiter) if reading.quoted and b'"' in text else (none, none, none)
    ends = np.flatnonzero(codes == _LF)
    if b"\r" in text:
        returns = np.flatnonzero(codes == _CR)
        if not whole and len(returns) and returns[-1] == len(codes) - 1:
            returns = returns[:-1]  # its LF may follow
        followed = np.append(codes, 0)[returns + 1] == _LF
        ends = np.sort(np.concatenate([ends, returns[~followed]]))
    inner = none
    if len(opens):
        inside = np.searchsorted(opens, ends) > np.searchsorted(closes, ends)
        ends, inner = ends[~inside], ends[inside]
    return Marks(codes, delimiter, opens, closes, broken, ends, inner)


def _quotes(text: bytes, codes: np.ndarray, delimiter: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the opening quotes, the closing ones, and the opening ones of broken cells."""
    edge = np.zeros(256, bool)
    edge[[delimiter, _LF, _CR]] = True
    quotes = np.flatnonzero(codes == _QUOTE)
    padded = np.concatenate([[_LF], codes, [_LF]]).astype(np.uint8)
    before, after = padded[quotes], padded[quotes + 2]
    # Amid a cell a quote is an ordinary character, unless that cell turns out to be quoted.
    loose = ~(edge[before] | edge[after] | (before == _QUOTE) | (after == _QUOTE))
    tight = quotes[~loose]
    starts, stops = edge[before][~loose], edge[after][~loose]
    opens, closes = tight[0::2], tight[1::2]
    doubled = closes[: len(opens) - 1] + 1 == opens[1:]
    good_opens, good_closes = starts[0::2].copy(), stops[1::2].copy()
    good_opens[1:] |= doubled
    good_closes[: len(doubled)] |= doubled
    if good_opens.all() and good_closes.all() and not (np.searchsorted(tight, quotes[loose]) % 2).any():
        last = np.ones(len(closes) - len(doubled), bool)
        return opens[np.append(True, ~doubled)[: len(opens)]], closes[np.append(~doubled, last)], quotes[:0]
    return _quotes_in_turn(text, quotes, edge)


def _quotes_in_turn(text: bytes, quotes: np.ndarray, edge: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same, one quote after the other."""
    edges = frozenset(np.flatnonzero(edge).tolist())
    opens: list[int] = []
    closes: list[int] = []
    broken: list[int] = []
    inside, second = False, -1
    for quote in quotes.tolist():
        if quote == second:
            continue
        if not inside:
            if quote == 0 or text[quote - 1] in edges:
                opens.append(quote)
                inside = True
        elif text[quote + 1 : quote + 2] == b'"':
            second = quote + 1
        else:
            closes.append(quote)
            inside = False
            after = quote + 1
            while text[after : after + 1] == b" ":
                after += 1
            if after < len(text) and text[after] not in edges:
                broken.append(opens[-1])
    return np.array(opens, np.int64), np.array(closes, np.int64), np.array(broken, np.int64)
