"""The source table as an Arrow table, for the writers that take one."""

import pyarrow as pa

from tests.real_writers.source import kind_of

_TYPES = {
    "int": pa.int64(),
    "uint": pa.uint64(),
    "float": pa.float64(),
    "float32": pa.float32(),
    "decimal(3, 1)": pa.decimal128(3, 1),
    "decimal(10, 2)": pa.decimal128(10, 2),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "instant": pa.timestamp("us", "UTC"),
    "duration": pa.duration("us"),
    "text": pa.string(),
    "category": pa.dictionary(pa.int32(), pa.string()),
    "vector": pa.list_(pa.float32()),
}


def typed(table, **others):
    """Returns the table with each column in the Arrow type of its kind.

    Args:
        table: column -> values.
        others: kind -> another type for it.
    """
    types = _TYPES | others
    return pa.table({name: pa.array(values, types[kind_of(name)]) for name, values in table.items()})


def rows(table, places):
    """Returns the rows of a table at the given places."""
    return {name: [values[place] for place in places] for name, values in table.items()}
