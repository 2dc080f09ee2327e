"""DuckDB: COPY to CSV, TSV and Parquet, gzipped and partitioned."""

import duckdb

from tests.real_writers.source import PARTITIONS, flat
from tests.real_writers.writers.typed import typed
from tests.real_writers.writers.written import report


def write(table, folder):
    # An interval in Parquet cannot be negative.
    scalars, whole = typed(flat(table)), typed({name: values for name, values in table.items() if name != "delay"})
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'")
        base.register("scalars", scalars)
        base.register("arrow", whole)
        base.execute("CREATE TABLE whole AS SELECT * FROM arrow")
        base.execute(f"COPY scalars TO '{folder}/default.csv'")
        yield "CSV", folder / "default.csv", scalars.column_names
        base.execute(f"COPY scalars TO '{folder}/default.tsv' (DELIMITER '\t')")
        yield "TSV", folder / "default.tsv", scalars.column_names
        base.execute("SET TimeZone = 'Asia/Kolkata'")
        base.execute(f"COPY scalars TO '{folder}/kolkata.csv.gz'")
        yield "CSV in Kolkata's time, gzip", folder / "kolkata.csv.gz", scalars.column_names
        base.execute(f"COPY whole TO '{folder}/default.parquet'")
        yield "Parquet", folder / "default.parquet", whole.column_names
        base.execute(f"COPY whole TO '{folder}/v2.parquet' (PARQUET_VERSION v2, COMPRESSION zstd)")
        yield "Parquet version 2, zstd", folder / "v2.parquet", whole.column_names
        base.execute(f"COPY whole TO '{folder}/hive' (FORMAT parquet, PARTITION_BY ({', '.join(PARTITIONS)}))")
        yield "partitioned Parquet", folder / "hive", whole.column_names
        base.execute(f"COPY scalars TO '{folder}/csv' (FORMAT csv, PARTITION_BY ({', '.join(PARTITIONS)}))")
        yield "partitioned CSV", folder / "csv", scalars.column_names


if __name__ == "__main__":
    report("duckdb", write)
