"""What the tests of reading CSV share."""

from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import Table


def put(path, content):
    """Writes a file and returns its name as a list of one."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [str(path)]


def rows(table: Table, columns=None):
    """Returns the cells of all rows."""
    return [list(row.values()) for batch in table.batches(columns) for row in batch.data.to_pylist()]


def read(path, content, **dialect):
    """Writes a file and returns its table and rows."""
    table = open_table(put(path, content), Dialect(**dialect))
    return table, rows(table)
