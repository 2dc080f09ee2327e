"""From artifacts to arrays: the eval rows with their labels, and what a serving model says about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.evaluator.analysis.rows import Predictions, Rows
from components.example_gen.examples.first_values import are_numbers, as_floats, first_numbers, first_values
from components.example_gen.examples.reader import read_examples
from components.model_format.manifest import InputColumn, Manifest
from components.shared.head_outputs import CLASSIFICATION, LOWER, REGRESSION, UPPER

BATCH = 1024
"""Rows that a serving model is asked at a time, at most."""


def read_rows(folder: str | Path, schema: bytes, labels: tuple[str, str], columns: Collection[str]) -> Rows:
    """Reads the labels and the columns to slice by.

    Args:
        folder: one split of raw examples.
        schema: the serialized schema in force.
        labels: regression and classification label column.
        columns: names of the columns to slice by; missing values read as "(missing)" or NaN.

    Returns:
        The rows; a row without a label has NaN for regression, None for classification.
    """
    decoder = ExamplesToRecordBatchDecoder(schema)
    return Rows.joined(
        [rows_of(decoder.DecodeBatch(examples.tolist()), labels, columns) for examples in read_examples(folder)]
    )


def rows_of(batch: pa.RecordBatch, labels: tuple[str, str], columns: Collection[str]) -> Rows:
    """Returns the labels and the columns to slice by of decoded examples; see `read_rows`."""
    return Rows(
        number=first_numbers(batch, labels[0]).astype(np.float64),
        label=_scalars(batch, labels[1], missing=None),
        columns={name: _scalars(batch, name) for name in columns},
    )


class ServingModel:
    """An exported model, ready to be asked.

    Args:
        model_dir: the SavedModel.
    """

    def __init__(self, model_dir: str | Path):
        self.folder = Path(model_dir)
        # The signatures hold no reference to the model they belong to.
        self._model = tf.saved_model.load(str(model_dir))
        self.manifest = Manifest.read(model_dir)

    def predict(self, folder: str | Path) -> Predictions:
        """Scores one split of raw examples by `serving_default`."""
        return Predictions.joined([self.predict_examples(examples) for examples in read_examples(folder)])

    def predict_examples(self, examples: np.ndarray) -> Predictions:
        """Scores serialized tf.Examples, object [n], by `serving_default`."""
        return self._predictions([self._model.signatures["serving_default"](examples=tf.constant(examples))])

    def predict_columns(self, columns: Mapping[str, np.ndarray]) -> Predictions:
        """Scores raw columns, by name, by the `predict` signature; see `read_columns` for how they are given."""
        inputs = {column.input: columns[column.name] for column in self.manifest.columns}
        signature, n = self._model.signatures["predict"], len(next(iter(inputs.values())))
        parts = [slice(start, start + BATCH) for start in range(0, n, BATCH)]
        return self._predictions(
            [signature(**{name: tf.constant(values[part]) for name, values in inputs.items()}) for part in parts]
        )

    def _predictions(self, answers: Sequence[Mapping[str, tf.Tensor]]) -> Predictions:
        def joined(name: str) -> np.ndarray:
            return np.concatenate([answer[name].numpy() for answer in answers])

        return Predictions(
            number=joined(REGRESSION)[:, 0],
            probabilities=joined(CLASSIFICATION),
            classes=tuple(self.manifest.classes),
            bounds=np.hstack([joined(LOWER), joined(UPPER)]) if LOWER in answers[0] else None,
        )


def read_columns(
    folder: str | Path, schema: bytes, columns: Sequence[InputColumn], chosen: np.ndarray
) -> dict[str, np.ndarray]:
    """Reads some rows of one split as the `predict` signature takes them.

    Args:
        folder: the split of raw examples.
        schema: the serialized schema in force.
        columns: the model's columns.
        chosen: int [m], which rows of the split, ascending.

    Returns:
        By column, text as str [m] with "" for missing, numbers float64 [m] with NaN for missing, feature vectors
        float32 [m, k].
    """
    kept: list[bytes] = []
    start = 0
    for examples in read_examples(folder):
        inside = chosen[(chosen >= start) & (chosen < start + len(examples))]
        kept += examples[inside - start].tolist()
        start += len(examples)
    return raw_columns(kept, schema, columns)


def raw_columns(examples: list[bytes], schema: bytes, columns: Sequence[InputColumn]) -> dict[str, np.ndarray]:
    """Returns serialized tf.Examples as the `predict` signature takes them; see `read_columns`."""
    batch = ExamplesToRecordBatchDecoder(schema).DecodeBatch(examples)
    return {column.name: _raw(batch, column) for column in columns}


def _raw(batch: pa.RecordBatch, column: InputColumn) -> np.ndarray:
    if column.kind == "VECTOR":
        lists: Any = batch.column(batch.schema.get_field_index(column.name))
        absent = [float("nan")] * column.length
        return np.array([value or absent for value in lists.to_pylist()], dtype=np.float32)
    return _scalars(batch, column.name, missing="") if column.kind == "BYTES" else first_numbers(batch, column.name)


def _scalars(batch: pa.RecordBatch, name: str, missing: str | None = "(missing)") -> np.ndarray:
    """Returns one value per row: text as str (object `[n]`), numbers as float64; missing is `missing` or NaN."""
    values = first_values(batch, name)
    if are_numbers(values):
        return as_floats(values)
    texts = values.cast(pa.large_string())
    texts = texts if missing is None else texts.fill_null(missing)
    return np.array(texts.to_pylist(), dtype=object)
