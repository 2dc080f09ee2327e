"""Held to Python's `csv` module, which reads the same text byte by byte."""

import csv
import io
import random

import pytest

from components.example_gen.tables.csv_text.boundaries import Reading, mark


@pytest.mark.parametrize("seed", range(4))
def test_rows_and_their_widths_are_those_of_the_csv_module(seed):
    choose = random.Random(seed)
    for _ in range(2000):
        text = "".join(choose.choice('"",\na \r') for _ in range(choose.randrange(1, 24)))
        expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        marks = mark(text.encode(), Reading(","))
        if marks.unclosed is not None:
            expected.pop()
        assert marks.widths.tolist() == [len(row) for row in expected], repr(text)


@pytest.mark.parametrize("seed", range(4))
def test_escaped_text_has_the_rows_that_the_csv_module_finds(seed):
    choose = random.Random(seed)
    for _ in range(2000):
        text = "".join(choose.choice("\\\\\ta\n") for _ in range(choose.randrange(1, 24))) + "a"
        dialect = {"delimiter": "\t", "quoting": csv.QUOTE_NONE, "escapechar": "\\"}
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), **dialect) if row]
        marks = mark(text.encode(), Reading("\t", quoted=False, escaped=True))
        assert marks.widths.tolist() == [len(row) for row in expected], repr(text)


def test_marks_of_a_quoted_text():
    text = b'a,b\n"x\ny","say ""hi"""\n\n5" pipe,"z"?\n"open'
    marks = mark(text, Reading(","))
    assert [text[start:stop] for start, stop in zip(*marks.rows, strict=True)] == [
        b"a,b",
        b'"x\ny","say ""hi"""',
        b'5" pipe,"z"?',
    ]
    assert [marks.row(text.index(part)) for part in (b"a", b"y", b"pipe")] == [1, 2, 3]
    assert (marks.inner.tolist(), marks.broken.tolist()) == ([text.index(b"\ny")], [text.index(b'"z')])
    assert marks.unclosed == text.index(b'"open')
    assert marks.before(text.index(b'"open')).unclosed is None
    assert (len(marks.delimiters), marks.is_even) == (3, True)
