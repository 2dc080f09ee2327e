"""Files of other formats than CSV: the same rows from each, or one sentence that names the format."""

import datetime
import gzip
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from components.example_gen.spec import expand
from components.example_gen.tables import columnar_files, json_files, parquet_files
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError

ROWS = pa.table({"y": [1.5, 2.5, None], "c": ["a", "größe", None], "n": [1, 2, 3], "v": [[1.0, 2.0], [3.0, 4.0], None]})


def columns_of(path: Path, columns: list[str] | None = None) -> dict[str, pa.ChunkedArray]:
    table = open_table(expand(path))
    found = pa.Table.from_batches([batch.data for batch in table.batches(columns)])
    return dict(zip(found.schema.names, found.columns, strict=True))


def as_rows(path: Path, columns: list[str] | None = None) -> list[dict]:
    return [row for batch in open_table(expand(path)).batches(columns) for row in batch.data.to_pylist()]


def write(path: Path, table: pa.Table) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".feather":
        pyarrow.feather.write_feather(table, path)
    elif path.suffix == ".orc":
        pyarrow.orc.write_table(table, path)
    elif path.suffix in (".jsonl", ".ndjson"):
        table.to_pandas().to_json(path, orient="records", lines=True)
    else:
        opened = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
        with opened(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
    return path


@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "t.arrow", "t.arrows", "t.orc", "t.jsonl", "t.ndjson"])
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str):
    path = write(tmp_path / name, ROWS)
    assert as_rows(path) == as_rows(tmp_path) == ROWS.to_pylist()
    assert as_rows(path, ["n", "y"]) == ROWS.select(["n", "y"]).to_pylist()
    nameless = path.rename(tmp_path / "table.data")
    assert as_rows(nameless) == ROWS.to_pylist()


@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "t.arrow", "t.arrows", "t.orc"])
def test_a_file_without_rows_of_any_format_is_known_as_such(tmp_path: Path, name: str):
    table = open_table(expand(write(tmp_path / name, ROWS.slice(0, 0))))
    assert (table.columns, len(table.empty), list(table.batches())) == (("y", "c", "n", "v"), 1, [])


def test_large_batches_are_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(columnar_files, "_ROWS", 2)
    path = write(tmp_path / "t.orc", ROWS)
    batches = list(open_table(expand(path)).batches())
    assert [batch.data.num_rows for batch in batches] == [2, 1]
    assert batches[1].where(0) == "row 3"


def test_json_lines_are_read_in_blocks_of_differing_keys_and_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(json_files, "_BLOCK", 10)
    lines = [
        '{"n": 1, "t": "2026-01-31"}',
        '{"n": 2.5, "t": "soon", "late": null}',
        "",
        '{"n": null, "late": [1], "w": [2.5]}',
        '{"t": null, "late": [0.5], "w": []}',
    ]
    expected = [
        {"n": 1.0, "t": "2026-01-31", "late": None, "w": None},
        {"n": 2.5, "t": "soon", "late": None, "w": None},
        {"n": None, "t": None, "late": [1.0], "w": [2.5]},
        {"n": None, "t": None, "late": [0.5], "w": []},
    ]
    (tmp_path / "t.jsonl").write_text("\ufeff" + "\n".join(lines))
    (tmp_path / "z.ndjson.gz").write_bytes(gzip.compress("\r\n".join(lines).encode()))
    for name in ("t.jsonl", "z.ndjson.gz"):
        assert as_rows(tmp_path / name) == expected
        assert as_rows(tmp_path / name, ["late"]) == [{"late": row["late"]} for row in expected]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}\n{"a": 2\n{"a": 3}', 'Every line of "t.jsonl" must be one JSON object, got another in row 2 ('),
        ('{"a": 1}\n[1]', "got another in row 2 ("),
        ('{"a": 1}\n{"a": "x"}', 'The values of a key in "t.jsonl" must be of one kind, got others from row 1 on ('),
        ("hello", "got another in row 1 ("),
        (b'{"\xff": 1}', 'The keys in "t.jsonl" must be UTF-8 text, got other bytes from row 1 on.'),
        (gzip.compress(b'{"a": 1}\n' * 9999, mtime=0)[:-30], "must be a whole file, got a damaged one"),
        ('{"a": "\udce9"}', 'Text must be UTF-8, got other bytes in row 1 of "t.jsonl", column "a".'),
    ],
)
def test_damaged_json_lines_are_one_sentence(tmp_path: Path, content: str | bytes, message: str):
    path = tmp_path / "t.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=re.escape(message).replace("\udce9", ".")) as caught:
        as_rows(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "got"),
    [
        ("t.xlsx", b"PK\x03\x04", "must be CSV or Parquet, got an Excel file. Save it as CSV."),
        ("t.csv", b"PK\x03\x04", "got a zip or Excel file. Save it as CSV."),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "got an old Excel file (.xls). Save it as CSV."),
        ("t.dta", b"s\x02\x01", "got a Stata file. Write it as Parquet, as with pandas.read_stata(...)"),
        ("t", b"<stata_dta><header>", "got a Stata file. Write"),
        ("t.sav", b"$FL2@(#)", "got an SPSS file. Write it as CSV."),
        ("t.sas7bdat", b"\0" * 12 + b"\xc2\xea\x81\x60\xb3", "got a SAS file. Write it as CSV."),
        ("t.avro", b"Obj\x01\x04", "got an Avro file. Write it as Parquet."),
        ("t.db", b"SQLite format 3\0", "got an SQLite database. Write the table as CSV or Parquet."),
        ("t.feather", b"FEA1\0\0", "got a Feather file of version 1. Write it again"),
        ("t.h5", b"\x89HDF\r\n\x1a\n", "got an HDF5 file. Write the table as Parquet."),
        ("t.npy", b"\x93NUMPY", "got a NumPy file. Write it as CSV or Parquet"),
        ("t.pkl", b"\x80\x04\x95", "got a pickle of Python. Write it as Parquet."),
        ("t.rds", gzip.compress(b"X\n", mtime=0), "got an R data file. Write it as CSV or Parquet."),
        ("t.tar.gz", gzip.compress(b"t.csv", mtime=0), "got an archive. Unpack it."),
        ("t.csv", b"<!DOCTYPE html><html>", "got an HTML page. Download the table itself."),
        ("t.parquet", b"version https://git-lfs.github.com/spec/v1\n", "got a pointer of Git LFS. Fetch the file"),
        ("t.json", b'[{"a": 1}]', "got one JSON document. Write one object per line (JSON lines), as with pandas"),
        ("t.json", b'{\n  "a": 1\n}', "got one JSON document. Write one object per line (JSON lines), as with pandas"),
        ("t.orc", b"y,c\n1,a\n", "must be a whole ORC file, got something else or a damaged one."),
        ("t.arrow", b"y,c\n1,a\n", "must be a whole Arrow file, got something else or a damaged one."),
        ("t.arrow", b"ARROW1\0\0 and no more", "must be a whole file, got a damaged one"),
        ("t.orc", b"ORC and no more", "must be a whole file, got a damaged one"),
        ("t.parquet", b"PARE and no more", "got an encrypted Parquet file. Write it without encryption."),
        ("t.parquet", b"\0" * 99, "must be a whole Parquet file, got something else or a damaged one."),
        ("t.csv", b"\0" * 99, "must "),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, got: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=re.escape(got)) as caught:
        as_rows(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.arrows", "t.jsonl"])
def test_files_with_flipped_bytes_end_in_rows_or_in_one_sentence(tmp_path: Path, name: str):
    whole = write(tmp_path / name, pa.concat_tables([ROWS] * 20)).read_bytes()
    random, sentences = np.random.default_rng(0), []
    for number in range(60):
        content = np.frombuffer(whole, np.uint8).copy()
        content[random.integers(0, len(content), 8)] = random.integers(0, 256, 8)
        path = tmp_path / f"{number}{name}"
        path.write_bytes(content.tobytes()[: len(content) if number % 2 else random.integers(1, len(content))])
        try:
            as_rows(path)
        except InputError as error:
            sentences.append(str(error))
    assert len(sentences) > 30
    assert not any("\n" in sentence for sentence in sentences)


def test_formats_do_not_mix_in_one_table(tmp_path: Path):
    write(tmp_path / "a.orc", ROWS)
    write(tmp_path / "b.arrow", ROWS)
    with pytest.raises(InputError, match=r"^The data files must be of one format, got arrow and orc\."):
        open_table(expand(tmp_path))
    with pytest.raises(InputError, match=r'a\.orc" must be CSV, got an ORC file\. Set data\.format to auto\.$'):
        open_table(expand(tmp_path / "a.orc"), Dialect("csv"))


INT128 = bytes([65, *range(15)])  # as ClickHouse writes Int128: no number to any other program
UUIDS = ["00112233-4455-6677-8899-aabbccddeeff", None]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([b"caf\xc3\xa9", None]), pa.array(["café", None])),
        (pa.array([b"p", None], pa.large_binary()), pa.array(["p", None])),
        (pa.array([None, None], pa.binary()), pa.array([None, None], pa.string())),
        (pa.array([b"\xff", None]), pa.array([b"\xff", None])),
        (
            pa.array([bytes([1]) + bytes(15), None], pa.binary(16)),
            pa.array([bytes([1]) + bytes(15), None], pa.binary(16)),
        ),
        (pa.array([b"DE", None], pa.binary(2)), pa.array(["DE", None])),
        (
            pa.ExtensionArray.from_storage(
                pa.uuid(), pa.array([bytes.fromhex(UUIDS[0].replace("-", "")), None], pa.binary(16))
            ),
            pa.array(UUIDS),
        ),
        (pa.ExtensionArray.from_storage(pa.bool8(), pa.array([5, None], pa.int8())), pa.array([True, None])),
        (
            pa.FixedShapeTensorArray.from_numpy_ndarray(np.ones((2, 3))),
            pa.array([[1.0, 1.0, 1.0]] * 2, pa.list_(pa.float64(), 3)),
        ),
        (pa.array(["p", None], pa.large_string()), pa.array(["p", None], pa.large_string())),
        (pa.array(["p", None]).dictionary_encode(), pa.array(["p", None]).dictionary_encode()),
        (pa.array([7, None]).dictionary_encode(), pa.array([7, None])),
        (pa.array([Decimal("1.7"), None], pa.decimal128(2, 1)), pa.array([Decimal("1.7"), None], pa.decimal128(2, 1))),
        (
            pa.array([Decimal("1.7"), None], pa.decimal256(50, 1)),
            pa.array([Decimal("1.7"), None], pa.decimal256(50, 1)),
        ),
        (pa.array([np.float16(1.5), None], pa.float16()), pa.array([np.float16(1.5), None], pa.float16())),
        (pa.nulls(2), pa.nulls(2)),
    ],
)
@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_storage_of_other_programs_becomes_plain(tmp_path: Path, name: str, column: pa.Array, expected: pa.Array):
    path = write(tmp_path / name, pa.table({"y": [1.0, 2.0], "z": column}))
    [found] = columns_of(path, ["z"]).values()
    assert found.to_pylist() == expected.to_pylist()
    assert found.type == expected.type or (pa.types.is_fixed_size_list(expected.type) and len(found.type) == 3)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["p", None, "a text of more than twelve bytes"], pa.string_view()), None),
        (pa.array([b"p", None, b"q"], pa.binary_view()), ["p", None, "q"]),
        (pa.array([[1.0, 2.0], None, [3.0]], pa.list_view(pa.float64())), None),
        (pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["p", "q"])), None),
    ],
)
def test_views_and_run_ends_of_arrow_files_become_plain(tmp_path: Path, column: pa.Array, expected: list | None):
    [found] = columns_of(write(tmp_path / "t.arrow", pa.table({"z": column}))).values()
    assert found.to_pylist() == (expected or column.to_pylist())
    assert found.type in (pa.string(), pa.list_(pa.float64()))
    found.validate(full=True)


def test_a_text_that_is_not_utf8_is_named_by_file_row_and_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """ClickHouse's String and parquet-go hold any bytes in a column that says it is text."""
    monkeypatch.setattr(parquet_files, "_ROWS", 2)
    cells = pa.array([b"ok", b"caf\xc3\xa9", b"x", b"\xe9"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 4, cells.buffers())
    pq.write_table(pa.table({"y": [1.0] * 4, "t": text}), tmp_path / "t.parquet")
    with pytest.raises(InputError) as caught:
        as_rows(tmp_path / "t.parquet")
    assert str(caught.value) == (
        'Text must be UTF-8, got other bytes in row 4 of "t.parquet", column "t". '
        "Write the column as UTF-8, or list it under data.ignore."
    )
    assert len(as_rows(tmp_path / "t.parquet", ["y"])) == 4


def test_the_oldest_type_for_times_holds_the_end_of_the_calendar(tmp_path: Path):
    """Spark's INT96, in which pyarrow reads 9999-12-31 as 1816 unless told not to (apache/arrow, by its option)."""
    days = [datetime.datetime(9999, 12, 31), datetime.datetime(2024, 1, 1, 12, 0, 0, 5), None]
    table = pa.table({"y": [1.0, 2.0, 3.0], "end": pa.array(days, pa.timestamp("us"))})
    pq.write_table(table, tmp_path / "t.parquet", use_deprecated_int96_timestamps=True)
    assert [row["end"] for row in as_rows(tmp_path / "t.parquet")] == days


def duck(path: Path, cell: str) -> Path:
    place = str(path).replace("'", "''")
    duckdb.sql(f"COPY (SELECT i + 0.5::DOUBLE AS y, {cell} AS z FROM range(9) t(i)) TO '{place}' (FORMAT parquet)")
    return path


def test_a_variant_is_read_as_text(tmp_path: Path):
    """DuckDB 2 and Spark 4 write VARIANT, at which pyarrow 18 does not open the file at all."""
    path = duck(tmp_path / "a[1]'s.parquet", "CASE WHEN i = 3 THEN NULL ELSE (i * 2)::VARIANT END")
    with pytest.raises(OSError, match="LogicalType"):
        pq.ParquetFile(path)
    assert as_rows(path) == [{"y": i + 0.5, "z": None if i == 3 else str(i * 2)} for i in range(9)]
    assert as_rows(path, ["y"]) == [{"y": i + 0.5} for i in range(9)]
    empty = tmp_path / "empty.parquet"
    duckdb.sql(f"COPY (SELECT * FROM '{duck(tmp_path / 'b.parquet', 'i::VARIANT')}' LIMIT 0) TO '{empty}'")
    assert open_table(expand(empty)).empty == {str(empty)}


def test_a_geometry_in_another_column_is_no_hindrance(tmp_path: Path):
    """GEOMETRY of Parquet 2.11 as DuckDB 2 writes it; the cells refuse the bytes of such a column by its name."""
    path = tmp_path / "t.parquet"
    duckdb.sql(
        "COPY (SELECT i + 0.5::DOUBLE AS y, 'POINT(1 2)'::GEOMETRY AS z FROM range(9) t(i)) "
        f"TO '{path}' (FORMAT parquet, GEOPARQUET_VERSION 'V2')"
    )
    with pytest.raises(OSError, match="LogicalType"):
        pq.ParquetFile(path)
    assert open_table(expand(path)).columns == ("y", "z")
    assert as_rows(path, ["y"]) == [{"y": i + 0.5} for i in range(9)]
    assert columns_of(path)["z"].type == pa.binary()


def test_a_missing_vector_among_vectors_of_one_length_is_read(monkeypatch: pytest.MonkeyPatch):
    """A fixed-size list as pyarrow 26 writes it, where pyarrow 18 expects all lists to be of one size."""
    monkeypatch.setattr(parquet_files, "_ROWS", 4)
    path = Path(__file__).parents[1] / "data" / "missing_vector.parquet"
    with pytest.raises(pa.ArrowInvalid, match="Expected all lists to be of size=2 but index 8 had size=0"):
        pq.read_table(path)
    assert as_rows(path) == [{"y": i + 0.5, "z": None if i == 7 else [i + 0.5, 1.0]} for i in range(11)]
    assert as_rows(path, ["y"]) == [{"y": i + 0.5} for i in range(11)]


def test_a_missing_array_of_duckdb_is_read(tmp_path: Path):
    """DuckDB 2 writes ARRAY so that pyarrow 18 counts its missing values wrongly."""
    path = duck(tmp_path / "t.parquet", "CASE WHEN i = 3 THEN NULL ELSE [i, 1.5, 2.5]::DOUBLE[3] END")
    with pytest.raises(pa.ArrowInvalid, match="Length spanned by list offsets"):
        pq.read_table(path)
    assert [row["z"] for row in as_rows(path)] == [None if i == 3 else [i, 1.5, 2.5] for i in range(9)]


@pytest.mark.parametrize("options", [{"footer": True}, {"footer": False}])
def test_an_encrypted_file_is_named_as_such(tmp_path: Path, options: dict):
    import pyarrow.parquet.encryption as pe

    class Keys(pe.KmsClient):
        def __init__(self, config: object):
            pe.KmsClient.__init__(self)

        def wrap_key(self, key: bytes, name: str) -> bytes:
            return key.hex().encode()

        def unwrap_key(self, wrapped: bytes, name: str) -> bytes:
            return bytes.fromhex(wrapped.decode())

    config = pe.EncryptionConfiguration(
        footer_key="k", column_keys={"k": ["y"]}, plaintext_footer=not options["footer"]
    )
    properties = pe.CryptoFactory(Keys).file_encryption_properties(pe.KmsConnectionConfig(), config)
    table = pa.table({"y": [1.0], "c": ["a"]})
    with pq.ParquetWriter(tmp_path / "t.parquet", table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)
    with pytest.raises(InputError, match=r"got an encrypted Parquet file\. Write it without encryption\.$"):
        as_rows(tmp_path / "t.parquet")


def test_a_file_cut_short_after_its_footer_was_copied_is_damaged(tmp_path: Path):
    table = pa.table({"y": np.random.default_rng(0).normal(size=9999)})
    pq.write_table(table, tmp_path / "t.parquet", use_dictionary=False)
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    content[2000:4000] = bytes(2000)
    (tmp_path / "t.parquet").write_bytes(bytes(100) + bytes(content[100:]))
    with pytest.raises(InputError, match=r"must be a whole|got a damaged one"):
        as_rows(tmp_path / "t.parquet")


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "brotli", "lz4", "gzip"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_encodings_compressions_and_pages_of_every_kind(tmp_path: Path, compression: str, version: str):
    frame = pd.DataFrame({"f": [0.1, np.nan, 1e300], "i": [1, -(2**62), 3], "t": ["a", "", "ab"]})
    pq.write_table(
        pa.Table.from_pandas(frame),
        tmp_path / "t.parquet",
        compression=compression,
        data_page_version=version,
        use_dictionary=False,
        column_encoding={"f": "BYTE_STREAM_SPLIT", "i": "DELTA_BINARY_PACKED", "t": "DELTA_BYTE_ARRAY"},
        row_group_size=2,
    )
    found = pd.DataFrame(as_rows(tmp_path / "t.parquet"))
    pd.testing.assert_frame_equal(found, frame)


def test_empty_row_groups_and_other_orders_and_widths_are_one_table(tmp_path: Path):
    schema = pa.schema([("y", pa.float64()), ("n", pa.int64())])
    with pq.ParquetWriter(tmp_path / "a.parquet", schema) as writer:
        for rows in ([], [(1.0, 1)], []):
            writer.write_table(pa.table({"y": [y for y, _ in rows], "n": [n for _, n in rows]}, schema=schema))
    pq.write_table(pa.table({"n": pa.array([2], pa.int16()), "y": [2.0]}), tmp_path / "b.parquet")
    pq.write_table(pa.table({"n": pa.nulls(1), "y": [3.0]}), tmp_path / "c.parquet")
    assert as_rows(tmp_path) == [{"y": 1.0, "n": 1}, {"y": 2.0, "n": 2}, {"y": 3.0, "n": None}]
