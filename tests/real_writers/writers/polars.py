"""polars: CSV, TSV, Parquet, other units of time, and a partitioned folder."""

import polars as pl

from tests.real_writers.source import PARTITIONS, flat
from tests.real_writers.writers.typed import typed
from tests.real_writers.writers.written import report


def write(table, folder):
    scalars, whole = pl.from_arrow(typed(flat(table))), pl.from_arrow(typed(table))
    # polars writes no duration to a CSV unless it is told how: as ISO 8601.
    scalars = scalars.with_columns(pl.col("wait", "delay").dt.to_string("iso"))
    scalars.write_csv(folder / "default.csv")
    yield "CSV", folder / "default.csv", scalars.columns
    scalars.write_csv(folder / "default.tsv", separator="\t")
    yield "TSV", folder / "default.tsv", scalars.columns
    whole.write_parquet(folder / "default.parquet")
    yield "Parquet", folder / "default.parquet", whole.columns
    units = whole.with_columns(
        pl.col("seen").cast(pl.Datetime("ns")),
        pl.col("sent").cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone("America/New_York"),
        pl.col("wait", "delay").cast(pl.Duration("ns")),
        pl.col("vector").cast(pl.Array(pl.Float32, 3)),
        pl.col("colour").cast(pl.Enum(["red", "dark green", "blau"])),
    )
    units.write_parquet(folder / "units.parquet")
    yield "Parquet in ns, New York's time, arrays and an Enum", folder / "units.parquet", units.columns
    whole.write_parquet(folder / "hive", partition_by=list(PARTITIONS))
    yield "partitioned Parquet", folder / "hive", whole.columns


if __name__ == "__main__":
    report("polars", write)
