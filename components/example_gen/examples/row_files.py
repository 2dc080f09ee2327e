"""The fingerprints of the rows of each split, beside the examples and in their order."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator, Sequence
from types import TracebackType

import numpy as np
import tensorflow as tf

from components.example_gen.examples.reader import example_files
from components.example_gen.examples.writer import Share
from components.example_gen.splitting.row_identity import BYTES
from components.shared.file_names import ROWS
from components.shared.splits import split_folder

_SUFFIX = ".u8"
_OF_BLOCK = re.compile(r"data_tfrecord-(\d{6})-\d{5}\.gz")
RECALLED = "recalled"
"""Stands for a split: the eval rows, told apart as the production model's rows were."""


class RowFiles:
    """Writes fingerprints to one file per split, which appear when it closes without error.

    Args:
        folder: root of the Examples artifact.
        splits: their names.
        share: which rows these are, where others write others; None writes all rows, and removes what an earlier try
            left.
    """

    def __init__(self, folder: str, splits: Sequence[str], share: Share | None = None):
        if share is None:
            clear_rows(folder)
        below = os.path.join(folder, ROWS) if share is None else share.temporary
        self._paths = [_path(folder, split, None if share is None else share.number) for split in splits]
        # Of this try alone: another one may be writing the same rows.
        temporary = [os.path.join(below, f"rows-{uuid.uuid4().hex}.tmp") for _ in splits]
        self._files = [(path, tf.io.gfile.GFile(path, "wb")) for path in temporary]

    def write(self, fingerprints: np.ndarray, splits: np.ndarray) -> None:
        """Adds fingerprints, uint8 `[n, 16]`, to the files of their splits, int64 `[n]`, indices into the names."""
        for split, (_, file) in enumerate(self._files):
            chosen = fingerprints[splits == split]
            if len(chosen):
                file.write(chosen.tobytes())

    def __enter__(self) -> RowFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path, (temporary, file) in zip(self._paths, self._files, strict=True):
            file.write(b"")  # one without rows is a file too
            file.close()
            if error is None:
                tf.io.gfile.rename(temporary, path, overwrite=True)


def clear_rows(folder: str) -> None:
    """Makes the folder of fingerprints anew, empty.

    Args:
        folder: root of the Examples artifact.
    """
    root = os.path.join(folder, ROWS)
    if tf.io.gfile.exists(root):
        tf.io.gfile.rmtree(root)
    tf.io.gfile.makedirs(root)


def read_fingerprints(folder: str, split: str) -> np.ndarray:
    """Returns the fingerprints of a split, uint8 `[n, 16]`, in the order of its rows; none where they were not written.

    Args:
        folder: root of the Examples artifact.
        split: the split.
    """
    return np.concatenate([np.zeros((0, BYTES), np.uint8), *map(_read, _row_files(folder, split))])


def shares_of(folder: str, split: str) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yields files of examples and the fingerprints of their rows, uint8 `[n, 16]`, both in the order of the rows.

    They are the files of a block of the table where blocks were written, else all files of the split.

    Args:
        folder: root of the Examples artifact.
        split: the split.
    """
    files = example_files(split_folder(folder, split))
    by_block: dict[str, list[str]] = {}
    for file in files:
        if named := _OF_BLOCK.fullmatch(os.path.basename(file)):
            by_block.setdefault(named[1], []).append(file)
    for path in _row_files(folder, split):
        block = os.path.basename(path).removeprefix(split).removesuffix(_SUFFIX).removeprefix("-")
        yield by_block.get(block, []) if block else files, _read(path)


def _row_files(folder: str, split: str) -> list[str]:
    whole = [path for path in (_path(folder, split),) if tf.io.gfile.exists(path)]
    return whole + sorted(tf.io.gfile.glob(os.path.join(folder, ROWS, f"{split}-*{_SUFFIX}")))


def _read(path: str) -> np.ndarray:
    with tf.io.gfile.GFile(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8).reshape(-1, BYTES)


def _path(folder: str, split: str, block: int | None = None) -> str:
    return os.path.join(folder, ROWS, f"{split}{_SUFFIX}" if block is None else f"{split}-{block:06d}{_SUFFIX}")
