"""From artifacts to arrays: the eval rows with their labels, and what a serving model says about them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.evaluator.evaluation import Predictions, Rows
from components.example_gen.reading import read_examples
from components.outputs import CLASSIFICATION, REGRESSION
from components.trainer.manifest import Manifest


def read_rows(folder: str | Path, schema: bytes, labels: tuple[str, str], columns: Collection[str]) -> Rows:
    """Reads the labels and the columns to slice by.

    Args:
        folder: one split of raw examples.
        schema: the serialized schema in force.
        labels: regression and classification label column.
        columns: names of the columns to slice by; missing values read as "(missing)" or NaN.
    """
    decoder = ExamplesToRecordBatchDecoder(schema)
    wanted = {*labels, *columns}
    parts: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    for examples in read_examples(folder):
        batch = decoder.DecodeBatch(examples.tolist())
        for name in wanted:
            parts[name].append(_scalars(batch, name))
    values = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    return Rows(
        number=values[labels[0]].astype(np.float64),
        label=values[labels[1]].astype(str),
        columns={name: values[name] for name in columns},
    )


def predict(model_dir: str | Path, folder: str | Path) -> Predictions:
    """Scores one split with a SavedModel's `serving_default`.

    Args:
        model_dir: the SavedModel.
        folder: the split of raw examples.
    """
    model = tf.saved_model.load(str(model_dir))
    signature = model.signatures["serving_default"]
    numbers, probabilities = [], []
    for examples in read_examples(folder):
        answer = signature(examples=tf.constant(examples))
        numbers.append(answer[REGRESSION].numpy()[:, 0])
        probabilities.append(answer[CLASSIFICATION].numpy())
    return Predictions(
        number=np.concatenate(numbers),
        probabilities=np.concatenate(probabilities),
        classes=tuple(Manifest.read(model_dir).classes),
    )


def _scalars(batch: pa.RecordBatch, name: str) -> np.ndarray:
    """Returns one value per row: text as str, numbers as float64; missing is "(missing)" or NaN."""
    column: Any = batch.column(batch.schema.get_field_index(name))
    firsts = pa.compute.list_element(_padded(column), 0)
    if pa.types.is_floating(firsts.type) or pa.types.is_integer(firsts.type):
        return firsts.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    texts = firsts.cast(pa.large_string()).fill_null("(missing)")
    return np.array(texts.to_pylist(), dtype=object)


def _padded(column: Any) -> Any:
    """Returns the lists with empty ones made null, so that the first element of each can be taken."""
    lengths = pa.compute.fill_null(pa.compute.list_value_length(column), 0)
    return pa.compute.if_else(pa.compute.greater(lengths, 0), column, pa.scalar(None, column.type))
