#!/usr/bin/env bash
# The value in a partition's folder name is not what was written: `são` and `007` in four readers.
#
# pyarrow 26.0.1, polars 2.1.0, DuckDB 2.0.1 and pandas 3.1.1 write the key `são` of a partitioned folder as
# `key=s%C3%A3o`: the bytes of UTF-8, percent-encoded. Spark 4.3.0 decodes each of these bytes as a character of its
# own and reads `sÃ£o`, without a word; Spark itself writes `key=são`, which all the others read. So such keys
# join nothing once Spark has read them, and a model meets an unknown category.
#
# Texts of digits fare no better: of the keys `007` and `012`, which pyarrow wrote from a text column, pyarrow, polars
# and Spark make the numbers 7 and 12, and DuckDB alone keeps the text. Without the zeros nothing tells the
# two apart.
#
# Seen in November 2026:
#   folders key=012 key=007 key=s%C3%A3o
#   spark   sÃ£o
#   duckdb  são
#   digits  duckdb ['007', '012'], polars [7, 12], pyarrow [7, 12], spark [7, 12]
#
# Needs bash, Python 3.11 or newer and Java 17 or newer; Spark is a download of 450 MB. Fails if that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check \
  duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0 pyspark==4.3.0
cd "$folder"
"$folder/env/bin/python" - 2>spark.log <<'PY' || { tail -n 5 spark.log; exit 1; }
import os

import duckdb
import polars
import pyarrow
import pyarrow.dataset
from pyspark.sql import SparkSession


def write(folder, keys):
    table = pyarrow.table({"x": range(len(keys)), "key": pyarrow.array(keys, pyarrow.string())})
    pyarrow.dataset.write_dataset(
        table, folder, format="parquet", partitioning=["key"], partitioning_flavor="hive"
    )


write("digits", ["007", "012"])
write("text", ["são"])
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)


def with_duckdb(folder):
    return duckdb.sql(f"FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = true)").fetchall()


digits = {
    "duckdb": sorted(row[1] for row in with_duckdb("digits")),
    "polars": sorted(polars.read_parquet("digits")["key"]),
    "pyarrow": sorted(pyarrow.dataset.dataset("digits", partitioning="hive").to_table()["key"].to_pylist()),
    "spark": sorted(row.key for row in spark.read.parquet("digits").collect()),
}
[text] = spark.read.parquet("text").collect()
[[_, own]] = with_duckdb("text")
print("folders", *os.listdir("digits"), *os.listdir("text"))
print("spark  ", text.key)
print("duckdb ", own)
print("digits ", ", ".join(f"{reader} {values}" for reader, values in digits.items()))
assert os.listdir("text") == ["key=s%C3%A3o"], "the folder's name has changed"
assert text.key == "são".encode().decode("latin-1") == "sÃ£o", "what Spark reads has changed"
assert own == "são", "what DuckDB reads has changed"
assert digits.pop("duckdb") == ["007", "012"], "what DuckDB makes of digits has changed"
assert set(map(tuple, digits.values())) == {(7, 12)}, "what the others make of digits has changed"
spark.stop()
PY
