"""Files that may be compressed, as one stream of bytes; what they are is told from their first bytes."""

from __future__ import annotations

import lzma
import re
from typing import IO, Any

import pyarrow as pa

from components.example_gen.tables.readers import head
from components.objects.staging import local

_XZ = b"\xfd7zXZ\0"
_MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bz2": re.compile(rb"BZh[1-9]1AY&SY"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
    "lz4": re.compile(rb"\x04\x22\x4d\x18"),
}


def open_bytes(path: str) -> IO[bytes] | Any:
    """Returns an open stream of the file's bytes, decompressed from gzip, bzip2, xz, zstd or lz4.

    Raises:
        InputError: the file cannot be read.
    """
    start = head(path, 16)
    if start.startswith(_XZ):
        return lzma.open(local(path))
    codec = next((codec for codec, magic in _MAGIC.items() if magic.match(start)), None)
    if codec is None:
        return open(local(path), "rb", buffering=0)
    return pa.input_stream(local(path), compression=codec)
