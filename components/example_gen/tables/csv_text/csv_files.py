"""CSV files as record batches of text exactly as written, in bounded memory.

A file is cut into blocks of whole rows. Each is held against how the file was found to be written before Arrow splits
it, so that no row is lost to a quote that is not closed where it should be.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pyarrow as pa

from components.example_gen.tables.compressed import open_bytes
from components.example_gen.tables.csv_text.boundaries import Marks, mark
from components.example_gen.tables.csv_text.escapes import unknown
from components.example_gen.tables.csv_text.evidence import swallowed
from components.example_gen.tables.csv_text.layout import Layout, is_count, not_utf8
from components.example_gen.tables.csv_text.parse import BLOCK, is_blank, parse
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.readers import damaged
from components.shared.errors import InputError

_HINT = "Set data.quoting to none if quotes are ordinary characters there"
_Item = TypeVar("_Item")


def batches(layout: Layout, wanted: Sequence[str], digests: Digests | None = None) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order, as text.

    Args:
        layout: how the file is laid out.
        wanted: names of the columns to read, in the order wanted.
        digests: where the file's hash is to be known once all rows are read.

    Raises:
        InputError: a row has too many or too few cells, a quote is not closed where its cell ends, a quoted cell
            seems to have swallowed rows, a row repeats the header, text is not UTF-8, or the file is damaged.
    """
    return _ahead(_batches(layout, wanted, digests))


def _ahead(items: Iterator[_Item]) -> Iterator[_Item]:
    """Yields the items of an iterator, each while the next one is made."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _batches(layout: Layout, wanted: Sequence[str], digests: Digests | None) -> Iterator[pa.RecordBatch]:
    reader = _Reader(layout, wanted)
    try:
        with open_bytes(layout.path, digests) as file:
            _skip(file, layout.start)
            tail = b""
            while more := file.read(BLOCK):
                text = tail + more if tail else more
                end, marks = reader.end(text)
                if end:
                    yield reader.read(text[:end], marks)
                tail = text[end:]
                if len(tail) >= BLOCK:
                    raise reader.too_long()
            if tail:
                yield reader.read(tail, mark(tail, layout.reading) if reader.is_marked(tail) else None)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise damaged(layout.path, error) from error


def _skip(file: Any, size: int) -> None:
    while size and (skipped := file.read(min(size, BLOCK))):
        size -= len(skipped)


class _Reader:
    """Reads the rows of a file block by block, and knows how many there were."""

    def __init__(self, layout: Layout, wanted: Sequence[str]):
        self.layout = layout
        self.wanted = list(wanted)
        self.rows = 0
        positions = {name: layout.first + place for place, name in enumerate(layout.columns)}
        # Left out, but looked at: they must be what they were taken for.
        self.beside = [0] * (layout.first > 0) + [layout.width - 1] * layout.has_blank_end
        read = [positions[name] for name in self.wanted] + self.beside
        self.read_columns = list(dict.fromkeys(read)) or [layout.first]
        self.places = [self.read_columns.index(position) for position in read]

    def is_marked(self, text: bytes) -> bool:
        """Returns whether rows of the text may end elsewhere than at each line end."""
        reading = self.layout.reading
        return (reading.quoted and b'"' in text) or (reading.escaped and b"\\" in text)

    def end(self, text: bytes) -> tuple[int, Marks | None]:
        """Returns where the last whole row of the text ends, and the marks up to there where they were needed."""
        if not self.is_marked(text):
            end = text.rfind(b"\n") + 1
            return end or text.rfind(b"\r", 0, -1) + 1, None
        marks = mark(text, self.layout.reading, whole=False)
        end = int(marks.ends[-1]) + 1 if len(marks.ends) else 0
        return end, marks.before(end)

    def read(self, text: bytes, marks: Marks | None) -> pa.RecordBatch:
        """Returns whole rows."""
        layout = self.layout
        if marks is not None:
            self._check(text, marks)
        if layout.header in text:
            self._check_header(text)
        try:
            columns = parse(text, layout.reading, layout.width, self.read_columns, marks)
        except pa.ArrowInvalid:
            columns = self._again(text, marks)
        found = [columns[place] for place in self.places]
        self._check_beside(found[len(self.wanted) :])
        self.rows += len(columns[0])
        if not self.wanted:
            return pa.RecordBatch.from_arrays(columns[:1], [""]).select([])
        return pa.RecordBatch.from_arrays(found[: len(self.wanted)], self.wanted)

    def too_long(self) -> InputError:
        """Returns the error of a row that does not end within a block."""
        return InputError(
            f'Every row of "{self.layout.name}" must fit into {BLOCK >> 20} MiB, got a longer one in row '
            f"{self.rows + 1}. Look for a quote that is never closed. {_HINT}."
        )

    def _check(self, text: bytes, marks: Marks) -> None:
        name = self.layout.name
        if len(marks.broken):
            raise InputError(
                f'A quoted cell of "{name}" must end at its closing quote, got text after it in row '
                f"{self.rows + marks.row(int(marks.broken[0]))}. Double the quotes within the cell, and look for one "
                f"that is never closed. {_HINT}; a backslash before a quote needs data.escape."
            )
        if marks.unclosed is not None:
            raise InputError(
                f'Every quote in "{name}" must be closed, got an open one in row '
                f"{self.rows + len(marks.rows[0]) + 1}. Close it. {_HINT}."
            )
        if not self.layout.trusted:
            cell = swallowed(text, marks, self.layout.width)
            if cell is not None:
                raise InputError(
                    f'A quoted cell of "{name}" must not hold whole rows, got one that seems to in row '
                    f"{self.rows + marks.row(cell)}. Close its quote. {_HINT}, to quoted if the cell is right."
                )
        if self.layout.reading.escaped and not self.layout.reading.quoted:
            self._check_escapes(text, marks)

    def _check_escapes(self, text: bytes, marks: Marks) -> None:
        pair = unknown(text, self.layout.reading)
        if pair is not None:
            raise InputError(
                f'Every backslash of "{self.layout.name}" must begin an escape such as \\t, \\n, \\\\ or \\N, got '
                f'"{pair[0].decode(errors="replace")}" in row {self.rows + marks.row(pair.start())}. '
                f"Set data.escape to none if backslashes are part of the text."
            )

    def _check_header(self, text: bytes) -> None:
        for found in re.finditer(
            rb"(?:^|(?<=[\r\n])|(?<=\xef\xbb\xbf))" + re.escape(self.layout.header) + rb"(?=[\r\n]|$)", text
        ):
            row = mark(text, self.layout.reading).row(found.start())
            raise InputError(
                f'Only the first line of "{self.layout.name}" must be a header, got it again in row {self.rows + row}. '
                f"Remove that row; where files were put one after the other, name them all in data.path instead."
            )

    def _check_beside(self, columns: list[pa.Array]) -> None:
        if self.layout.first and not is_count(columns[0], self.rows):
            raise self._nameless(1, "one that does not hold the row numbers from 0")
        if self.layout.has_blank_end and not is_blank(columns[-1]):
            raise self._nameless(self.layout.width, "an empty one above values")

    def _nameless(self, position: int, got: str) -> InputError:
        return InputError(
            f'Column {position} of "{self.layout.path}" must have a name, got {got}. '
            f"Name it; if pandas wrote its index there, write with index=False."
        )

    def _again(self, text: bytes, marks: Marks | None) -> list[pa.Array]:
        """Reads rows that Arrow refused once more, in turn, for only then it knows which one it was."""
        layout = self.layout
        try:
            return parse(text, layout.reading, layout.width, self.read_columns, marks, in_turn=True)
        except pa.ArrowInvalid as error:
            message = str(error)
            found = re.search(r"Row #(\d+)", message)
            row = self.rows + int(found[1]) if found else None
            widths = re.search(r"Expected (\d+) columns, got (\d+)", message)
            if widths:
                raise InputError(
                    f'Every row of "{layout.name}" must have {widths[1]} fields like the header, got {widths[2]} in '
                    f"row {row}. Check its delimiters and quotes."
                ) from error
            if "invalid UTF8" in message:
                raise not_utf8(layout.path, f"other bytes in row {row}" if row else "other bytes") from error
            raise damaged(layout.path, error) from error
