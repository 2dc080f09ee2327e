"""Examples on disk as TFX lays them out: `data_tfrecord-00000-of-00002.gz` and so on, in a folder per split.

Where many write, each writes the rows of one block of the table: `data_tfrecord-000012-00000.gz` and so on.
"""

from __future__ import annotations

import dataclasses
import os
import uuid
from collections import deque
from collections.abc import Collection, Sequence
from types import TracebackType

import numpy as np
import tensorflow as tf

from components.shared.errors import InputError
from components.shared.splits import folder_name, split_folder

ROWS_PER_FILE = 65_536
"""Few enough for many workers to have something to do, as each of them reads whole files; half a million in each were
read no faster. It is the same however many workers there are."""
# Level 1 is several times faster than the default and makes files a few per cent larger.
_OPTIONS = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)


@dataclasses.dataclass(frozen=True)
class Share:
    """The part of one of several writers who write to the same folders.

    Args:
        number: that of the block of the table whose rows it writes. The names of its files have it, so that sorted
            names give the order of the table, and whoever writes the block once more writes the same files.
        temporary: a folder for files that are not whole yet. With it goes what was left by tries that were given up.
    """

    number: int
    temporary: str


class SplitWriter:
    """Writes serialized examples into one folder per split; files appear when it closes without error.

    Args:
        folder: root of the Examples artifact.
        splits: names of the splits.
        rows_per_file: rows after which the next file begins.
        share: which rows these are, where others write others; None writes all rows, and removes what an earlier try
            left in the splits.

    Attributes:
        rows: rows of each split.
        files: the files that have appeared, relative to the root.
    """

    def __init__(
        self, folder: str, splits: Sequence[str], rows_per_file: int = ROWS_PER_FILE, share: Share | None = None
    ):
        self.rows = [0] * len(splits)
        self.files: list[str] = []
        self._rows_per_file = rows_per_file
        self._share = share
        self._folder = folder
        self._folders = [folder_name(split) for split in splits]
        self._writers: list[tf.io.TFRecordWriter | None] = [None] * len(splits)
        self._parts: list[list[str]] = [[] for _ in splits]
        if share is None:
            clear_splits(folder, splits)

    def write(self, examples: list[bytes], splits: np.ndarray) -> None:
        """Writes examples to their splits, int64 `[n]`, indices into their names."""
        for split in range(len(self.rows)):
            chosen = np.flatnonzero(splits == split).tolist()
            while chosen:
                room = self._rows_per_file - self.rows[split] % self._rows_per_file
                part, chosen = chosen[:room], chosen[room:]
                # Without a loop in Python, which a million rows would notice.
                deque(map(self._writer(split).write, map(examples.__getitem__, part)), maxlen=0)
                self.rows[split] += len(part)

    def __enter__(self) -> SplitWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers:
            if writer is not None:
                writer.close()
        if error is not None:
            return
        for folder, parts in zip(self._folders, self._parts, strict=True):
            for index, part in enumerate(parts):
                self.files.append(os.path.join(folder, self._name(index, len(parts))))
                tf.io.gfile.rename(part, os.path.join(self._folder, self.files[-1]), overwrite=True)

    def _name(self, index: int, parts: int) -> str:
        if self._share is None:
            return f"data_tfrecord-{index:05d}-of-{parts:05d}.gz"
        return f"data_tfrecord-{self._share.number:06d}-{index:05d}.gz"

    def _writer(self, split: int) -> tf.io.TFRecordWriter:
        writer = self._writers[split]
        if writer is None or self.rows[split] == self._rows_per_file * len(self._parts[split]):
            if writer is not None:
                writer.close()
            below = os.path.join(self._folder, self._folders[split]) if self._share is None else self._share.temporary
            # Of this try alone: another one may be writing the same rows.
            path = os.path.join(below, f"part-{uuid.uuid4().hex}.tmp")
            self._parts[split].append(path)
            writer = tf.io.TFRecordWriter(path, _OPTIONS)
            self._writers[split] = writer
        return writer


def clear_splits(folder: str, splits: Sequence[str]) -> None:
    """Makes the folders of splits anew, empty.

    Args:
        folder: root of the Examples artifact.
        splits: names of the splits.
    """
    for path in (split_folder(folder, split) for split in splits):
        if tf.io.gfile.exists(path):
            tf.io.gfile.rmtree(path)
        tf.io.gfile.makedirs(path)


def keep_only(folder: str, splits: Sequence[str], files: Collection[str]) -> None:
    """Removes what is not named from the folders of splits: what was left by tries that were given up.

    Args:
        folder: root of the Examples artifact.
        splits: names of the splits.
        files: what stays, relative to the root.

    Raises:
        InputError: something that should stay is not there.
    """
    there = {
        os.path.join(folder_name(split), name)
        for split in splits
        for name in tf.io.gfile.listdir(split_folder(folder, split))
    }
    if gone := sorted(set(files) - there):
        raise InputError(
            f'Every worker must write to the folder of the artifacts, got no "{gone[0]}" in {folder}. '
            "Put the artifacts where this machine and all workers see them."
        )
    for file in there - set(files):
        tf.io.gfile.remove(os.path.join(folder, file))
