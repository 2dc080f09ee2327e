"""Reading well-formed CSV, held to Python's `csv` module, and refusing what would lose rows."""

import bz2
import contextlib
import csv
import gzip
import io
import lzma
import random
import re

import pyarrow as pa
import pytest
from csv_tables import put, read, rows

from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError

PIECES = [
    '"',
    '""',
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "a",
    "b ",
    "7",
    "-1.5",
    " ",
    "ß",
    "\\",
    "N",
    "\\n",
    "NA",
    "x,y",
    "'",
]
PACK = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip of two members": lambda data: gzip.compress(data[:40]) + gzip.compress(data[40:]),
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}
# A text of several lines, each with as many delimiters as a row, may be refused; so may a backslash before a quote.
DOUBTS = re.compile("must not hold whole rows|a backslash before a quote that may be")


class Doubt(Exception):
    """A file was refused because it can be read in two ways."""


def _read_with_doubts(path, content):
    try:
        return read(path, content)
    except InputError as error:
        if DOUBTS.search(str(error)):
            raise Doubt from error
        raise


@pytest.mark.parametrize("seed", range(40))
def test_nasty_cells_come_as_they_were_written(tmp_path, seed):
    choose = random.Random(seed)
    width, count, nasty = choose.randrange(2, 6), choose.choice([1, 3, 30, 300]), choose.random()
    newline = choose.choice(["\n", "\r\n", "\r"])
    pieces = [piece for piece in PIECES if newline != "\r" or "\n" not in piece]  # the writer would not quote them

    def cell():
        if choose.random() >= nasty:
            return str(choose.randrange(100))
        return "".join(choose.choice(pieces) for _ in range(choose.randrange(5)))

    expected = [[f"c{column}" for column in range(width)], *([cell() for _ in range(width)] for _ in range(count))]
    delimiter = choose.choice(",;\t|")
    quoting = choose.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows(expected)
    assert list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=delimiter)) == expected
    content = PACK[choose.choice(list(PACK))](text.getvalue().encode(choose.choice(["utf-8", "utf-8-sig"])))
    told = read(tmp_path / "t.csv", content, delimiter=delimiter, quoting="quoted", escape="none")
    assert told[1] == expected[1:]
    with contextlib.suppress(Doubt):
        table, found = _read_with_doubts(tmp_path / "t.csv", content)
        assert found == expected[1:]
        assert all("are read as they stand" in note for note in table.notes)


@pytest.mark.parametrize("packed", list(PACK))
def test_compressed_files_are_told_by_their_first_bytes(tmp_path, packed):
    cell = "x" * 150
    text = "a,b\n" + "".join(f"{n},{cell}\n" for n in range(16_000))
    table, found = read(tmp_path / "t.csv", PACK[packed](text.encode()))
    assert found == [[str(n), cell] for n in range(16_000)]
    assert [batch.first_row for batch in table.batches()][:2] == [1, 1 + len(next(table.batches()).data)]


@pytest.mark.parametrize("pack", [PACK[name] for name in ("gzip", "bzip2", "xz", "zstd")])
@pytest.mark.parametrize("cut", [-3, -20])
def test_a_compressed_file_cut_short_is_refused(tmp_path, pack, cut):
    numbers = random.Random(0)
    content = pack(("a,b\n" + "".join(f"{numbers.random()},x\n" for _ in range(30_000))).encode())[:cut]
    with pytest.raises(InputError, match="must be a whole file, got a damaged one"):
        read(tmp_path / "t.csv", content)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("place", [401, 1000])
def test_a_quote_that_is_never_closed_is_refused_with_its_row(tmp_path, pack, newline, delimiter, place):
    # apple/turicreate#1692, osiegmar/FastCSV#173: the rest of the file becomes one cell.
    lines = [["size", "kind", "note"], *([str(n), "ab"[n % 2], "ok"] for n in range(1, 1001))]
    lines[place][2] = '"damaged'
    content = pack("".join(delimiter.join(line) + newline for line in lines).encode())
    first = put(tmp_path / "a.csv", f"size{delimiter}kind{delimiter}note{newline}1{delimiter}a{delimiter}ok{newline}")
    table = open_table(first + put(tmp_path / "b.csv", content))
    with pytest.raises(
        InputError, match=f'"b.csv" must be closed, got an open one in row {place}. Close it. Set data.q'
    ):
        rows(table)
    # The user may know better: then no row is lost.
    assert read(tmp_path / "b.csv", content, quoting="none")[1] == lines[1:]


@pytest.mark.parametrize("far", [5, 40_000])
def test_a_stray_quote_closed_far_below_by_another_is_refused(tmp_path, far):
    lines = [
        ["size", "kind", "note"],
        *([str(n), "ab"[n % 2], "ok, fine"[: 2 + 6 * (n == 2)]] for n in range(1, 50_001)),
    ]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    content = text.getvalue().splitlines(keepends=True)
    content[10] = content[10].replace("ok", '"ok')
    content[10 + far] = content[10 + far].replace("ok", 'ok"')
    with pytest.raises(InputError, match=r'"t.csv" must not hold whole rows, got one that seems to in row 10\.'):
        read(tmp_path / "t.csv", "".join(content))
    found = read(tmp_path / "t.csv", "".join(content), quoting="quoted")[1]
    assert len(found) == 50_000 - far  # what Python's csv module and Arrow make of it


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a,b,c\n1,"x" y,2\n', 'A quoted cell of "t.csv" must end at its closing quote, got text after it in row 1.'),
        ('a,b,c\n1,"x,y",2\n1,"x"y,2\n', "got text after it in row 2. Double the quotes within the cell"),
        ("a,b,c\n1,x,2\n\n1,x\n", "must have 3 fields like the header, got 2 in row 2."),
        ("a,b,c\r1,x,2\r1,x,2,3\r", "must have 3 fields like the header, got 4 in row 2."),
        ("a,b,c\n1,x,2\n# 1,x\n", "must have 3 fields like the header, got 2 in row 2."),
        ("# made by hand\na,b,c\n1,x,2\n", 'got a comment: "# made by hand". Remove the lines above the header.'),
        ("a,b,c\n1,x,2\na,b,c\n1,x,2\n", "must be a header, got it again in row 2. Remove that row; where files were"),
        ("a,b,c\r\n1,x,2\r\n\ufeffa,b,c\r\n", "must be a header, got it again in row 2."),
        ('"a,b\n1,2\n', 'Every quote in "t.csv" must be closed, got an open one in the header.'),
        ("a,b,,c\n1,x,,2\n", 'Column 3 of "{path}" must have a name, got an empty one.'),
        ("a,b,\n1,x,\n1,x,3\n", 'Column 3 of "{path}" must have a name, got an empty one.'),
        (",a,b\n1,x,y\n2,x,y\n", 'Column 1 of "{path}" must have a name, got an empty one. Name it; if pandas'),
        ("a,b\n1,2\n".encode("utf-16-le"), "must be UTF-8 text, got bytes of 0 in the header, as in UTF-16 text."),
        (gzip.compress(b"", mtime=0), "must hold a header and rows, got an empty file."),
    ],
)
def test_what_cannot_be_right_is_one_sentence(tmp_path, text, message):
    path = tmp_path / "t.csv"
    with pytest.raises(InputError, match=re.escape(message.format(path=path))) as caught:
        read(path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n\n\r\n3,4\n\n", [["1", "2"], ["3", "4"]]),
        ("\n\na,b\n1,2\n", [["1", "2"]]),
        ("a,b\r1,2\n3,4\r\n5,6", [["1", "2"], ["3", "4"], ["5", "6"]]),
        ("a,b\n1,x\0y\n", [["1", "x\0y"]]),
        ('a,b\n5" pipe,2\n"x" ,3\n', [['5" pipe', "2"], ["x ", "3"]]),
        ('a,b\n1,"C:\\"\n2,"D:\\"\n', [["1", "C:\\"], ["2", "D:\\"]]),
        ("a,b\n1,C:\\new\n", [["1", "C:\\new"]]),
        ("#a,b\n1,2\n", [["1", "2"]]),
        ('"a","b"\n"1","2"\n', [["1", "2"]]),
    ],
)
def test_legal_text_is_read_as_it_stands(tmp_path, text, expected):
    table, found = read(tmp_path / "t.csv", text)
    assert (found, table.notes) == (expected, ())


def test_cells_with_line_ends_are_legal(tmp_path):
    for letter in "Dear {},\nthank you, and\n\nbye", "Dear {}\nx, y, z\nq, r, s":
        text = io.StringIO(newline="")
        expected = [[str(n), "x", letter.format(n)] for n in range(20_000)]
        csv.writer(text).writerows([["id", "kind", "letter"], *expected])
        table, found = read(tmp_path / "t.csv", text.getvalue())
        assert (found, table.notes) == (expected, ())


def test_a_row_may_be_nearly_as_long_as_a_block(tmp_path):
    long = "x" * ((1 << 20) - 100)
    assert read(tmp_path / "t.csv", f"a,b\n1,{long}\n2,y\n3,{long}\n")[1] == [["1", long], ["2", "y"], ["3", long]]


def test_no_columns_at_all_still_have_rows(tmp_path):
    table, _ = read(tmp_path / "t.csv", "a,b\n1,2\n3,4\n")
    assert [batch.data.num_rows for batch in table.batches([])] == [2]


def test_a_pass_that_ends_early_leaves_nothing_open(tmp_path):
    batches = open_table(put(tmp_path / "t.csv", "a,b\n" + "1,2\n" * 1_000_000), Dialect()).batches()
    assert next(batches).first_row == 1
    batches.close()
