"""Vocabularies of whole columns: every text is kept as it is, line breaks included, and each column has its own share.

TFT's own vocabularies drop texts with a line break, and cut by frequency over all columns together, so that a column
of many texts pushes out those of another. Here one pass counts the texts of all columns, each column keeps its own
most frequent ones, and a file holds one `column:text` per line, with `%0A` for a line break as in a URL.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform.beam.experimental import PTransformAnalyzer

from components.transform.words import ESCAPES, Word

_BY_NAME = "name"
_BY_FREQUENCY = "frequency"


def tokens(columns: Sequence[tf.SparseTensor]) -> list[tf.SparseTensor]:
    """Returns text columns [B, 1] with the token of each text, see `Word.token`, in its place."""
    return [
        tf.SparseTensor(
            column.indices,
            tf.strings.join([f"{position}:", _escaped(column.values)]),
            column.dense_shape,
        )
        for position, column in enumerate(columns)
    ]


def _escaped(texts: tf.Tensor) -> tf.Tensor:
    for character, escaped in ESCAPES.items():
        texts = tf.strings.regex_replace(texts, f"\\x{character.hex()}", escaped.decode())
    return texts


def most_frequent(columns: Sequence[tf.SparseTensor], top: int, name: str) -> tf.Tensor:
    """Learns the most frequent texts of each column: by column, there by falling frequency, ties by text.

    Args:
        columns: what `tokens` returned.
        top: texts kept of each column.
        name: name of the file in the transform.

    Returns:
        The vocabulary's file, for `tft.apply_vocabulary`.
    """
    return _analysed(columns, name, _BY_FREQUENCY, top)


def by_name(column: tf.SparseTensor, name: str) -> tf.Tensor:
    """Learns all texts of a column in the order of `sorted_names`; see `most_frequent` for what it returns."""
    return _analysed([column], name, _BY_NAME, None)


def sorted_names(texts: Iterable[bytes]) -> list[bytes]:
    """Returns texts in the one order of class names: by value where all are finite numbers, else by their text."""
    names = sorted(texts)
    try:
        values = {name: float(name) for name in names}
    except ValueError:
        return names
    return sorted(names, key=values.__getitem__) if np.isfinite(list(values.values())).all() else names


def _analysed(columns: Sequence[tf.SparseTensor], name: str, order: str, top: int | None) -> tf.Tensor:
    [file] = tft.experimental.ptransform_analyzer(
        inputs=[tf.concat([column.values for column in columns], axis=0)],
        ptransform=_Vocabulary(name, order, top),
        output_dtypes=[tf.string],
        output_shapes=[[]],
        # What stands in the file before the analysis.
        output_asset_default_values=[b"-"],
        name=name,
    )
    return file


class _Vocabulary(PTransformAnalyzer):
    """Counts tokens, keeps some of each column, and writes them to a file, one per line."""

    def __init__(self, name: str, order: str, top: int | None) -> None:
        super().__init__()
        self._name = name
        self._order = order
        self._top = top

    def expand(self, pcoll: Any) -> Any:
        """Returns the path of the file, the one element of its collection."""
        counted = pcoll | "Count" >> beam.FlatMap(_count) | "Sum" >> beam.CombinePerKey(sum)
        if self._top is not None:
            counted = (
                counted
                | "ByColumn" >> beam.Map(_with_column)
                | "Top" >> beam.combiners.Top.LargestPerKey(self._top, key=_rank)
                | "Kept" >> beam.FlatMap(_values)
            )
        path = os.path.join(self.base_temp_dir, self._name)
        return counted | "Gather" >> beam.combiners.ToList() | "Write" >> beam.Map(_write, self._order, path)


def _count(batch: tuple[np.ndarray, ...]) -> Iterator[tuple[bytes, int]]:
    yield from Counter(batch[0].tolist()).items()


def _with_column(counted: tuple[bytes, int]) -> tuple[bytes, tuple[bytes, int]]:
    return counted[0].partition(b":")[0], counted


def _rank(counted: tuple[bytes, int]) -> tuple[int, bytes]:
    """Returns what the larger of two entries is told by: the frequency, then the text that sorts first."""
    return counted[1], bytes(255 - byte for byte in Word.of(counted[0]).text) + b"\xff"


def _values(kept: tuple[bytes, list[tuple[bytes, int]]]) -> list[tuple[bytes, int]]:
    return kept[1]


def _ordered(counted: list[tuple[bytes, int]], order: str) -> list[bytes]:
    if order == _BY_NAME:
        return [Word(0, text).token for text in sorted_names(Word.of(token).text for token, _ in counted)]
    known = sorted((Word.of(token).column, -count, Word.of(token).text) for token, count in counted)
    return [Word(column, text).token for column, _, text in known]


def _write(counted: list[tuple[bytes, int]], order: str, path: str) -> np.ndarray:
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(b"".join(line + b"\n" for line in _ordered(counted, order)))
    return np.array(path)
