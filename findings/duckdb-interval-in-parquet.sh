#!/usr/bin/env bash
# A duration that DuckDB writes to Parquet comes back shorter in DuckDB itself, and as raw bytes elsewhere.
#
# Parquet's INTERVAL counts months, days and milliseconds, each without a sign. DuckDB 2.0.1's counts microseconds and
# may be negative. COPY to Parquet cuts the microseconds off without a word (1.5 ms come back as 1 ms, 0.9 ms as
# nothing) and refuses a negative one; COPY to CSV keeps both. pyarrow 26.0.1 does not know the type: it gives the 12
# bytes as they are, and pandas 3.1.1 a column of bytes. The portable way out is a number: `epoch(i)` is seconds.
#
# Seen in November 2026:
#   csv      00:00:00.0015 00:00:00.0009
#   parquet  0:00:00.001000 0:00:00
#   pyarrow  fixed_size_binary[12] (0, 0, 1)
#   negative Parquet files do not support negative intervals
#   epoch    0.0015 0.0009
#
# Needs bash and Python 3.11 or newer. Fails if that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1
cd "$folder"
"$folder/env/bin/python" - <<'PY'
import struct

import duckdb
import pyarrow.parquet

query = "SELECT unnest([INTERVAL 1500 MICROSECOND, INTERVAL 900 MICROSECOND]) AS took"
duckdb.sql(f"COPY ({query}) TO 't.csv'")
duckdb.sql(f"COPY ({query}) TO 't.parquet'")
text = open("t.csv").read().split()[1:]
own = [str(row[0]) for row in duckdb.sql("FROM 't.parquet'").fetchall()]
column = pyarrow.parquet.read_table("t.parquet")["took"]
parts = struct.unpack("<III", column[0].as_py())
try:
    duckdb.sql("COPY (SELECT INTERVAL (-1) SECOND AS took) TO 'n.parquet'")
    negative = "written"
except duckdb.IOException as error:
    negative = str(error).removeprefix("IO Error: ")
seconds = [row[0] for row in duckdb.sql(f"SELECT epoch(took) FROM ({query})").fetchall()]
print("csv     ", *text)
print("parquet ", *own)
print("pyarrow ", column.type, parts)
print("negative", negative)
print("epoch   ", *seconds)
assert text == ["00:00:00.0015", "00:00:00.0009"], "the CSV has changed"
assert own == ["0:00:00.001000", "0:00:00"], "what comes back has changed"
assert (str(column.type), parts) == ("fixed_size_binary[12]", (0, 0, 1)), "what pyarrow reads has changed"
assert negative == "Parquet files do not support negative intervals", "negative intervals have changed"
assert seconds == [0.0015, 0.0009], "the way out has changed"
PY
