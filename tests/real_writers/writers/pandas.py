"""pandas, version 2 or 3: CSV, a CSV of a CSV with the index in it, Parquet with and without an index, partitions."""

import pandas as pd

from tests.real_writers.source import PARTITIONS, flat, kind_of
from tests.real_writers.writers.written import report


def frame(table):
    """Returns the table in the types that pandas itself gives such values."""
    columns = {}
    for name, values in table.items():
        kind = kind_of(name)
        if kind in ("timestamp", "instant"):
            zone = "UTC" if kind == "instant" else None
            naive = pd.Series([None if value is None else value.replace(tzinfo=None) for value in values])
            columns[name] = naive.astype("datetime64[us]").dt.tz_localize(zone)
        elif kind == "duration":
            columns[name] = pd.to_timedelta(pd.Series(values))
        elif kind == "uint":
            columns[name] = pd.Series(values, dtype="uint64")
        elif kind == "float32":
            columns[name] = pd.Series(values, dtype="float32")
        elif kind == "category":
            columns[name] = pd.Series(values, dtype="category")
        else:
            columns[name] = pd.Series(values)
    return pd.DataFrame(columns)


def write(table, folder):
    scalars, whole = frame(flat(table)), frame(table)
    scalars.to_csv(folder / "default.csv", index=False)
    yield "CSV", folder / "default.csv", scalars.columns
    scalars.to_csv(folder / "default.tsv.gz", sep="\t", index=False)
    yield "TSV, gzip", folder / "default.tsv.gz", scalars.columns
    scalars.to_csv(folder / "indexed.csv")
    pd.read_csv(folder / "indexed.csv", dtype=str, keep_default_na=False).to_csv(folder / "again.csv", index=False)
    yield "CSV, read with its index and written again", folder / "again.csv", scalars.columns
    whole.to_parquet(folder / "default.parquet")
    yield "Parquet", folder / "default.parquet", whole.columns
    whole.sample(frac=1, random_state=1).to_parquet(folder / "shuffled.parquet")
    yield "Parquet of shuffled rows, with their index", folder / "shuffled.parquet", whole.columns
    whole.convert_dtypes().to_parquet(folder / "nullable.parquet", index=False)
    yield "Parquet of nullable types", folder / "nullable.parquet", whole.columns
    whole.to_parquet(folder / "hive", partition_cols=list(PARTITIONS))
    yield "partitioned Parquet", folder / "hive", whole.columns


if __name__ == "__main__":
    report("pandas", write)
