"""Whole rows of CSV text as a batch of text columns, by Arrow."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from components.example_gen.tables.csv_text.boundaries import Marks, Reading, mark
from components.example_gen.tables.csv_text.escapes import NULL, rewritten

BLOCK = 1 << 20  # bytes of text held at a time; a row must fit into one block


def parse(
    text: bytes,
    reading: Reading,
    width: int,
    wanted: Sequence[int],
    marks: Marks | None = None,
    *,
    in_turn: bool = False,
) -> list[pa.Array]:
    """Returns some columns of rows, as text.

    Args:
        text: whole rows.
        reading: how they are written.
        width: how many cells a row has.
        wanted: positions of the columns to return, each once and at least one.
        marks: the text's marks, where they are known.
        in_turn: whether an error must name its row, counted from 1 within the text; takes longer.

    Raises:
        ArrowInvalid: a row is wider or narrower, or text is not UTF-8.
    """
    if reading.escaped:
        text = rewritten(text, reading, marks or mark(text, reading))
    plain = not reading.quoted
    names = [str(position) for position in range(width)]
    escape = "\\" if plain and reading.escaped else False
    columns = [str(position) for position in wanted]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(_arrow_buffer(text)),
        pyarrow.csv.ReadOptions(block_size=2 * len(text) + 1024, use_threads=not in_turn, column_names=names),
        pyarrow.csv.ParseOptions(
            delimiter=reading.delimiter,
            quote_char=False if plain or b'"' not in text else '"',
            escape_char=escape,
            newlines_in_values=True if escape else b'"' in text,
        ),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=columns,
            strings_can_be_null=bool(escape),
            null_values=[NULL],
        ),
    )
    return [column.combine_chunks() if column.num_chunks != 1 else column.chunk(0) for column in table.columns]


def _arrow_buffer(text: bytes) -> pa.Buffer:
    """Returns a copy of text in Arrow's own memory.

    Arrow's threads let go of it some time after the rows are there. Were it Python's, one of them could ask for the
    interpreter while that ends, and the process would be aborted.
    """
    buffer = pa.allocate_buffer(len(text))
    memoryview(buffer).cast("B")[:] = text
    return buffer


def is_blank(column: pa.Array) -> bool:
    """Returns whether no cell of a column holds anything but spaces."""
    return not pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py()
