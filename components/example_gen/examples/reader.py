"""Reads back the examples that the ingest wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.shared.untuned_datasets import untuned

# What a piece of a file holds at most, however wide its rows are.
_MOST_ROWS, _MOST_BYTES = 16_384, 16 << 20


def example_files(folder: str | Path) -> list[str]:
    """Returns the files of one split, in their order."""
    return sorted(str(path) for path in Path(folder).glob("*.gz"))


def read_examples(folder: str | Path) -> Iterator[np.ndarray]:
    """Yields serialized tf.Examples of one split in pieces as large as pay, object [n], in their order."""
    for file in example_files(folder):
        yield from read_pieces(file)


def read_pieces(file: str) -> Iterator[np.ndarray]:
    """Yields serialized tf.Examples of one file in pieces as large as pay, object [n], in their order."""
    yield from records([file], rows_per_piece(file)).as_numpy_iterator()


def records(files: list[str], rows: int) -> tf.data.Dataset:
    """Returns serialized tf.Examples of some files, string [n], so many rows at a time."""
    return untuned(tf.data.TFRecordDataset(files, compression_type="GZIP").batch(rows).prefetch(2))


def rows_per_piece(file: str) -> int:
    """Returns how many rows of a file are worth taking at a time, told from the first one."""
    first = next(iter(untuned(tf.data.TFRecordDataset(file, compression_type="GZIP").take(1)).as_numpy_iterator()), b"")
    return max(1, min(_MOST_ROWS, _MOST_BYTES // max(len(first), 1)))
