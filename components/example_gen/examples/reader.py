"""Reads back the examples that the ingest wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.shared.untuned_datasets import untuned

_BATCH = 1024


def read_examples(folder: str | Path) -> Iterator[np.ndarray]:
    """Yields serialized tf.Examples of one split, object [n], in their order."""
    files = sorted(str(path) for path in Path(folder).glob("*.gz"))
    records = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_BATCH)
    yield from untuned(records).as_numpy_iterator()
