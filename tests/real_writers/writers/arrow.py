"""pyarrow: its CSV, its Parquet in every unit of time, and a partitioned folder."""

import gzip

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet

from tests.real_writers.source import PARTITIONS, flat, kind_of
from tests.real_writers.writers.typed import typed
from tests.real_writers.writers.written import report


def write(table, folder):
    # In its CSV a duration is a bare number of whatever unit it had.
    scalars = typed({name: values for name, values in flat(table).items() if kind_of(name) != "duration"})
    pyarrow.csv.write_csv(scalars, folder / "default.csv")
    yield "CSV", folder / "default.csv", scalars.column_names
    options = pyarrow.csv.WriteOptions(delimiter="\t")
    with gzip.open(folder / "default.tsv.gz", "wb") as file:
        pyarrow.csv.write_csv(scalars, file, options)
    yield "TSV, gzip", folder / "default.tsv.gz", scalars.column_names
    typed_table = typed(table)
    pyarrow.parquet.write_table(typed_table, folder / "default.parquet")
    yield "Parquet", folder / "default.parquet", typed_table.column_names
    for unit in ("ms", "ns"):
        # Nanoseconds end in 2262.
        kept = {name: values for name, values in table.items() if unit != "ns" or name != "until"}
        other = typed(
            kept,
            timestamp=pa.timestamp(unit),
            instant=pa.timestamp(unit, "Europe/Berlin"),
            duration=pa.duration(unit),
            vector=pa.list_(pa.float32(), 3),
        )
        path = folder / f"{unit}.parquet"
        pyarrow.parquet.write_table(other, path)
        yield f"Parquet in {unit}, Berlin's time, vectors of a fixed size", path, other.column_names
    offset = typed(table, instant=pa.timestamp("us", "+05:30"), text=pa.large_string())
    pyarrow.parquet.write_table(
        offset, folder / "offset.parquet", use_dictionary=False, data_page_version="2.0", compression="zstd"
    )
    yield "Parquet with an offset of 5:30, zstd", folder / "offset.parquet", offset.column_names
    pyarrow.dataset.write_dataset(
        typed_table, folder / "hive", format="parquet", partitioning=list(PARTITIONS), partitioning_flavor="hive"
    )
    yield "partitioned Parquet", folder / "hive", typed_table.column_names


if __name__ == "__main__":
    report("pyarrow", write)
