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

    Columns of one type are read together: a graph of some operations for each of a thousand columns takes minutes to
    trace, to save and to load.

    Args:
        columns: the raw columns the model reads.
        missing: spellings of "no value".
        spec: raw feature spec of the transform, for the columns with a companion.
    """

    def __init__(self, columns: Sequence[InputColumn], missing: Sequence[str], spec: Mapping[str, Any]) -> None:
        self._vectors = [column for column in columns if column.kind == "VECTOR"]
        self._texts = ["", *(spelling.strip() for spelling in missing)]
        self._numbers = [number for spelling in missing if (number := _number(spelling)) is not None]
        self._exact = {column.name for column in columns if companion(column.name) in spec}
        features = [*(column.name for column in columns), *(companion(name) for name in self._exact)]
        self._features = {name: _tolerant(spec[name]) for name in features}
        self._groups: dict[tuple[str, tf.DType], list[InputColumn]] = {}
        for column in columns:
            if column.kind != "VECTOR":
                group = column.kind, self._features[column.name].dtype
                self._groups.setdefault(group, []).append(column)

    def from_examples(self, examples: tf.Tensor) -> dict[str, Any]:
        """Returns the raw columns of serialized tf.Examples, string [n].

        Raises:
            tf.errors.InvalidArgumentError: an example has several values in a column of one.
        """
        raw: dict[str, Any] = tf.io.parse_example(examples, self._features)
        for (kind, _), columns in self._groups.items():
            joined = _joined([raw[column.name] for column in columns])
            values, kept = self._read(kind, joined.values)
            raw |= _parted(tf.sparse.retain(joined.with_values(values), kept), [column.name for column in columns])
        return raw | {column.name: self._vector(raw[column.name]) for column in self._vectors}

    def from_tensors(self, tensors: Mapping[str, tf.Tensor]) -> dict[str, Any]:
        """Returns the raw columns of one tensor each, by the column's keyword; see `input_spec`."""
        raw = {column.name: self._vector(tensors[column.input]) for column in self._vectors}
        for (kind, dtype), columns in self._groups.items():
            values, kept = self._read(kind, tf.stack([tensors[column.input] for column in columns], axis=1))
            shape = tf.shape(values, tf.int64)
            joined = tf.SparseTensor(tf.where(kept), tf.boolean_mask(values, kept), shape)
            raw |= _parted(joined.with_values(tf.cast(joined.values, dtype)), [column.name for column in columns])
            if exact := [column.name for column in columns if column.name in self._exact]:
                bits = _parted(joined.with_values(tf.bitcast(joined.values, tf.int64)), [c.name for c in columns])
                raw |= {companion(name): bits[name] for name in exact}
        return raw

    def input_spec(self, column: InputColumn) -> tf.TensorSpec:
        """Returns what `from_tensors` takes of a column: text [n], numbers float64 [n], vectors float32 [n, k]."""
        if column.kind == "VECTOR":
            return tf.TensorSpec([None, column.length], tf.float32, name=column.input)
        return tf.TensorSpec([None], tf.string if column.kind == "BYTES" else tf.float64, name=column.input)

    def _vector(self, values: tf.Tensor) -> tf.Tensor:
        """Returns a feature vector, float32 [n, k], NaN where a value stands for none."""
        return tf.where(_is_in(values, self._numbers), float("nan"), values)

    def _read(self, kind: str, values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the values of scalar columns, and which of them do not stand for none: bool of the same shape."""
        if kind == "BYTES":
            values = tf.strings.regex_replace(values, _OUTER_BLANKS, "")
            return values, tf.logical_not(_is_in(values, self._texts))
        numbers = tf.cast(values, tf.float64) if values.dtype == tf.int64 else values
        kept = tf.math.is_finite(numbers) & ~_is_in(numbers, self._numbers)
        if kind == "FLOAT":  # what 32 bits call infinite was missing in training
            kept &= tf.math.is_finite(tf.cast(numbers, tf.float32))
        elif values.dtype != tf.int64:
            kept &= (numbers == tf.round(numbers)) & (tf.abs(numbers) < _TOO_LARGE)
        return values, kept


def _joined(columns: Sequence[tf.SparseTensor]) -> tf.SparseTensor:
    """Returns scalar columns side by side, [n, number of columns]."""
    places = tf.concat([column.indices for column in columns], axis=0)[:, 1]
    single = tf.debugging.assert_less(places, tf.constant(1, tf.int64), "A column of one value has several in a row.")
    with tf.control_dependencies([single] if single is not None else []):
        shape = tf.stack([columns[0].dense_shape[0], 1])
    return tf.sparse.concat(1, [tf.SparseTensor(column.indices, column.values, shape) for column in columns])


def _parted(joined: tf.SparseTensor, names: Sequence[str]) -> dict[str, tf.SparseTensor]:
    """Returns each column of [n, number of columns] as [n, 1] by its name."""
    return dict(zip(names, tf.sparse.split(sp_input=joined, num_split=len(names), axis=1), strict=True))


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
