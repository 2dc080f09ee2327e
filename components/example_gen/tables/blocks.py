"""A table in blocks that workers read on their own: parts of large files, several small files together.

A file in parts is that of a format which says where its parts begin: Parquet, Arrow and ORC. Text must be read from its
beginning, so it is one block however large; so are the tables of a lake, and every object of a store, which is copied
to where it is read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from components.example_gen.tables.readers import Part, Some
from components.example_gen.tables.table import READERS, Span, Table, bytes_of
from components.objects.place import is_remote

_LEAST, _MOST = 8 << 20, 64 << 20
"""Bytes of a block: enough to be worth what a block costs, and few enough for many workers."""
_BLOCKS = 16  # that a table has at least, where they are not too small


@dataclasses.dataclass(frozen=True)
class Block:
    """Some consecutive rows of a table.

    Args:
        number: its place among the blocks of the table.
        spans: the rows: part of one file, or one or more whole files.
    """

    number: int
    spans: tuple[Span, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are read."""
        return tuple(span.path for span in self.spans)


def blocks_of(table: Table, size: int | None = None) -> list[Block]:
    """Returns the blocks of a table in the order of its rows; each row is in one of them.

    They depend on the table alone, not on who reads them.

    Args:
        table: the table.
        size: bytes of a block, more or less: a part of a file is not divided, nor is a file without parts. By default
            8 to 64 MiB, as many as make 16 blocks.
    """
    if size is None:
        size = min(max(sum(map(bytes_of, table.filled)) // _BLOCKS, _LEAST), _MOST)
    return [Block(number, spans) for number, spans in enumerate(_spans(table, size))]


def _spans(table: Table, size: int) -> Iterator[tuple[Span, ...]]:
    together: list[Span] = []
    held = 0
    for path in table.filled:
        bytes_here = bytes_of(path)
        several = _divided(_parts(table, path), size) if bytes_here > size else []
        # A file in several blocks shares none of them with another file.
        if together and (len(several) > 1 or held + bytes_here > size):
            yield tuple(together)
            together, held = [], 0
        if len(several) > 1:
            yield from ((Span(path, some),) for some in several)
        else:
            together.append(Span(path))
            held += bytes_here
    if together:
        yield tuple(together)


def _parts(table: Table, path: str) -> list[Part]:
    if is_remote(path) or table.dialect.format not in ("parquet", "arrow", "orc"):
        return []
    found: list[Part] = READERS[table.dialect.format].parts(path)
    return found


def _divided(parts: Sequence[Part], size: int) -> list[Some]:
    """Returns consecutive parts, put together up to a size."""
    found: list[Some] = []
    first = before = rows = held = 0
    for number, part in enumerate(parts):
        if number > first and held + part.size > size:
            found.append(Some(first, number - 1, before, rows))
            first, before, rows, held = number, before + rows, 0, 0
        rows += part.rows
        held += part.size
    if parts:
        found.append(Some(first, len(parts) - 1, before, rows))
    return found
