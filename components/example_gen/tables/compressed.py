"""Files that may be compressed, as one stream of bytes; what they are is told from their first bytes."""

from __future__ import annotations

import contextlib
import lzma
import re
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa

from components.example_gen.tables.digests import Digests
from components.example_gen.tables.readers import head
from components.objects.staging import local

_XZ = b"\xfd7zXZ\0"
_MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bz2": re.compile(rb"BZh[1-9]1AY&SY"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
    "lz4": re.compile(rb"\x04\x22\x4d\x18"),
}


@contextlib.contextmanager
def open_bytes(path: str, digests: Digests | None = None) -> Iterator[IO[bytes] | Any]:
    """Holds an open stream of the file's bytes, decompressed from gzip, bzip2, xz, zstd or lz4.

    Args:
        path: the file.
        digests: where its hash is to be known once the stream has ended.

    Raises:
        InputError: the file cannot be read.
    """
    start = head(path, 16)
    codec = next((codec for codec, magic in _MAGIC.items() if magic.match(start)), None)
    with contextlib.ExitStack() as stack:
        file: Any = stack.enter_context(open(local(path), "rb", buffering=0))
        if digests is not None:
            file = stack.enter_context(digests.watched(path, file))
        if start.startswith(_XZ):
            file = stack.enter_context(lzma.open(file))
        elif codec is not None:
            file = stack.enter_context(pa.input_stream(local(path) if digests is None else file, compression=codec))
        yield file
