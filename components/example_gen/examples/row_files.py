"""The fingerprints of the rows of each split, beside the examples and in their order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType

import numpy as np
import tensorflow as tf

from components.example_gen.splitting.row_identity import BYTES
from components.shared.file_names import ROWS

RECALLED = "recalled"
"""Stands for a split: the eval rows, told apart as the production model's rows were."""


class RowFiles:
    """Writes fingerprints to one file per split.

    Args:
        folder: root of the Examples artifact.
        splits: their names.
    """

    def __init__(self, folder: str, splits: Sequence[str]):
        root = os.path.join(folder, ROWS)
        if tf.io.gfile.exists(root):
            tf.io.gfile.rmtree(root)
        tf.io.gfile.makedirs(root)
        self._files = [tf.io.gfile.GFile(_path(folder, split), "wb") for split in splits]

    def write(self, fingerprints: np.ndarray, splits: np.ndarray) -> None:
        """Adds fingerprints, uint8 `[n, 16]`, to the files of their splits, int64 `[n]`, indices into the names."""
        for split, file in enumerate(self._files):
            chosen = fingerprints[splits == split]
            if len(chosen):
                file.write(chosen.tobytes())

    def __enter__(self) -> RowFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()


def read_fingerprints(folder: str, split: str) -> np.ndarray:
    """Returns the fingerprints of a split, uint8 `[n, 16]`, none where they were not written."""
    path = _path(folder, split)
    if not tf.io.gfile.exists(path):
        return np.zeros((0, BYTES), np.uint8)
    with tf.io.gfile.GFile(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8).reshape(-1, BYTES)


def _path(folder: str, split: str) -> str:
    return os.path.join(folder, ROWS, f"{split}.u8")
