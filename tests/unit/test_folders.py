"""What a folder stands for: parts without rows, folders `key=value`, and things that are no tables."""

import gzip
import os
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from components.example_gen.ingest import IngestSpec
from components.example_gen.roles import assign_roles
from components.example_gen.spec import expand
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.hive_folders import keys
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError


def read(source: object, columns: list[str] | None = None) -> list[dict]:
    return [row for batch in open_table(expand(source)).batches(columns) for row in batch.data.to_pylist()]


def put(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(str(content))
    return path


ROWS = pa.table({"y": [1.5, 2.5], "c": ["a", "b"]})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two levels of folders as Spark 4 writes them, with its marks and checksums."""
    values = {"n%2Fx": 1, "__HIVE_DEFAULT_PARTITION__": 2, "größe 7": 3}
    for region, n in values.items():
        put(tmp_path / "shop" / "year=2026" / f"region={region}" / "part-0.parquet", pa.table({"n": [n, n]}))
        put(tmp_path / "shop" / "year=2026" / f"region={region}" / ".part-0.parquet.crc", b"crc")
    put(tmp_path / "shop" / "_SUCCESS", "")
    put(tmp_path / "shop" / "_temporary" / "0" / "part-9.parquet", pa.table({"n": [9]}))
    return tmp_path / "shop"


EXPECTED = [
    {"n": 2, "year": "2026", "region": None},
    {"n": 2, "year": "2026", "region": None},
    {"n": 3, "year": "2026", "region": "größe 7"},
    {"n": 3, "year": "2026", "region": "größe 7"},
    {"n": 1, "year": "2026", "region": "n/x"},
    {"n": 1, "year": "2026", "region": "n/x"},
]


@pytest.mark.parametrize("inside", ["", "*/*/*.parquet", "**/part-*.parquet", "year=2026", "year=2026/region=*"])
def test_columns_in_the_names_of_folders_are_read(shop: Path, inside: str):
    assert read(shop / inside) == EXPECTED
    table = open_table(expand(shop / inside))
    assert table.columns == ("n", "year", "region")
    assert table.notes == (
        'The column "year" is read from the names of the folders, "year=…".',
        'The column "region" is read from the names of the folders, "region=…".',
    )
    assert [batch.file for batch in table.batches()][-1].endswith("region=n%2Fx/part-0.parquet")


def test_arrow_reads_the_same_values_from_the_folders(shop: Path):
    kinds = pa.schema([("year", pa.string()), ("region", pa.string())])
    partitioning = pa.dataset.HivePartitioning(kinds, segment_encoding="uri")
    oracle = pa.dataset.dataset(expand(shop), format="parquet", partitioning=partitioning, partition_base_dir=str(shop))
    assert read(shop) == oracle.to_table(columns=["n", "year", "region"]).to_pylist()


def test_columns_of_folders_come_in_the_order_that_is_asked_for(shop: Path):
    assert read(shop, ["region"]) == [{"region": row["region"]} for row in EXPECTED]
    assert read(shop, ["region", "n"]) == [{"region": row["region"], "n": row["n"]} for row in EXPECTED]


def test_one_file_in_such_a_folder_has_the_column_as_well(shop: Path):
    assert read(shop / "year=2026" / "region=n%2Fx" / "part-0.parquet") == EXPECTED[-2:]


def test_csv_parts_have_the_columns_of_their_folders(tmp_path: Path):
    put(tmp_path / "t" / "k=1" / "a.csv", "y,c\n1,a\n")
    put(tmp_path / "t" / "k=2" / "a.csv.gz", gzip.compress(b"y,c\n2,b\n"))
    assert read(tmp_path / "t") == [{"y": "1", "c": "a", "k": "1"}, {"y": "2", "c": "b", "k": "2"}]


def test_a_column_of_the_files_goes_before_that_of_the_folders(tmp_path: Path):
    for k in (1, 2):
        put(tmp_path / "t" / f"k={k}" / "a.parquet", pa.table({"y": [1.0], "k": [k * 10]}))
    assert read(tmp_path / "t") == [{"y": 1.0, "k": 10}, {"y": 1.0, "k": 20}]
    assert open_table(expand(tmp_path / "t")).notes == (
        'The column "k" stands in the files and in the names of their folders; it is read from the files.',
    )


def test_the_value_of_a_folder_counts_as_content(tmp_path: Path):
    one = put(tmp_path / "t" / "k=1" / "a.csv", "y,c\n1,a\n")
    two = put(tmp_path / "t" / "k=2" / "a.csv", "y,c\n1,a\n")
    plain = put(tmp_path / "t" / "a.csv", "y,c\n1,a\n")
    copy = put(tmp_path / "elsewhere" / "k=1" / "b.csv", "y,c\n1,a\n")
    prints = [fingerprint([str(path)]) for path in (one, two, plain, copy)]
    assert prints[0] == prints[3]
    assert len(set(prints)) == 3


def test_a_link_to_a_folder_above_ends_nowhere(shop: Path):
    (shop / "year=2026" / "year=2026").symlink_to(shop / "year=2026")
    assert read(shop) == EXPECTED


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/d/a=1/b.csv", {"a": "1"}),
        ("/x=1/d/a%20b=c%3Dd/e=/f.csv", {"a b": "c=d", "e": ""}),
        ("s3://bucket/t/a=1/b=2/c.parquet", {"a": "1", "b": "2"}),
        ("/d/=1/b.csv", {}),
        ("b.csv", {}),
    ],
)
def test_keys(path: str, found: dict):
    assert keys(path) == found
    assert list(keys(path)) == list(found)


def test_files_above_and_below_folders_of_values_do_not_mix(shop: Path):
    plain = put(shop / "all.parquet", pa.table({"n": [1]}))
    with pytest.raises(InputError, match=rf'^The folder "{shop}" must hold either tables or folders like "year=2026"'):
        expand(shop)
    with pytest.raises(InputError, match=r'^The data files must lie in folders of the same kind, got no "year=" above'):
        open_table(expand([plain, shop / "*" / "*" / "*.parquet"]))


def test_a_folder_of_plain_folders_names_the_pattern(tmp_path: Path):
    put(tmp_path / "t" / "2026" / "01" / "a.parquet", ROWS)
    with pytest.raises(InputError) as caught:
        expand(tmp_path / "t")
    assert str(caught.value) == (
        f'The folder "{tmp_path}/t" must hold tables right under it or in folders like "year=2026", got some in '
        f'"2026/01". If they are one table, name "{tmp_path}/t/**/*.parquet".'
    )
    assert read(f"{tmp_path}/t/**/*.parquet") == ROWS.to_pylist()


@pytest.mark.parametrize("first", [True, False])
def test_parts_without_rows_are_skipped(tmp_path: Path, first: bool):
    """Spark 4 leaves an empty first part when a filter takes the first partition away."""
    empty = pa.table({"y": pa.array([], pa.float64()), "other": pa.array([], pa.null())})
    put(tmp_path / "t" / f"part-{0 if first else 9}.parquet", empty)
    put(tmp_path / "t" / "part-1.parquet", ROWS)
    put(tmp_path / "t" / "part-2.parquet", b"")
    table = open_table(expand(tmp_path / "t"))
    assert [row for batch in table.batches() for row in batch.data.to_pylist()] == ROWS.to_pylist()
    name = "part-0" if first else "part-2"
    assert table.notes[0].startswith(f'2 of 3 data files have no rows and are skipped: "{name}.parquet", "part-')
    assert fingerprint(table.paths) == fingerprint(expand(tmp_path / "t"))


def test_csv_parts_of_a_header_alone_are_skipped(tmp_path: Path):
    put(tmp_path / "t" / "a.csv", "y,c\n")
    put(tmp_path / "t" / "b.csv", "y,c\n1,a\n")
    put(tmp_path / "t" / "c.csv", "")
    put(tmp_path / "t" / "d.csv.gz", gzip.compress(b"y,c\r\n"))
    table = open_table(expand(tmp_path / "t"))
    assert [row for batch in table.batches() for row in batch.data.to_pylist()] == [{"y": "1", "c": "a"}]
    assert table.notes == ('3 of 4 data files have no rows and are skipped: "a.csv", "c.csv", "d.csv.gz".',)


def test_files_of_no_bytes_alone_are_refused(tmp_path: Path):
    put(tmp_path / "t" / "a.csv", "")
    put(tmp_path / "t" / "b.csv", "")
    with pytest.raises(InputError, match=r'a\.csv" must hold a header and rows, got an empty file\.$'):
        expand(tmp_path / "t")


@pytest.mark.parametrize(
    ("name", "content", "got"),
    [("a.csv", "y,c\n", "a header only"), ("a.parquet", ROWS.slice(0, 0), "none")],
)
def test_a_table_without_rows_has_columns_and_no_rows(tmp_path: Path, name: str, content: object, got: str):
    path = put(tmp_path / name, content)
    table = open_table(expand(path))
    assert table.columns == ("y", "c")
    assert list(table.batches()) == []
    assert str(table.no_rows()) == f'"{path}" must hold at least one row, got {got}.'


def test_row_numbers_are_no_features(tmp_path: Path):
    """Dask names an index without a name `__null_dask_index__`, pandas one that it reads back `Unnamed: 0`."""
    frame = pd.DataFrame({"y": [1.5, 2.5, 9.0], "c": ["a", "b", "a"], "x": [3, 5, 4]})
    frame.to_csv(tmp_path / "once.csv")
    pd.read_csv(tmp_path / "once.csv").to_csv(tmp_path / "t.csv", index=False)
    frame.assign(**{"__null_dask_index__": [0, 1, 2], "Unnamed: 0": [5, 6, 7]}).to_parquet(tmp_path / "t.parquet")
    frame.assign(**{"Unnamed: 0": [2, 2, 3]}).to_parquet(tmp_path / "no_numbers.parquet")
    found = {name: open_table(expand(tmp_path / name)) for name in ("t.csv", "t.parquet", "no_numbers.parquet")}
    assert found["t.csv"].index == ("Unnamed: 0",)
    assert found["t.csv"].notes == ('"Unnamed: 0" holds row numbers that a program wrote, so it is no feature.',)
    assert found["t.parquet"].index == ("__null_dask_index__", "Unnamed: 0")
    assert found["no_numbers.parquet"].index == ()
    for names, spec in (
        (("x",), IngestSpec(("t",), "y", "c")),
        (("x",), IngestSpec(("t",), "y", "c", ignore=("Unnamed: 0",))),
        (("Unnamed: 0", "x"), IngestSpec(("t",), "y", "c", numeric=("Unnamed: 0",))),
        (("x",), IngestSpec(("t",), "y", "c", split="time", column="Unnamed: 0")),
    ):
        assert assign_roles(spec, found["t.csv"].columns, found["t.csv"].index).features == names


def test_the_index_of_pandas_is_left_out_with_a_note(tmp_path: Path):
    pd.DataFrame({"y": [1.5], "c": ["a"]}, index=[7]).to_parquet(tmp_path / "t.parquet")
    table = open_table(expand(tmp_path / "t.parquet"))
    assert table.columns == ("y", "c")
    assert table.notes == ('"__index_level_0__" is an index that pandas wrote, so it is left out.',)


def test_what_is_no_file_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nothing.csv")
    (tmp_path / "x.parquet").mkdir()
    for name, message in {
        "pipe.csv": 'must be a file or a folder, got a pipe, "',
        "loop.csv": 'must be a file or a folder, got a link to nothing, "',
        "gone.csv": 'must be a file or a folder, got a link to nothing, "',
        "x.parquet": 'x.parquet" must hold CSV or Parquet files, got none.',
        "pipe*.csv": "must match at least one file, got none.",
    }.items():
        with pytest.raises(InputError, match=re.escape(message)):
            expand(tmp_path / name)
    put(tmp_path / "t.csv", "y,c\n1,a\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand("~/t.csv") == expand(f"file://{tmp_path}/t.csv") == (f"{tmp_path}/t.csv",)


def test_a_folder_that_may_not_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=r'^The data file ".*" must be readable, got: Permission denied\.$'):
        expand(tmp_path)
