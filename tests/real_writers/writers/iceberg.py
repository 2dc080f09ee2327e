"""pyiceberg: a table that was overwritten, appended to and deleted from."""

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from tests.real_writers.source import kind_of, stale
from tests.real_writers.writers.typed import rows, typed
from tests.real_writers.writers.written import report


def _typed(table):
    return typed(table, uint=pa.decimal128(20, 0), category=pa.string())


def write(table, folder):
    # Iceberg has no durations, and no unsigned integers.
    table = {name: values for name, values in table.items() if kind_of(name) != "duration"}
    half = len(table["row"]) // 2
    first, second = rows(table, range(half)), rows(table, range(half, 2 * half))
    catalog = SqlCatalog("local", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")
    catalog.create_namespace("shop")
    made = catalog.create_table("shop.orders", _typed(table).schema)
    made.append(_typed(stale(table)))
    made.overwrite(_typed(first))
    made.append(_typed(stale(first)))
    made.delete("row < 0")
    made.append(_typed(second))
    yield "Iceberg table, overwritten and deleted from", made.location().removeprefix("file://"), table


if __name__ == "__main__":
    report("pyiceberg", write)
