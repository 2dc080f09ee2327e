#!/usr/bin/env bash
# One valid Parquet file, four readers, four answers to "when does this contract end?".
#
# INT96 is what Spark writes for a TimestampType by default, and 9999-12-31 is how many systems say "never". The file
# below holds that instant as Spark writes it: INT96 without a logical type. Of the newest versions
#   - DuckDB 2.0.1 reads 9999-12-31,
#   - pyarrow 26.0.1, and so pandas 3.1.1, reads 1816-03-29: nanoseconds in 64 bits, gone once around,
#   - polars 2.1.0 reads 2262-04-11 23:47:16.854775: the same nanoseconds, stopped at their end,
#   - ClickHouse 26.9 (chdb 4.4.0) refuses the file.
# None of the wrong answers comes with a warning. A split by time, or a feature "days left", takes such rows for the
# oldest of all, or for 238 years instead of for ever. pyarrow has `coerce_int96_timestamp_unit="us"`, polars a schema
# that says microseconds; both then read 9999. With Arrow's own schema in the file (pyarrow writes it, Spark does not)
# polars reads 9999 by itself.
#
# Seen in November 2026 (Spark 4.3.0 gives the same four answers):
#   duckdb 9999-12-31 00:00:00
#   pyarrow 1816-03-29 05:56:08.066277376
#   polars 2262-04-11 23:47:16.854775
#   clickhouse refuses: INT96 timestamp out of range
#
# Needs bash and Python 3.11 or newer. Fails if one of the answers has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check \
  duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0 chdb==4.4.0
cd "$folder"
"$folder/env/bin/python" - <<'PY'
import datetime

import chdb
import duckdb
import polars
import pyarrow
import pyarrow.parquet

never = datetime.datetime(9999, 12, 31)
table = pyarrow.table({"ends": pyarrow.array([never], pyarrow.timestamp("us"))})
pyarrow.parquet.write_table(table, "t.parquet", use_deprecated_int96_timestamps=True, store_schema=False)
assert pyarrow.parquet.ParquetFile("t.parquet").schema.column(0).physical_type == "INT96"

answers = {
    "duckdb": str(duckdb.sql("SELECT ends FROM 't.parquet'").fetchall()[0][0]),
    "pyarrow": str(pyarrow.parquet.read_table("t.parquet")["ends"][0].as_py()),
    "polars": str(polars.read_parquet("t.parquet")["ends"][0]),
}
try:
    answers["clickhouse"] = str(chdb.query("SELECT ends FROM file('t.parquet', Parquet)")).strip()
except RuntimeError as error:
    answers["clickhouse"] = "refuses: " + str(error).split("DB::Exception: ")[1].split(":")[0]
for reader, answer in answers.items():
    print(reader, answer)
assert answers == {
    "duckdb": "9999-12-31 00:00:00",
    "pyarrow": "1816-03-29 05:56:08.066277376",
    "polars": "2262-04-11 23:47:16.854775",
    "clickhouse": "refuses: INT96 timestamp out of range",
}, "an answer has changed"
asked = pyarrow.parquet.read_table("t.parquet", coerce_int96_timestamp_unit="us")["ends"][0].as_py()
told = polars.read_parquet("t.parquet", schema={"ends": polars.Datetime("us")})["ends"][0]
assert asked == told == never, "the ways out have changed"
print("with microseconds asked for, pyarrow and polars read", asked)
PY
