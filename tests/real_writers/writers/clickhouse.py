"""ClickHouse inside Python (chdb): CSV, TSV and Parquet, with the names of the columns."""

import pyarrow.parquet
from chdb import session

from tests.real_writers.source import LENGTH, flat
from tests.real_writers.writers.typed import typed
from tests.real_writers.writers.written import report

_TYPES = {
    "member": "Nullable(Bool)",
    "active": "Bool",
    "born": "Nullable(Date32)",
    "seen": "DateTime64(0, 'UTC')",
    "until": "DateTime64(3, 'UTC')",
    "sent": "Nullable(DateTime64(3, 'UTC'))",
    "colour": "Nullable(Enum8('red' = 1, 'dark green' = 2, 'blau' = 3))",
    "outcome": "LowCardinality(String)",
}


def write(table, folder):
    # ClickHouse keeps no durations in tables, and no dates after 2299.
    table = {name: values for name, values in table.items() if name not in ("wait", "delay", "until")}
    scalars = flat(table)
    # An array is never missing; its numbers may be.
    table |= {"vector": [[None] * LENGTH if value is None else value for value in table["vector"]]}
    pyarrow.parquet.write_table(typed(table, category=typed({"note": []}).schema.field("note").type), folder / "in")
    pyarrow.parquet.write_table(typed(scalars, category=typed({"note": []}).schema.field("note").type), folder / "flat")
    base = session.Session()

    def put(source, columns, name, settings=""):
        chosen = ", ".join(f"CAST({c} AS {_TYPES[c]}) AS {c}" if c in _TYPES else c for c in columns)
        base.query(f"SELECT {chosen} FROM file('{folder / source}', Parquet) INTO OUTFILE '{folder / name}' {settings}")
        return folder / name

    yield "CSVWithNames", put("flat", scalars, "default.csv", "FORMAT CSVWithNames"), scalars
    yield "TSVWithNames", put("flat", scalars, "default.tsv", "FORMAT TSVWithNames"), scalars
    yield "TSVWithNames, gzip", put("flat", scalars, "default.tsv.gz", "FORMAT TSVWithNames"), scalars
    yield "Parquet", put("in", table, "default.parquet", "FORMAT Parquet"), table
    base.close()


if __name__ == "__main__":
    report("chdb", write)
