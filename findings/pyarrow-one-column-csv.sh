#!/usr/bin/env bash
# A CSV of one column loses its rows without a value: pyarrow does not read back what pyarrow wrote.
#
# In a table of one column, a row without a value is an empty line. pyarrow 26.0.1 writes such lines and, by default,
# passes over them when it reads (`ignore_empty_lines`); so does pandas 3.1.1 (`skip_blank_lines`), for the files of
# pyarrow, polars and DuckDB alike. Predictions, labels or ids that are kept as one column beside the table then no
# longer belong to its rows, and nothing is said. polars 2.1.0 and DuckDB 2.0.1 write the same empty lines and read
# them as missing; pandas writes "" instead, which all four read as a row.
#
# Seen in November 2026, rows read of 3 (a number, a missing value, a number):
#   written by pyarrow: pyarrow 2, pandas 2, polars 3, duckdb 3
#   written by polars: pyarrow 2, pandas 2, polars 3, duckdb 3
#   written by duckdb: pyarrow 2, pandas 2, polars 3, duckdb 3
#   written by pandas: pyarrow 3, pandas 3, polars 3, duckdb 3
#
# Needs bash and Python 3.11 or newer. Fails if one of these counts has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check \
  duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0 pandas==3.1.1
cd "$folder"
"$folder/env/bin/python" - <<'PY'
import duckdb
import pandas
import polars
import pyarrow
import pyarrow.csv

answers = pyarrow.table({"answer": [1, None, 3]})
pyarrow.csv.write_csv(answers, "pyarrow.csv")
polars.from_arrow(answers).write_csv("polars.csv")
duckdb.sql("COPY answers TO 'duckdb.csv'")
answers.to_pandas().to_csv("pandas.csv", index=False)

readers = {
    "pyarrow": lambda file: pyarrow.csv.read_csv(file).num_rows,
    "pandas": lambda file: len(pandas.read_csv(file)),
    "polars": lambda file: len(polars.read_csv(file)),
    "duckdb": lambda file: len(duckdb.sql(f"FROM '{file}'").fetchall()),
}
for writer in ("pyarrow", "polars", "duckdb", "pandas"):
    rows = {reader: read(f"{writer}.csv") for reader, read in readers.items()}
    print(f"written by {writer}:", ", ".join(f"{reader} {count}" for reader, count in rows.items()))
    lost = 0 if writer == "pandas" else 1
    assert rows == {"pyarrow": 3 - lost, "pandas": 3 - lost, "polars": 3, "duckdb": 3}, "a count has changed"
options = pyarrow.csv.ParseOptions(ignore_empty_lines=False)
assert pyarrow.csv.read_csv("pyarrow.csv", parse_options=options).num_rows == 3, "the way out has changed"
PY
