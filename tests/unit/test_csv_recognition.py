r"""Files of programs that quote otherwise than RFC 4180, or not at all, as those programs document what they write.

PostgreSQL 15, `COPY` in text format; MariaDB 10.11, `SELECT … INTO OUTFILE` and `--batch`; ClickHouse 26.9,
`TSVWithNames`; R 4.2, `write.table(quote=FALSE)`; Spark 4.3, `write.csv`; Excel's first line `sep=;`.
"""

import gzip
import re

import pytest
from csv_tables import put, read, rows

from components.example_gen.tables.csv_text.boundaries import Reading
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError

QUOTE = '"'
TEXTS = ["fine", '"Great product, would', "ok", 'he said "no"', '"', '5" pipe', 'so "so', '"mine" is better']


def unquoted(delimiter="\t", newline="\n", count=400, texts=TEXTS):
    expected = [[str(n % 11), "ab"[n % 2], texts[n % len(texts)], str(n)] for n in range(count)]
    return newline.join([delimiter.join(row) for row in [["y", "c", "t", "x"], *expected]]) + newline, expected


def reading(table):
    return table.layouts[table.paths[0]].reading


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_text_without_quoting_keeps_every_row(tmp_path, newline, pack):
    text, expected = unquoted(newline=newline)
    table, found = read(tmp_path / "t.tsv", pack(text.encode()))
    assert (found, reading(table)) == (expected, Reading("\t", quoted=False))
    assert table.notes == (
        'Quotes in "t.tsv" are read as ordinary characters: the one that begins a cell in row 2 is not closed where '
        "its cell ends. Set data.quoting to quoted if cells are quoted.",
    )


@pytest.mark.parametrize("texts", [['"open', 'close"'], ["ok", "fine", '"']])
def test_quotes_that_happen_to_pair_up_lose_no_row(tmp_path, texts):
    text, expected = unquoted(texts=texts)
    assert read(tmp_path / "t.tsv", text)[1] == expected


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_other_delimiters_need_more_than_a_damaged_row(tmp_path, delimiter):
    texts = ["fine", '"Great product', "ok"]
    text, expected = unquoted(delimiter, texts=texts)
    table, found = read(tmp_path / "t.csv", text)
    assert (found, reading(table).quoted) == (expected, False)
    text, expected = unquoted(delimiter, texts=["fine"] * 150 + ['"once'] + ["fine"] * 249)
    with pytest.raises(InputError, match="must be closed, got an open one in row 151"):
        read(tmp_path / "t.csv", text)
    assert read(tmp_path / "t.csv", text, quoting="none")[1] == expected


def test_quotes_that_come_late_are_noticed(tmp_path):
    text, expected = unquoted(
        texts=["a rather long text that fills the beginning of a file"] * 39_999 + ['"Great'], count=80_000
    )
    with pytest.raises(InputError, match=r"in row 40000\. .* Set data.quoting to none"):
        read(tmp_path / "t.tsv", text)
    assert read(tmp_path / "t.tsv", text, quoting="none")[1] == expected


def test_quoted_text_with_one_damaged_row_is_not_taken_for_unquoted(tmp_path):
    lines = ["y\tc\tt\tx", *(f'{n}\t"a"\t"text {n}"\t{n}' for n in range(100))]
    lines[50] = '49\t"a"\t"text\t49'
    with pytest.raises(InputError, match="got text after it in row 50"):
        read(tmp_path / "t.tsv", "\n".join(lines) + "\n")


COPY = {  # what PostgreSQL's COPY writes for each text
    "fine": "fine",
    'a "word': 'a "word',
    '"open': '"open',
    "tab\there": r"tab\there",
    "two\nlines\r": r"two\nlines\r",
    "C:\\new": r"C:\\new",
    "\b\f\v": r"\b\f\v",
    "\\N": r"\\N",
    None: r"\N",
    "": "",
}


def test_the_escapes_of_copy_are_decoded(tmp_path):
    texts = list(COPY)
    expected = [[str(n), texts[n % len(texts)], "ab"[n % 2]] for n in range(200)]
    text = "y\tt\tc\n" + "".join(f"{y}\t{COPY[t]}\t{c}\n" for y, t, c in expected)
    for given in (text, text.replace('"', "")):
        table, found = read(tmp_path / "t.tsv", given)
        assert reading(table) == Reading("\t", quoted=False, escaped=True)
        assert found == [[y, t and t.replace('"', "") if given != text else t, c] for y, t, c in expected]
        assert any(r"(\t, \n, \\; a cell \N has no value)" in note for note in table.notes)


def test_mariadb_escapes_delimiters_and_line_ends_themselves(tmp_path):
    r"""`INTO OUTFILE` writes `\` and the character; so a row goes on after `\` at the end of a line."""
    for delimiter in "\t", ",":
        texts = {
            "plain": "plain",
            f"a{delimiter}b": f"a\\{delimiter}b",
            "two\nlines": "two\\\nlines",
            "\\": "\\\\",
            "\0": "\\0",
        }
        expected = [[str(n), text, "ab"[n % 2]] for n, text in enumerate([*texts] * 20)]
        lines = [delimiter.join([y, texts[t], c]) for y, t, c in expected]
        table, found = read(tmp_path / "t.txt", "\n".join([delimiter.join("ytc"), *lines]) + "\n")
        assert (found, reading(table)) == (expected, Reading(delimiter, quoted=False, escaped=True))


def test_backslashes_that_prove_nothing_stand_as_they_are(tmp_path):
    lines = [f"{n}\tC:\\temp\\new{n}\ta" for n in range(50)]
    table, found = read(tmp_path / "t.tsv", "\n".join(["y\tt\tc", *lines]) + "\n")
    assert found[3] == ["3", "C:\\temp\\new3", "a"]
    assert 'Backslashes in "t.tsv" are read as they stand, first in row 1.' in table.notes[0]
    told, found = read(tmp_path / "t.tsv", "\n".join(["y\tt\tc", *lines]) + "\n", escape="backslash")
    assert (found[3][1], told.notes) == ("C:\temp\new3", ())
    # The name of a network drive is no proof either.
    lines = [f"{n}\t\\\\nas\\temp\ta" for n in range(50)]
    assert read(tmp_path / "t.tsv", "\n".join(["y\tt\tc", *lines]) + "\n")[1][0][1] == "\\\\nas\\temp"


def test_an_escape_that_no_program_writes_is_refused_where_it_comes_late(tmp_path):
    lines = [f"{n}\ta\\\\b\\tc\ta" for n in range(100_000)]
    lines[90_000] = "90000\tC:\\dir\ta"
    with pytest.raises(InputError, match=r'such as .* got "\\d" in row 90001. Set data.escape to none'):
        read(tmp_path / "t.tsv", "\n".join(["y\tt\tc", *lines]) + "\n")


SPARK = {  # what Spark writes for each text: quotes and backslashes of quoted cells get a backslash
    "other": "other",
    'size 5" x 3"': r'"size 5\" x 3\""',
    '"': r'"\""',
    'a, "b"': r'"a, \"b\""',
    "a\nb": '"a\nb"',
    "C:\\dir": r"C:\dir",
    'C:\\dir, "x"': r'"C:\\dir, \"x\""',
    "": '""',
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_sparks_backslash_before_quotes_is_an_escape(tmp_path, delimiter):
    expected = [[str(n), text, "ab"[n % 2]] for n, text in enumerate([*SPARK] * 30)]
    lines = [delimiter.join([y, SPARK[t], c]) for y, t, c in expected]
    text = "\n".join([delimiter.join("ytc"), *lines]) + "\n"
    table, found = read(tmp_path / "t.csv", text)
    assert (found, reading(table)) == (expected, Reading(delimiter, escaped=True))
    assert table.notes == (
        'A backslash before a quote in "t.csv" is read as an escape, first in row 2. Set data.escape to none if it is '
        "part of the text.",
    )
    assert read(tmp_path / "t.csv", text, escape="backslash")[1] == expected
    with pytest.raises(InputError, match=r"in row [23]"):
        read(tmp_path / "t.csv", text, escape="none")


def test_parts_of_one_folder_are_read_alike(tmp_path):
    expected = [["1", "C:\\a, b", "a"], ["2", 'x"y', "b"]]
    parts = [
        put(tmp_path / "0.csv", 'y,t,c\n1,"C:\\\\a, b",a\n'),
        put(tmp_path / "1.csv", 'y,t,c\n2,"x\\"y",b\n'),
    ]
    table = open_table(parts[0] + parts[1])
    assert rows(table) == expected
    assert table.notes[0].startswith(
        'A backslash before a quote in "1.csv" is read as an escape, first in row 1 of "1.csv"'
    )


def test_a_part_may_be_written_with_another_delimiter(tmp_path):
    paths = put(tmp_path / "0.csv", "y,t,c\n1,x,a\n") + put(tmp_path / "1.csv", "y;c;t\n2;b;z,z\n")
    table = open_table(paths)
    assert (rows(table), table.dialect.delimiter) == ([["1", "x", "a"], ["2", "z,z", "b"]], None)
    assert rows(open_table(paths, table.dialect)) == rows(table)


def test_a_backslash_at_the_end_of_a_quoted_cell_is_legal_without_escapes(tmp_path):
    lines = [f'{n},"C:\\","D, E\\"' for n in range(50)]
    table, found = read(tmp_path / "t.csv", "\n".join(["y,t,c", *lines]) + "\n")
    assert (found[0], table.notes) == (["0", "C:\\", "D, E\\"], ())


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("line", "delimiter"),
    [("sep=;", ";"), ("sep=,", ","), ('"sep=;"', ";"), ("SEP=\t", "\t"), ("sep=^", "^"), ("sep=;;;", ";")],
)
def test_excels_first_line_is_obeyed(tmp_path, bom, newline, line, delimiter):
    # pandas-dev/pandas#47303, shenwei356/csvtk#13
    lines = [line, *(delimiter.join(row) for row in (["y", "t", "c"], ["1", "x", "a"], ["2", "z z", "b"]))]
    table, found = read(tmp_path / "t.csv", bom + newline.join(lines) + newline)
    assert (table.columns, found) == (("y", "t", "c"), [["1", "x", "a"], ["2", "z z", "b"]])
    assert table.notes == (f'The first line of "t.csv" ("{line.strip().strip(QUOTE)}") is skipped and obeyed.',)
    assert table.dialect.delimiter == delimiter
    assert rows(open_table(table.paths, table.dialect)) == found


@pytest.mark.parametrize(("header", "end"), [("y;t;c;", ";"), ("y;t;c", ";"), ("y;t;c;", "")])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_delimiter_at_the_end_of_every_line_makes_no_column(tmp_path, header, end, newline):
    # deephaven/deephaven-core#1800, elastic/kibana#8074
    lines = [header, *(f"{n};x;a{end}" for n in range(50))]
    table, found = read(tmp_path / "t.csv", newline.join(lines) + newline)
    assert (table.columns, found) == (("y", "t", "c"), [[str(n), "x", "a"] for n in range(50)])
    assert len(table.notes) == (end == ";")
    assert rows(table, ["c", "y"])[7] == ["a", "7"]


def test_a_value_behind_the_last_delimiter_is_not_lost(tmp_path):
    lines = ["y;t;c;", *(f"{n};a rather long text to fill the beginning;a;" for n in range(60_000)), "1;x;a;!"]
    with pytest.raises(InputError, match=r"Column 4 of .* must have a name, got an empty one above values"):
        read(tmp_path / "t.csv", "\n".join(lines) + "\n")


def test_the_index_that_pandas_wrote_is_left_out_where_it_counts_the_rows(tmp_path):
    lines = [",y,t,c", *(f"{n},{n % 7},a rather long text to fill a block of it,a" for n in range(60_000))]
    table, found = read(tmp_path / "t.csv", "\n".join(lines) + "\n")
    assert (table.columns, len(found), found[8]) == (("y", "t", "c"), 60_000, ["1", lines[9].split(",")[2], "a"])
    assert "has no name and holds the row numbers from 0, as pandas writes its index: it is left out" in table.notes[0]
    lines[50_000] = lines[50_000].replace("49999,", "7,", 1)
    with pytest.raises(InputError, match="must have a name, got one that does not hold the row numbers"):
        read(tmp_path / "t.csv", "\n".join(lines) + "\n")


def test_what_the_user_says_is_not_asked_again(tmp_path):
    text, expected = unquoted(texts=["ok", '"x"', "fine"])
    assert [row[2] for row in read(tmp_path / "t.tsv", text)[1][:3]] == ["ok", "x", "fine"]
    table, found = read(tmp_path / "t.tsv", text, quoting="none")
    assert (found, table.notes) == (expected, ())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"quoting": "maybe"}, 'auto, quoted or none, got "maybe"'),
        ({"escape": "/"}, 'auto, none or backslash, got "/"'),
    ],
)
def test_a_word_that_says_nothing_is_refused(fields, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Dialect(**fields)
