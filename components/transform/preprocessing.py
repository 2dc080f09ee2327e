"""`preprocessing_fn` of the Transform step: raw columns to the few dense tensors the network reads.

The schema decides what a column is: text is a category, a number of any kind is numeric, a fixed-length list is a
feature vector. Everything is vectorised: all numeric columns are assembled first, as float64, and scaled by
element-wise analyzers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.shared import tensor_names
from components.shared.exact_numbers import companion
from components.transform.layout import Layout
from components.transform.scaling import Scales, learn_scales, standardise
from components.transform.vocabulary import by_name, most_frequent, tokens
from components.transform.words import missing_place


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Maps raw columns to model inputs and labels; B is the batch size.

    Args:
        inputs: raw column -> SparseTensor [B, 1] (scalar column, absent where missing) or Tensor [B, k] (feature
            vector, NaN where missing); beside a column, perhaps its companion, see `components.shared.exact_numbers`.
        custom_config: `regression` and `classification`, the label columns; `weight`, the column of the row weights or
            None; and `max_categories`.

    Returns:
        The tensors below; a group without columns is left out.

        - `numeric` float32 [B, N]: numeric columns by name, then the elements of each vector, see `Layout`;
          standardised with the mean and standard deviation of the train split, see `scaling`; missing values and
          constant columns are 0.
        - `missing` float32 [B, N]: 1 where the value was missing.
        - `categorical` int64 [B, C]: see `encode`.
        - `regression_label` int64 [B]: the bits of the label, a float64, in the user's units; 0 where it is missing.
        - `regression_target` float32 [B]: the label standardised with the mean and deviation of those that the train
          split has; 0 where it is missing. A label that `scaling` finds too far from all others is moved to the bound.
        - `target_mean`, `target_scale` int64 [B]: the bits of those two constants.
        - `classification_label` int64 [B]: index of the class in the order of `vocabulary.sorted_names`; -1 for a
          class that the train split does not have; 0 where it is missing.
        - `regression_present`, `classification_present` float32 [B]: 1 where the row has the label, else 0.
        - `weight` float32 [B]: the weight of each row; only where the configuration names one.
    """
    regression, classification = custom_config["regression"], custom_config["classification"]
    weight = custom_config.get("weight")
    apart = (regression, classification, weight)
    layout = Layout.of(inputs, apart)
    numeric = [_scalars(inputs, layout.numbers)] if layout.numbers else []
    numeric += [_vector(inputs[name]) for name in layout.vectors]

    # The label is the last column of the analysis alone: what is served must not depend on it.
    label, unlabelled = _scalars(inputs, [regression])
    scales = learn_scales(
        tf.concat([*(value for value, _ in numeric), label], axis=1),
        tf.concat([*(absent for _, absent in numeric), unlabelled], axis=1),
        strict=[False] * sum(value.shape[1] for value, _ in numeric) + [True],
    )
    result: dict[str, tf.Tensor] = {}
    if numeric:
        values = tf.concat([value for value, _ in numeric], axis=1)
        missing = tf.concat([absent for _, absent in numeric], axis=1)
        result[tensor_names.NUMERIC] = standardise(values, missing, scales.part(slice(None, -1)))
        result[tensor_names.MISSING] = tf.cast(missing, tf.float32)
    if layout.texts:
        texts = [inputs[name] for name in layout.texts]
        result[tensor_names.CATEGORICAL] = encode(texts, custom_config["max_categories"])
    if weight is not None:
        result[tensor_names.WEIGHT] = tf.cast(_dense(inputs[weight], 0.0), tf.float32)
    return result | _regression(label, unlabelled, scales.part(slice(-1, None))) | _class(inputs[classification])


def encode(columns: list[tf.SparseTensor], size: int) -> tf.Tensor:
    """Returns each category as its index in one vocabulary of all columns, see `vocabulary.most_frequent`.

    One vocabulary costs one analyzer, however many columns there are.

    Args:
        columns: C text columns [B, 1], absent where missing.
        size: categories kept of each column, the most frequent ones.

    Returns:
        int64 [B, C]. `c` stands for any text of column c that is not kept, `C + c` for a missing value, and `2 C + i`
        for the i-th entry of the vocabulary; see `owners`.
    """
    count = len(columns)
    tagged = tokens([_one_wide(column) for column in columns])
    vocabulary = most_frequent(tagged, size, tensor_names.CATEGORIES_VOCABULARY)
    text = tf.stack([_dense(column, "") for column in tagged], axis=1)
    index = tft.apply_vocabulary(text, vocabulary, default_value=-1)
    position = tf.range(count, dtype=tf.int64)
    unknown = tf.where(text == "", missing_place(position, count), position)
    return tf.where(index < 0, unknown, 2 * count + index)


def _dense(value: tf.SparseTensor, default: float | str) -> tf.Tensor:
    """Returns [B]: the scalar of each row, or the default where the row has none."""
    return tf.squeeze(tf.sparse.to_dense(_one_wide(value), default_value=tf.cast(default, value.dtype)), axis=1)


def _one_wide(value: tf.SparseTensor) -> tf.SparseTensor:
    """Returns the scalar column with shape [B, 1] also when no row of the batch has a value."""
    return tf.SparseTensor(value.indices, value.values, [value.dense_shape[0], 1])


def _scalars(inputs: dict[str, Any], names: Sequence[str]) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns N scalar columns as float64 [B, N], from their companions where there are, and where they are missing.

    Columns of one type are put together before anything is done with them: a graph of a few operations for each of a
    thousand columns takes minutes to trace.
    """
    parts, order = [], []
    for dtype in sorted({inputs[name].dtype for name in names}, key=repr):
        group = [name for name in names if inputs[name].dtype == dtype]
        parts.append(_joined([inputs[name] for name in group]))
        order += group
    numbers = tf.concat(parts, axis=1)
    exact: list[tf.Tensor] = []
    place = {name: position for position, name in enumerate(order)}
    for name in names:
        if companion(name) in inputs:
            bits, number = inputs[companion(name)], numbers[:, place[name]]
            known = (_present(bits) > 0) & ~tf.math.is_nan(number)
            place[name] = len(order) + len(exact)
            exact.append(tf.where(known, tf.bitcast(_dense(bits, 0), tf.float64), number)[:, None])
    return _vector(tf.gather(tf.concat([numbers, *exact], axis=1), [place[name] for name in names], axis=1))


def _joined(columns: Sequence[tf.SparseTensor]) -> tf.Tensor:
    """Returns scalar columns of one type as float64 [B, n], NaN where missing."""
    shape = tf.stack([columns[0].dense_shape[0], 1])
    joined = tf.sparse.concat(1, [tf.SparseTensor(column.indices, column.values, shape) for column in columns])
    numbers = tf.SparseTensor(joined.indices, tf.cast(joined.values, tf.float64), joined.dense_shape)
    dense = tf.sparse.to_dense(numbers, default_value=tf.constant(float("nan"), tf.float64))
    return tf.ensure_shape(dense, [None, len(columns)])


def _vector(value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    value = tf.cast(value, tf.float64)
    missing = tf.logical_not(tf.math.is_finite(value))
    return tf.where(missing, tf.zeros_like(value), value), missing


def _present(value: tf.SparseTensor) -> tf.Tensor:
    """Returns float32 [B]: 1 where the row has a value."""
    ones = tf.ones_like(value.values, tf.float32)
    return _dense(tf.SparseTensor(value.indices, ones, value.dense_shape), 0.0)


def _regression(label: tf.Tensor, missing: tf.Tensor, scales: Scales) -> dict[str, tf.Tensor]:
    """Returns what is known of the label, float64 [B, 1], by name."""
    target = standardise(tf.clip_by_value(label, scales.low, scales.high), missing, scales)
    scale = tf.where(scales.deviation > 0, scales.deviation, tf.ones_like(scales.deviation))
    number = tf.squeeze(label, axis=1)
    return {
        tensor_names.REGRESSION_LABEL: _bits(number),
        tensor_names.REGRESSION_PRESENT: 1 - tf.cast(tf.squeeze(missing, axis=1), tf.float32),
        tensor_names.REGRESSION_TARGET: tf.squeeze(target, axis=1),
        tensor_names.TARGET_MEAN: _bits(tf.fill(tf.shape(number), scales.mean[0])),
        tensor_names.TARGET_SCALE: _bits(tf.fill(tf.shape(number), scale[0])),
    }


def _bits(values: tf.Tensor) -> tf.Tensor:
    """Returns float64 values as int64 with the same bits, since a tf.Example holds 32 bits of a fraction only."""
    return tf.bitcast(values, tf.int64)


def _class(value: tf.SparseTensor) -> dict[str, tf.Tensor]:
    [tagged] = tokens([_one_wide(value)])
    vocabulary = by_name(tagged, tensor_names.CLASSES_VOCABULARY)
    index, present = tft.apply_vocabulary(_dense(tagged, ""), vocabulary, default_value=-1), _present(value)
    return {
        tensor_names.CLASSIFICATION_LABEL: tf.where(present > 0, index, tf.zeros_like(index)),
        tensor_names.CLASSIFICATION_PRESENT: present,
    }
