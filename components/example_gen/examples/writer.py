"""Examples on disk as TFX lays them out: `data_tfrecord-00000-of-00002.gz` and so on, in a folder per split."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from types import TracebackType

import numpy as np
import tensorflow as tf

from components.shared.splits import split_folder

ROWS_PER_FILE = 65_536
"""Few enough for many workers to have something to do, as each of them reads whole files; half a million in each were
read no faster. It is the same however many workers there are, and so are the examples."""
# Level 1 is several times faster than the default and makes files a few per cent larger.
_OPTIONS = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)


class SplitWriter:
    """Writes serialized examples into one folder per split; files appear when it closes without error.

    Args:
        folder: root of the Examples artifact; what an earlier try left in its splits is removed.
        splits: names of the splits.
        rows_per_file: rows after which the next file begins.
    """

    def __init__(self, folder: str, splits: Sequence[str], rows_per_file: int = ROWS_PER_FILE):
        self.rows = [0] * len(splits)
        self._rows_per_file = rows_per_file
        self._folders = [split_folder(folder, split) for split in splits]
        self._writers: list[tf.io.TFRecordWriter | None] = [None] * len(splits)
        self._parts: list[list[str]] = [[] for _ in splits]
        for path in self._folders:
            if tf.io.gfile.exists(path):
                tf.io.gfile.rmtree(path)
            tf.io.gfile.makedirs(path)

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
        for parts in self._parts:
            for index, part in enumerate(parts):
                name = f"data_tfrecord-{index:05d}-of-{len(parts):05d}.gz"
                tf.io.gfile.rename(part, os.path.join(os.path.dirname(part), name))

    def _writer(self, split: int) -> tf.io.TFRecordWriter:
        writer = self._writers[split]
        if writer is None or self.rows[split] == self._rows_per_file * len(self._parts[split]):
            if writer is not None:
                writer.close()
            path = os.path.join(self._folders[split], f"part-{len(self._parts[split]):05d}.tmp")
            self._parts[split].append(path)
            writer = tf.io.TFRecordWriter(path, _OPTIONS)
            self._writers[split] = writer
        return writer
