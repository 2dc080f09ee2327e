"""Arrow files (IPC, Feather), Arrow streams and ORC files as record batches, in bounded memory."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.ipc

from components.example_gen.tables.readers import Look, Part, Some, damaged, head
from components.example_gen.tables.storage_types import plain_batch
from components.objects.staging import local

_ROWS = 1 << 15


def look(path: str) -> Look:
    """Returns the column names and whether there are rows.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with _opened(path) as (names, stream):
            return Look(names, empty=not any(data.num_rows for data in stream.read(names[:1], None)))
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error


def parts(path: str) -> list[Part]:
    """Returns the record batches of an Arrow file or the stripes of an ORC file; none of an Arrow stream.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with _opened(path) as (names, stream):
            if stream.count is None:
                return []
            rows = [data.num_rows for data in stream.read(names[:1], range(stream.count))]
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error
    return [Part(count, os.path.getsize(local(path)) // len(rows)) for count in rows]


def batches(path: str, wanted: Sequence[str], some: Some | None = None) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order.

    Args:
        path: the file.
        wanted: the columns to read, in the order wanted.
        some: the record batches or stripes to read; None reads all.

    Raises:
        InputError: the file is damaged, or a text in it is not UTF-8.
    """
    done = 0 if some is None else some.before
    try:
        with _opened(path) as (_, stream):
            for whole in stream.read(list(wanted), None if some is None else some.numbers):
                _check(whole)
                for start in range(0, whole.num_rows, _ROWS):
                    data = plain_batch(whole.slice(start, _ROWS).select(list(wanted)), path, done)
                    yield data
                    done += data.num_rows
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error


@dataclasses.dataclass(frozen=True)
class _Stream:
    """The rows of an open file.

    Args:
        count: its record batches or stripes; None where they can only be read one after the other.
        read: returns some columns of the pieces of some numbers, of all for None.
    """

    count: int | None
    read: Callable[[list[str], Sequence[int] | None], Iterator[pa.RecordBatch]]


def _check(data: pa.RecordBatch) -> None:
    """Refuses buffers that do not fit together: these files are memory as it was, and would end the process."""
    try:
        data.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error):  # for which there is a better sentence
            raise


@contextlib.contextmanager
def _opened(path: str) -> Iterator[tuple[list[str], _Stream]]:
    """Holds an open file: its column names, and its rows for some of them."""
    start = head(path, 6)
    if start.startswith(b"ORC"):
        from pyarrow.orc import ORCFile

        orc = ORCFile(local(path))

        def stripes(columns: list[str], numbers: Sequence[int] | None) -> Iterator[pa.RecordBatch]:
            for number in range(orc.nstripes) if numbers is None else numbers:
                yield orc.read_stripe(number, columns=columns)

        yield list(orc.schema.names), _Stream(orc.nstripes, stripes)
        return
    with pa.memory_map(local(path)) as source:
        is_file = start == b"ARROW1"
        opened = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        schema = opened.schema

        def records(columns: list[str], numbers: Sequence[int] | None) -> Iterator[pa.RecordBatch]:
            options = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(name) for name in columns])
            source.seek(0)
            if is_file:
                reader = pa.ipc.open_file(source, options=options)
                for number in range(reader.num_record_batches) if numbers is None else numbers:
                    yield reader.get_batch(number)
            else:
                yield from pa.ipc.open_stream(source, options=options)

        yield list(schema.names), _Stream(opened.num_record_batches if is_file else None, records)
