#!/usr/bin/env bash
# pandas cannot read the folder that pandas wrote, if a row has no partition key; nor any folder that polars partitioned.
#
# `to_parquet(folder, partition_cols=[…])` of pandas 3.1.1 (pyarrow 26.0.1) writes rows without a key under
# `key=__HIVE_DEFAULT_PARTITION__`, as Hive does; `read_parquet(folder)` then fails, because pyarrow reads the key as a
# dictionary and cannot join one that holds a null to one that does not. DuckDB 2.0.1 and polars 2.1.0 read the folder.
#
# polars keeps the key in the files as well as in the folders' names, as text of 64-bit offsets. pandas, which makes a
# dictionary of the name, cannot join the two, whatever the values are; DuckDB takes the name.
#
# Seen in November 2026:
#   written by pandas: duckdb 2 rows, polars 2 rows
#   written by pandas: pandas ArrowInvalid: Cannot yet unify dictionaries with nulls
#   written by polars: duckdb 2 rows, polars 2 rows
#   written by polars: pandas ArrowTypeError: Unable to merge: Field key has incompatible types: large_string vs
#     dictionary<values=string, indices=int32, ordered=0>
#
# Needs bash and Python 3.11 or newer. Fails if that has changed.
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
import pyarrow.lib

pandas.DataFrame({"key": ["a", None], "x": [1, 2]}).to_parquet("pandas", partition_cols=["key"])
polars.DataFrame({"key": ["a", "b"], "x": [1, 2]}).write_parquet("polars", partition_by="key")
expected = {
    "pandas": "ArrowInvalid: Cannot yet unify dictionaries with nulls",
    "polars": "ArrowTypeError: Unable to merge: Field key has incompatible types: large_string vs "
    "dictionary<values=string, indices=int32, ordered=0>",
}
for writer, refusal in expected.items():
    rows = len(duckdb.sql(f"FROM read_parquet('{writer}/*/*.parquet', hive_partitioning = true)").fetchall())
    print(f"written by {writer}: duckdb {rows} rows, polars {len(polars.read_parquet(writer))} rows")
    assert rows == len(polars.read_parquet(writer)) == 2, "the other readers have changed"
    try:
        said = f"{len(pandas.read_parquet(writer))} rows"
    except pyarrow.lib.ArrowException as error:
        said = f"{type(error).__name__}: {error}"
    print(f"written by {writer}: pandas {said}")
    assert said == refusal, "what pandas says has changed"
PY
