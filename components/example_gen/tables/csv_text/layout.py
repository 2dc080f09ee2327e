"""How one CSV file is laid out: its reading, its header, where its rows begin, and which of its columns are read."""

from __future__ import annotations

import dataclasses
import lzma
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.tables.compressed import open_bytes
from components.example_gen.tables.csv_text.boundaries import Reading
from components.example_gen.tables.csv_text.evidence import Choice, Found, Sample, accepts, choose
from components.example_gen.tables.csv_text.parse import BLOCK, parse
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.readers import damaged
from components.shared.errors import InputError

_SNIFF = 1 << 18
_DELIMITERS = (",", ";", "\t", "|")
_BOM = b"\xef\xbb\xbf"
_SEP = re.compile(rb'"?sep=(\\t|[^\r\n])"?[,;\t| ]*(?:\r\n|\n|\r)', re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Layout:
    """How one file is laid out.

    Args:
        path: the file.
        reading: how its text is read.
        trusted: whether the user says that its cells are quoted, so that one may look as if it had swallowed rows.
        start: bytes before its first row, uncompressed.
        header: the header as it is written.
        columns: names of the columns that are read.
        first: position of the first of them; 1 where a column of row numbers stands before it.
        width: the number of cells in a row, with what is left out.
        empty: whether the file is known to have no rows.
    """

    path: str
    reading: Reading
    trusted: bool
    start: int
    header: bytes
    columns: tuple[str, ...]
    first: int
    width: int
    empty: bool

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.path).name

    @property
    def has_blank_end(self) -> bool:
        """Whether every row ends with a delimiter, so that a column without name and values stands there."""
        return self.first + len(self.columns) < self.width


def lay_out(paths: Sequence[str], dialect: Dialect) -> tuple[list[Layout], list[str]]:
    """Looks at the beginning of every file of a table.

    Files of one table are read alike wherever their text allows it. A file with columns of its own that another
    delimiter makes those of the first is read with that one.

    Args:
        paths: the files.
        dialect: what the user says of them.

    Returns:
        The layouts, and sentences on what a user may not expect.

    Raises:
        InputError: a file cannot be read or has no header, or what it says is ambiguous.
    """
    looks = [_Look(path, dialect, None) for path in paths[:1]]
    for path in paths[1:]:
        look = _Look(path, dialect, looks[0].delimiter)
        if set(look.names) != set(looks[0].names):
            other = _Look(path, dialect, None)
            look = other if set(other.names) == set(looks[0].names) else look
        looks.append(look)
    shown = [look.choice.reading for look in looks if look.choice.found]
    common = max(shown, key=shown.count, default=None)
    for look in looks:
        if common is not None and not look.choice.found:
            alike = dataclasses.replace(common, delimiter=look.delimiter)
            if accepts(look.sample, alike):
                look.choice = Choice(alike)
    layouts = [look.layout(dialect) for look in looks]
    return layouts, _notes(looks, layouts)


class _Look:
    """A look at the beginning of a file."""

    def __init__(self, path: str, dialect: Dialect, delimiter: str | None):
        self.path = path
        text, whole = _beginning(path)
        if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise not_utf8(path, "UTF-16 text")
        self.start = len(_BOM) if text.startswith(_BOM) else 0
        self.line = _SEP.match(text, self.start)
        if self.line:
            self.start = self.line.end()
            delimiter = self.line[1].decode(errors="replace").replace("\\t", "\t")
        self.sample = Sample(text[self.start :], whole=whole)
        if b"\0" in self.sample.text[: self.sample.text.find(b"\n")]:
            raise not_utf8(path, "bytes of 0 in the header, as in UTF-16 text")
        self.delimiter = dialect.delimiter if dialect.delimiter and not self.line else delimiter or self._sniffed()
        self.choice = choose(self.sample, self.delimiter, dialect, Path(path).name)
        self.names = self._names()

    def _sniffed(self) -> str:
        """Returns the delimiter with which most rows have as many cells as the header, and more than one."""
        few = Sample(self.sample.text[:_SNIFF], whole=self.sample.whole and len(self.sample.text) <= _SNIFF)
        best, best_score = ",", (0.0, 1)
        for delimiter in _DELIMITERS:
            if delimiter.encode() in few.text:
                score = max(few.share(Reading(delimiter, quoted)) for quoted in (True, False))
                if score[1] > 1 and score > best_score:
                    best, best_score = delimiter, score
        return best

    def _names(self) -> list[str]:
        text, marks = self.sample.text, self.sample.marks(self.choice.reading)
        name = Path(self.path).name
        starts, stops = marks.rows
        if not text:
            raise InputError(f'"{self.path}" must hold a header and rows, got an empty file.')
        if not len(starts) and marks.unclosed is not None:
            raise InputError(f'Every quote in "{name}" must be closed, got an open one in the header. Close it.')
        if not len(starts):
            raise InputError(f'"{self.path}" must start with a header of column names, got a blank one.')
        self.header, self.end = text[int(starts[0]) : int(stops[0])], int(stops[0])
        wide = int(marks.widths[0])
        shown = self.header.decode("utf-8", errors="replace")
        if shown.startswith("#") and (wide == 1 or (len(marks.widths) > 1 and (marks.widths[1:] != wide).all())):
            raise InputError(
                f'"{self.path}" must start with a header of column names, got a comment: "{shown[:40]}". '
                f"Remove the lines above the header."
            )
        try:
            self.header.decode("utf-8")
        except UnicodeDecodeError:
            raise not_utf8(self.path, "other bytes in the header") from None
        names = [str(column[0]) for column in parse(self.header, self.choice.reading, wide, range(wide))]
        if not any(one.strip() for one in names):
            raise InputError(f'"{self.path}" must start with a header of column names, got a blank one.')
        return names

    def layout(self, dialect: Dialect) -> Layout:
        """Returns the layout, without the columns that only row ends and row numbers make."""
        names = self._names()  # once more: another file may have shown how to read this one
        text, marks = self.sample.text, self.sample.marks(self.choice.reading)
        starts, stops = (edges[1:] for edges in marks.rows)
        width = len(names)
        below = set(marks.widths[1:].tolist())
        ended = marks.are_ended[1]
        if not names[-1].strip():
            if not below or (ended and below == {width}):
                names.pop()
            elif below == {width - 1}:
                names.pop()
                width -= 1
        elif ended and below == {width + 1}:
            width += 1
        first = 0
        if not names[0].strip() and len(names) > 1 and len(starts) and below == {width}:
            rows = text[int(starts[0]) : int(stops[-1])]
            try:
                [numbers] = parse(rows, self.choice.reading, width, [0])
                first = int(is_count(numbers, 0))
            except pa.ArrowInvalid:
                first = 0
        return Layout(
            path=self.path,
            reading=self.choice.reading,
            trusted=dialect.quoting == "quoted",
            start=self.start + self.end,
            header=self.header,
            columns=tuple(names[first:]),
            first=first,
            width=width,
            empty=self.sample.whole and not len(starts),
        )


def is_count(column: pa.Array, first: int) -> bool:
    """Returns whether the texts of a column are the whole numbers from `first` on."""
    expected = pa.array([str(number) for number in range(first, first + len(column))], pa.string())
    return bool(pc.all(pc.equal(column, expected)).as_py())


def not_utf8(path: str, got: str) -> InputError:
    """Returns the error of text in another encoding."""
    return InputError(f'"{path}" must be UTF-8 text, got {got}. Save it as UTF-8 (Excel: "CSV UTF-8").')


def _beginning(path: str) -> tuple[bytes, bool]:
    """Returns the first bytes of a file, uncompressed, and whether they are all."""
    text = b""
    try:
        with open_bytes(path) as file:
            while len(text) <= BLOCK:
                more = file.read(BLOCK + 1 - len(text))
                if not more:
                    return text, True
                text += more
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise damaged(path, error) from error
    return text, False


def _notes(looks: list[_Look], layouts: list[Layout]) -> list[str]:
    notes = []
    for found, sentence in _SENTENCES.items():
        of = [look for look in looks if look.choice.found == found]
        if of:
            row = f"row {of[0].choice.row}" if of[0].choice.row else "the header"
            place = f'{row} of "{Path(of[0].path).name}"' if len(looks) > 1 else row
            notes.append(sentence.format(files=_files([look.path for look in of]), place=place))
    if lines := [look for look in looks if look.line]:
        assert lines[0].line is not None
        shown = lines[0].line[0].decode("utf-8", errors="replace").strip().strip('"')
        notes.append(f'The first line of {_files([look.path for look in lines])} ("{shown}") is skipped and obeyed.')
    if ended := [layout.path for layout in layouts if layout.has_blank_end]:
        notes.append(
            f"The lines of {_files(ended)} end with a delimiter: the column after it, without name and values, is "
            f"left out."
        )
    if counted := [layout.path for layout in layouts if layout.first]:
        notes.append(
            f"The first column of {_files(counted)} has no name and holds the row numbers from 0, as pandas writes its "
            f"index: it is left out."
        )
    return notes


def _files(paths: list[str]) -> str:
    first = f'"{Path(paths[0]).name}"'
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1:,} more file{'s' if len(paths) > 2 else ''}"


_SENTENCES = {
    Found.PLAIN_QUOTES: "Quotes in {files} are read as ordinary characters: the one that begins a cell in {place} is "
    "not closed where its cell ends. Set data.quoting to quoted if cells are quoted.",
    Found.ESCAPED_QUOTES: "A backslash before a quote in {files} is read as an escape, first in {place}. Set "
    "data.escape to none if it is part of the text.",
    Found.ESCAPES: r"Backslashes in {files} are read as escapes (\t, \n, \\; a cell \N has no value), first in "
    "{place}. Set data.escape to none if they are part of the text.",
    Found.BACKSLASHES: r"Backslashes in {files} are read as they stand, first in {place}. Set data.escape to "
    r"backslash if \t and \n stand for a tab and a line end.",
}
