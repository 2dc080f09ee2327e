#!/usr/bin/env bash
# DuckDB's sum of whole numbers leaves it exact as CSV and inexact as Parquet.
#
# In DuckDB 2.0.1 the sum of a BIGINT column is a HUGEINT (128 bits). COPY writes a HUGEINT to CSV digit by digit; to
# Parquet it writes a DOUBLE, without a word, and everything beyond 2^53 loses its last digits: the same query gives two
# tables that do not join, and two sums that differ by one become one. The sum of a DECIMAL column is not hit: that
# is a DECIMAL(38, …), which Parquet has. So the exact way out is `sum(x)::DECIMAL(38, 0)`, or `::BIGINT` where it fits.
# polars 2.1.0 has whole numbers of 128 bits in Parquet, too, in a form of its own: DuckDB reads them as a BLOB of 16
# bytes, and pyarrow 26.0.1 not at all.
#
# Seen in November 2026:
#   csv     9007199254740993 9007199254740992
#   parquet 9007199254740992.0 9007199254740992.0 (double)
#   decimal 9007199254740993
#   polars' Int128 in DuckDB: BLOB
#
# Needs bash and Python 3.11 or newer. Fails if that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0
cd "$folder"
"$folder/env/bin/python" - <<'PY'
import duckdb
import polars
import pyarrow.parquet

duckdb.sql("CREATE TABLE sales (shop VARCHAR, cents BIGINT)")
duckdb.sql("INSERT INTO sales VALUES ('a', 9007199254740000), ('a', 993), ('b', 9007199254740000), ('b', 992)")
query = "SELECT shop, sum(cents) AS total FROM sales GROUP BY shop ORDER BY shop"
duckdb.sql(f"COPY ({query}) TO 't.csv'")
duckdb.sql(f"COPY ({query}) TO 't.parquet'")
duckdb.sql("COPY (SELECT sum(cents)::DECIMAL(38, 0) AS total FROM sales WHERE shop = 'a') TO 'd.parquet'")

text = [line.split(",")[1] for line in open("t.csv").read().split()[1:]]
column = pyarrow.parquet.read_table("t.parquet")["total"]
exact = pyarrow.parquet.read_table("d.parquet")["total"][0].as_py()
polars.DataFrame({"total": [2**70]}, schema={"total": polars.Int128}).write_parquet("p.parquet")
kind = str(duckdb.sql("FROM 'p.parquet'").types[0])
print("csv    ", *text)
print("parquet", *column.to_pylist(), f"({column.type})")
print("decimal", exact)
print("polars' Int128 in DuckDB:", kind)
assert text == ["9007199254740993", "9007199254740992"], "the CSV has changed"
assert str(column.type) == "double", "the type in Parquet has changed"
assert column.to_pylist() == [9007199254740992.0] * 2, "the sums in Parquet have changed"
assert exact == 9007199254740993, "the way out has changed"
assert kind == "BLOB", "what DuckDB makes of polars' Int128 has changed"
try:
    pyarrow.parquet.read_table("p.parquet")
except NotImplementedError as error:
    print("pyarrow refuses polars' Int128:", error)
else:
    raise AssertionError("pyarrow reads polars' Int128")
PY
