"""Arrow files (IPC, Feather), Arrow streams and ORC files as record batches, in bounded memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.ipc

from components.example_gen.tables.readers import Look, damaged, head
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
            return Look(names, empty=not any(data.num_rows for data in stream(names[:1])))
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error


def batches(path: str, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order.

    Args:
        path: the file.
        wanted: the columns to read, in the order wanted.

    Raises:
        InputError: the file is damaged, or a text in it is not UTF-8.
    """
    done = 0
    try:
        with _opened(path) as (_, stream):
            for whole in stream(list(wanted)):
                _check(whole)
                for start in range(0, whole.num_rows, _ROWS):
                    data = plain_batch(whole.slice(start, _ROWS).select(list(wanted)), path, done)
                    yield data
                    done += data.num_rows
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error


_Stream = Callable[[list[str]], Iterator[pa.RecordBatch]]


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

        def stripes(columns: list[str]) -> Iterator[pa.RecordBatch]:
            for number in range(orc.nstripes):
                yield orc.read_stripe(number, columns=columns)

        yield list(orc.schema.names), stripes
        return
    with pa.memory_map(local(path)) as source:
        is_file = start == b"ARROW1"
        schema = (pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)).schema

        def records(columns: list[str]) -> Iterator[pa.RecordBatch]:
            options = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(name) for name in columns])
            source.seek(0)
            if is_file:
                reader = pa.ipc.open_file(source, options=options)
                for number in range(reader.num_record_batches):
                    yield reader.get_batch(number)
            else:
                yield from pa.ipc.open_stream(source, options=options)

        yield list(schema.names), records
