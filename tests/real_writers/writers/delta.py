"""delta-rs: a table that was overwritten, appended to and deleted from, and a partitioned one."""

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from tests.real_writers.source import PARTITIONS, kind_of, stale
from tests.real_writers.writers.typed import rows, typed
from tests.real_writers.writers.written import report


def _typed(table):
    return typed(table, uint=pa.decimal128(20, 0), category=pa.string())


def write(table, folder):
    # Delta has no durations, and no unsigned integers.
    table = {name: values for name, values in table.items() if kind_of(name) != "duration"}
    half = len(table["row"]) // 2
    first, second = rows(table, range(half)), rows(table, range(half, 2 * half))
    for name, partitions in (("plain", None), ("partitioned", list(PARTITIONS))):
        path = folder / name
        write_deltalake(path, _typed(stale(table)), partition_by=partitions)
        write_deltalake(path, _typed(first), mode="overwrite")
        write_deltalake(path, _typed(stale(first)), mode="append")
        DeltaTable(path).delete("row < 0")
        write_deltalake(path, _typed(second), mode="append")
        DeltaTable(path).optimize.compact()
        yield f"{name} Delta table, overwritten, deleted from and compacted", path, table


if __name__ == "__main__":
    report("deltalake", write)
