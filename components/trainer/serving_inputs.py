"""What a request may say, and what the transform is given of it: missing values are absent ones, whatever spells them.

A request is read by the rules that the training data was read by: text counts without blanks at both ends, the
spellings of "no value" are no value, and a column of whole numbers has none where a number is not whole, or is too
large for 64 bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from components.model_format.manifest import InputColumn
from components.shared.exact_numbers import companion

# What Unicode calls blank; Arrow trims the same at ingest.
_BLANK = r"[\s\x0b\x1c-\x1f\x{85}\pZ]+"
_OUTER_BLANKS = rf"^{_BLANK}|{_BLANK}$"
# The least float64 that no int64 reaches.
_TOO_LARGE = 2.0**63


class Requests:
    """Turns what a client sends into what the transform reads.

    Args:
        columns: the raw columns the model reads.
        missing: spellings of "no value".
        spec: raw feature spec of the transform, for the columns with a companion.
    """

    def __init__(self, columns: Sequence[InputColumn], missing: Sequence[str], spec: Mapping[str, Any]) -> None:
        self._columns = columns
        self._texts = ["", *(spelling.strip() for spelling in missing)]
        self._numbers = [number for spelling in missing if (number := _number(spelling)) is not None]
        self._exact = {column.name for column in columns if companion(column.name) in spec}
        features = [*(column.name for column in columns), *(companion(name) for name in self._exact)]
        self._features = {name: _tolerant(spec[name]) for name in features}

    def from_examples(self, examples: tf.Tensor) -> dict[str, Any]:
        """Returns the raw columns of serialized tf.Examples, string [n]."""
        parsed = tf.io.parse_example(examples, self._features)
        return parsed | {column.name: self._present(column, parsed[column.name]) for column in self._columns}

    def from_tensors(self, tensors: Mapping[str, tf.Tensor]) -> dict[str, Any]:
        """Returns the raw columns of one tensor each, by the column's keyword; see `input_spec`."""
        raw: dict[str, Any] = {}
        for column in self._columns:
            tensor = tensors[column.input]
            if column.kind == "VECTOR":
                raw[column.name] = self._present(column, tensor)
                continue
            rows = tf.range(tf.shape(tensor, tf.int64)[0])
            indices = tf.stack([rows, tf.zeros_like(rows)], axis=1)
            shape = tf.stack([tf.shape(tensor, tf.int64)[0], 1])
            value = self._present(column, tf.SparseTensor(indices, tensor, shape))
            if column.name in self._exact:
                raw[companion(column.name)] = value.with_values(tf.bitcast(value.values, tf.int64))
            raw[column.name] = value.with_values(tf.cast(value.values, self._features[column.name].dtype))
        return raw

    def input_spec(self, column: InputColumn) -> tf.TensorSpec:
        """Returns what `from_tensors` takes of a column: text [n], numbers float64 [n], vectors float32 [n, k]."""
        if column.kind == "VECTOR":
            return tf.TensorSpec([None, column.length], tf.float32, name=column.input)
        return tf.TensorSpec([None], tf.string if column.kind == "BYTES" else tf.float64, name=column.input)

    def _present(self, column: InputColumn, value: Any) -> Any:
        """Returns a scalar column without the values that stand for none; in a vector these are NaN."""
        if column.kind == "VECTOR":
            return tf.where(_is_in(value, self._numbers), float("nan"), value)
        values = value.values
        if column.kind == "BYTES":
            values = tf.strings.regex_replace(values, _OUTER_BLANKS, "")
            kept = tf.logical_not(_is_in(values, self._texts))
        else:
            numbers = tf.cast(values, tf.float64) if values.dtype == tf.int64 else values
            kept = tf.math.is_finite(numbers) & ~_is_in(numbers, self._numbers)
            if column.kind == "FLOAT":  # what 32 bits call infinite was missing in training
                kept &= tf.math.is_finite(tf.cast(numbers, tf.float32))
            elif values.dtype != tf.int64:
                kept &= (numbers == tf.round(numbers)) & (tf.abs(numbers) < _TOO_LARGE)
        return tf.sparse.retain(value.with_values(values), kept)


def _is_in(values: tf.Tensor, some: Sequence[Any]) -> tf.Tensor:
    return tf.reduce_any(values[..., None] == tf.constant(some, values.dtype), axis=-1)


def _number(spelling: str) -> float | None:
    try:
        return float(spelling)
    except ValueError:
        return None


def _tolerant(feature: Any) -> Any:
    """Lets a feature vector be absent at serving time: it is then missing in every element."""
    if isinstance(feature, tf.io.FixedLenFeature):
        return tf.io.FixedLenFeature(feature.shape, feature.dtype, [float("nan")] * feature.shape[0])
    return feature
