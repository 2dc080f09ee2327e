"""Hashes of files that are read for something else."""

import bz2
import dataclasses
import gzip
import hashlib
import lzma
from pathlib import Path

import pytest

from components.example_gen.tables.digests import Digests
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import Table

ROWS = "".join(f"{row},{row * 7 % 1000}\n" for row in range(200_000))
TEXT = ("x,y\n" + ROWS).encode()
LINES = b"".join(b'{"x": %d}\n' % row for row in range(200_000))


def hashed(*paths: Path) -> Table:
    table = open_table([str(path) for path in paths])
    return dataclasses.replace(table, digests=Digests())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", TEXT),
        ("t.csv", b"\xef\xbb\xbf" + TEXT),
        ("t.csv", TEXT.removesuffix(b"\n")),
        ("t.csv.gz", gzip.compress(TEXT)),
        ("t.csv.gz", gzip.compress(TEXT[:500_000]) + gzip.compress(TEXT[500_000:])),
        ("t.csv.bz2", bz2.compress(TEXT)),
        ("t.csv.xz", lzma.compress(TEXT)),
        ("t.jsonl", LINES),
        ("t.jsonl", b"\xef\xbb\xbf" + LINES),
        ("t.jsonl.gz", gzip.compress(LINES)),
    ],
)
def test_a_pass_over_all_rows_leaves_the_hash_of_the_file(tmp_path: Path, name: str, content: bytes):
    path = tmp_path / name
    path.write_bytes(content)
    table = hashed(path)
    assert table.digests is not None
    rows = 0
    for batch in table.batches(["x"]):
        rows += batch.data.num_rows
    assert rows == 200_000
    assert table.digests.of(str(path)) == hashlib.sha256(content).digest()


def test_a_pass_that_ends_early_leaves_no_hash(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT + 2 * ROWS.encode())  # more than is read ahead
    table = hashed(path)
    assert table.digests is not None
    next(table.batches())
    assert table.digests.of(str(path)) is None
    assert fingerprint(table.paths, table.digests) == fingerprint(table.paths)


def test_files_that_no_pass_has_hashed_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, content in {"a.csv": TEXT, "b.csv": TEXT.replace(b"\n1,", b"\n-1,"), "header.csv": b"x,y\n"}.items():
        (tmp_path / name).write_bytes(content)
    table = hashed(*sorted(tmp_path.glob("*.csv")))
    list(table.batches())
    expected = fingerprint(table.paths)
    read = []
    real = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda file, name: (read.append(Path(file.name).name), real(file, name))[1]
    )
    assert fingerprint(table.paths, table.digests) == expected
    assert read == ["header.csv"]
