"""JSON lines, plain or gzipped, as record batches in bounded memory.

The whole file is read once for its keys and their types, which no beginning of it tells; dates stay text.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from components.example_gen.tables.digests import Digests
from components.example_gen.tables.readers import Look, damaged, head
from components.example_gen.tables.storage_types import plain_batch
from components.objects.staging import local
from components.shared.errors import InputError

ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")

_BLOCK = 1 << 20  # bytes of text held at a time, and a row more


def look(path: str) -> Look:
    """Returns the keys of all rows and whether there are rows.

    Raises:
        InputError: a line is no JSON object, or a key has values of kinds that do not go together.
    """
    schema = _schema_of(path)
    return Look(list(schema.names), empty=not len(schema))


def batches(path: str, wanted: Sequence[str], digests: Digests | None = None) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order.

    Args:
        path: the file.
        wanted: the keys to read, in the order wanted.
        digests: where the file's hash is to be known once all rows are read.

    Raises:
        InputError: the file is damaged.
    """
    schema = pa.schema([_schema_of(path).field(name) for name in wanted])
    options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    done = 0
    for table in _tables(path, options, digests):
        for data in table.select(list(wanted)).combine_chunks().to_batches():
            yield plain_batch(data, path, done)
            done += data.num_rows


def _schema_of(path: str) -> pa.Schema:
    facts = os.stat(local(path))
    return _schema(path, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=1024)
def _schema(path: str, size: int, modified: int) -> pa.Schema:
    """Returns the keys of a file with types that hold all of their values; read once for each state of the file."""
    del size, modified
    kinds: dict[str, pa.DataType] = {}
    for table in _tables(path, pa.json.ParseOptions()):
        for name, kind in zip(table.schema.names, table.schema.types, strict=True):
            kinds[name] = _widest(kinds.get(name, pa.null()), kind)
    return pa.schema(list(kinds.items()))


def _widest(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Returns the type for the values of both; the first where there is none, and reading the column tells."""
    if pa.types.is_timestamp(other):
        other = pa.string()  # a text that looks like a date stays the text that it is
    if pa.types.is_list(other):
        inner = one.value_type if pa.types.is_list(one) else pa.null()
        return pa.list_(_widest(inner, other.value_type)) if pa.types.is_list(one) or pa.types.is_null(one) else one
    if pa.types.is_null(one):
        return other
    return pa.float64() if {one, other} == {pa.int64(), pa.float64()} else one


def _tables(path: str, options: pa.json.ParseOptions, digests: Digests | None = None) -> Iterator[pa.Table]:
    first_row = 1
    try:
        for block in _blocks(path, digests):
            try:
                table = pa.json.read_json(
                    io.BytesIO(block), pa.json.ReadOptions(use_threads=False, block_size=len(block) + 1), options
                )
                names = table.schema.names
            except pa.ArrowInvalid as error:
                raise _refusal(path, block, first_row, error) from error
            except UnicodeDecodeError as error:
                raise InputError(
                    f'The keys in "{Path(path).name}" must be UTF-8 text, got other bytes from row {first_row} on. '
                    "Save it as UTF-8."
                ) from error
            yield table.select(names)
            first_row += table.num_rows
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, error) from error


def _blocks(path: str, digests: Digests | None) -> Iterator[bytes]:
    """Yields the text in blocks of whole lines, without those that are blank alone."""
    with _opened(path, digests) as file:
        if file.peek(3)[:3] == b"\xef\xbb\xbf":
            file.read(3)
        while lines := file.readlines(_BLOCK):
            block = b"".join(lines)
            if block.strip():
                yield block


@contextlib.contextmanager
def _opened(path: str, digests: Digests | None) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    with contextlib.ExitStack() as stack:
        file: Any = stack.enter_context(open(local(path), "rb"))
        if digests is not None:
            file = stack.enter_context(digests.watched(path, file))
        if head(path, 2) == b"\x1f\x8b":
            file = stack.enter_context(gzip.GzipFile(fileobj=file))
        yield file


def _refusal(path: str, block: bytes, first_row: int, error: Exception) -> InputError:
    """Returns the error of a block, with the first row that is wrong on its own where there is one."""
    number = first_row
    for line in block.splitlines():
        if line.strip():
            try:
                pa.json.read_json(io.BytesIO(line))
            except pa.ArrowInvalid as reason:
                return InputError(
                    f'Every line of "{Path(path).name}" must be one JSON object, got another in row {number} '
                    f"({_short(reason)}). Correct it."
                )
            number += 1
    return InputError(
        f'The values of a key in "{Path(path).name}" must be of one kind, got others from row {first_row} on '
        f"({_short(error)}). Write all of them as text."
    )


def _short(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".").removeprefix("JSON parse error: ")
