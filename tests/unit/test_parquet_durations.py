"""Durations that a Parquet file's own types do not tell, as the writers that leave them so write them."""

import datetime
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_gen.spec import expand
from components.example_gen.tables import parquet_files
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError


def columns_of(path: Path, columns: list[str] | None = None) -> dict[str, pa.ChunkedArray]:
    found = pa.Table.from_batches([batch.data for batch in open_table(expand(path)).batches(columns)])
    return dict(zip(found.schema.names, found.columns, strict=True))


def test_intervals_of_duckdb_are_durations(tmp_path: Path):
    """DuckDB 2.0 writes INTERVAL as Parquet's 12 bytes; pyarrow 18 reads them as bytes that say nothing."""
    path = tmp_path / "t.parquet"
    select = "SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE to_minutes(i) + INTERVAL 1 DAY END AS wait FROM range(100) t(i)"
    duckdb.sql(f"COPY ({select}) TO '{path}'")
    [found] = columns_of(path).values()
    assert found.type == pa.duration("ms")
    expected = [None if i % 7 == 0 else datetime.timedelta(days=1, minutes=i) for i in range(100)]
    assert found.to_pylist() == expected
    duckdb.sql(f"COPY (SELECT i AS y, INTERVAL (i) MONTH AS wait FROM range(3) t(i)) TO '{path}'")
    with pytest.raises(InputError) as caught:
        columns_of(path, ["y", "wait"])
    assert str(caught.value) == (
        'An interval must be of days and less to be a number of seconds, got months in row 2 of "t.parquet", column '
        '"wait". Write it as a number, or list it under data.ignore.'
    )
    assert columns_of(path, ["y"])["y"].to_pylist() == [0, 1, 2]


def test_intervals_of_spark_are_durations(tmp_path: Path):
    """Spark 4.3 writes `interval day to second` as whole microseconds; its own metadata alone says what they are."""
    fields = [{"name": "wait", "type": "interval day to second"}, {"name": "count", "type": "long"}]
    metadata = {"org.apache.spark.sql.parquet.row.metadata": json.dumps({"type": "struct", "fields": fields})}
    table = pa.table({"wait": [93_784_500_000, None], "count": [5, 6]}).replace_schema_metadata(metadata)
    pq.write_table(table, tmp_path / "t.parquet")
    found = columns_of(tmp_path / "t.parquet")
    assert found["wait"].to_pylist() == [datetime.timedelta(days=1, hours=2, minutes=3, seconds=4.5), None]
    assert found["count"].to_pylist() == [5, 6]


def test_durations_keep_their_unit_where_duckdb_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """To DuckDB 2.0 they are whole numbers, since only Arrow's own schema in the file says what they are."""

    def refuse(file: pq.ParquetFile, wanted: list[str], groups: list[int] | None) -> None:
        raise pa.ArrowInvalid("Expected all lists to be of size=3 but index 13 had size=0")

    waits = [datetime.timedelta(days=-1, milliseconds=5), None]
    table = pa.table({unit: pa.array(waits, pa.duration(unit)) for unit in ("ms", "us", "ns")})
    path = tmp_path / "t.parquet"
    pq.write_table(table, path)
    opened: list[str] = []
    real = parquet_files._open
    monkeypatch.setattr(parquet_files, "_open", lambda path: opened.append(path) or real(path))
    monkeypatch.setattr(parquet_files, "_rows", refuse)
    found = columns_of(path)
    assert opened == [str(path)] * 2  # to look at it, and to read it
    for unit, column in found.items():
        assert (column.type, column.cast(pa.duration("us")).to_pylist()) == (pa.duration(unit), waits)
