import csv
import gzip
import re

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError

ODD_CELLS = [["plain", "1"], ['say "hi"', "2"], ["two\nlines", " 3 "], ["a,b;c|d\te", ""], ["größe", "NA"]]


def rows(table, columns=None):
    return [list(row.values()) for batch in table.batches(columns) for row in batch.data.to_pylist()]


def put(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [str(path)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_cells_come_as_the_csv_module_reads_them(tmp_path, delimiter, encoding, compressed, newline):
    path = tmp_path / "t.csv"
    opened = gzip.open if compressed else open
    with opened(path, "wt", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator=newline).writerows([["text", "n"], *ODD_CELLS])
    table = open_table([str(path)])
    assert (table.columns, table.dialect.delimiter, table.dialect.format) == (("text", "n"), delimiter, "csv")
    assert rows(table) == ODD_CELLS
    assert rows(table, ["n"]) == [row[1:] for row in ODD_CELLS]


def test_a_last_line_without_newline_is_a_row(tmp_path):
    assert rows(open_table(put(tmp_path / "t.csv", "a,b\n1,2\n3,4"))) == [["1", "2"], ["3", "4"]]


def test_a_ragged_row_does_not_change_the_delimiter(tmp_path):
    with pytest.raises(InputError, match="2 fields like the header, got 1 in row 3"):
        rows(open_table(put(tmp_path / "t.csv", "a;b\n1,5;2\n1,5;2\n3,5\n")))


def test_several_files_may_order_their_columns_differently(tmp_path):
    paths = put(tmp_path / "a.csv", "a,b\n1,2\n") + put(tmp_path / "b.csv", "b,a\n4,3\n6,5\n")
    table = open_table(paths)
    assert rows(table) == [["1", "2"], ["3", "4"], ["5", "6"]]
    assert [batch.where(0) for batch in table.batches()] == ['row 1 of "a.csv"', 'row 1 of "b.csv"']


def test_rows_are_counted_across_blocks(tmp_path):
    number = [str(row) for row in range(1, 300_001)]
    table = open_table(put(tmp_path / "t.csv", "n,m\n" + "".join(f"{n},x\n" for n in number)))
    batches = list(table.batches())
    assert len(batches) > 1
    for batch in batches:
        assert batch.where(0) == f"row {batch.data['n'][0].as_py()}"
    assert sum(batch.data.num_rows for batch in batches) == 300_000


def test_parquet_keeps_types_and_leaves_the_pandas_index_aside(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"n": [1, 2], "v": [[0.5], [1.5]]}, index=[7, 9]).to_parquet(path)
    table = open_table([str(path)])
    assert (table.columns, table.dialect.format, table.dialect.delimiter) == (("n", "v"), "parquet", None)
    assert next(table.batches(["v", "n"])).data.schema.types == [pa.list_(pa.float64()), pa.int64()]
    assert rows(table) == [[1, [0.5]], [2, [1.5]]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "must hold a header and rows, got an empty file"),
        ("\n\n", "must "),
        ("a,b\n1,2\n3\n", 'Every row of "t.csv" must have 2 fields like the header, got 1 in row 2.'),
        ("a,b\n1,2\n3,4,5\n", "got 3 in row 2. Check its delimiters and quotes."),
        (
            'a,b\n1,"2\n3,4\n5",6\n7,8\n',
            'Every row of "t.csv" must have 2 fields like the header, got 3 in row 1',
        ),
        ("a,a\n1,2\n", 'Column names must differ, got "a" twice'),
        (",a\n7,1\n", 'Column 1 of "{path}" must have a name, got an empty one. Name it; if pandas'),
        ('a,b\n1,2\n1,"2\n3,4\n', 'Every quote in "t.csv" must be closed, got an open one in row 2.'),
        (b"a,b\n1,2\n\xe9,2\n", '"{path}" must be UTF-8 text, got other bytes in row 2. Save it as UTF-8'),
        (b"\xe9a,b\n1,2\n", "must be UTF-8 text, got other bytes in the header"),
        ("a,b\n1,2\n".encode("utf-16"), "must be UTF-8 text, got UTF-16 text"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 9999, mtime=0)[:-20], "must be a whole file, got a damaged one"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:12], "must be a whole file, got a damaged one"),
        (b"PK\x03\x04rest", "must be CSV or Parquet, got a zip or Excel file"),
        (b"PAR1 and no more", "must be a whole file, got a damaged one"),
    ],
)
def test_a_damaged_table_is_one_sentence(tmp_path, content, message):
    paths = put(tmp_path / "t.csv", content)
    with pytest.raises(InputError, match=re.escape(message.format(path=paths[0]))) as caught:
        rows(open_table(paths))
    assert "\n" not in str(caught.value)


def test_a_parquet_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    with pytest.raises(InputError, match="damaged"):
        open_table(put(path, path.read_bytes()[:-10]))
    with pytest.raises(InputError, match="must be a whole Parquet file"):
        open_table(put(path, "a,b\n1,2\n"))


def test_a_row_longer_than_a_block_is_refused(tmp_path):
    with pytest.raises(InputError, match="must fit into 1 MiB, got a longer one"):
        rows(open_table(put(tmp_path / "t.csv", 'a,b\n1,"' + "x\n" * (1 << 20) + '"\n')))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("a,bb\n1,2\n", 'got no "b" in "b.csv" but in "a.csv". Did you mean "bb"?'),
        ("a,b,c\n1,2,3\n", 'got "c" in "b.csv" but not in "a.csv"'),
        (b"PAR1", "all CSV or all Parquet, got both"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(tmp_path, second, message):
    with pytest.raises(InputError, match=re.escape(message)):
        open_table(put(tmp_path / "a.csv", "a,b\n1,2\n") + put(tmp_path / "b.csv", second))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="must be readable, got: No such file"):
        open_table([str(tmp_path / "gone.csv")])
