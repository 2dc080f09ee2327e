"""`preprocessing_fn` of the Transform step: raw columns to the few dense tensors the network reads.

The schema decides what a column is: text is a category, a number of any kind is numeric, a fixed-length list is a
feature vector. Everything is vectorised: all numeric columns are assembled first and scaled by one element-wise
analyzer.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components import outputs


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Maps raw columns to model inputs and labels; B is the batch size.

    Args:
        inputs: raw column -> SparseTensor [B, 1] (scalar column, absent where missing) or Tensor [B, k] (feature
            vector, NaN where missing).
        custom_config: `regression` and `classification`, the label columns; `weight`, the column of the row weights or
            None; and `max_categories`.

    Returns:
        The tensors below; a group without columns is left out.

        - `numeric` float32 [B, N]: numeric columns by name, then the elements of each vector, standardised with the
          mean and standard deviation of the train split; missing values and constant columns are 0.
        - `missing` float32 [B, N]: 1 where the value was missing.
        - `categorical` int64 [B, C]: see `encode`.
        - `regression_label` float32 [B]: the label in the user's units; 0 where it is missing.
        - `regression_target` float32 [B]: the label standardised with the mean and deviation of those that the train
          split has; 0 where it is missing.
        - `target_mean`, `target_scale` float32 [B]: those two constants.
        - `classification_label` int64 [B]: index of the class, most frequent first; -1 for a class that the train
          split does not have; 0 where it is missing.
        - `regression_present`, `classification_present` float32 [B]: 1 where the row has the label, else 0.
        - `weight` float32 [B]: the weight of each row; only where the configuration names one.
    """
    regression, classification = custom_config["regression"], custom_config["classification"]
    weight = custom_config.get("weight")
    features = {name: inputs[name] for name in sorted(inputs) if name not in (regression, classification, weight)}
    numeric = [_numeric(value) for value in features.values() if _is_scalar_number(value)]
    numeric += [_vector(value) for value in features.values() if not isinstance(value, tf.SparseTensor)]
    categories = {name: value for name, value in features.items() if _is_text(value)}

    result: dict[str, tf.Tensor] = {}
    if numeric:
        values = tf.concat([value for value, _ in numeric], axis=1)
        missing = tf.concat([absent for _, absent in numeric], axis=1)
        result[outputs.NUMERIC] = standardise(values, missing)
        result[outputs.MISSING] = tf.cast(missing, tf.float32)
    if categories:
        result[outputs.CATEGORICAL] = encode(list(categories.values()), custom_config["max_categories"])
    if weight is not None:
        result[outputs.WEIGHT] = tf.cast(_dense(inputs[weight], 0.0), tf.float32)
    return result | _regression(inputs[regression]) | _class(inputs[classification])


def standardise(values: tf.Tensor, missing: tf.Tensor) -> tf.Tensor:
    """Returns (value - mean) / standard deviation per column over the values that are present.

    Args:
        values: float64 [B, N].
        missing: bool [B, N].

    Returns:
        float32 [B, N]; 0 for missing values and for columns without spread. The deviation is the population's
        (divided by n).
    """
    present = tf.logical_not(missing)
    sparse = tf.SparseTensor(
        indices=tf.where(present),
        values=tf.boolean_mask(values, present),
        dense_shape=tf.shape(values, tf.int64),
    )
    sparse.set_shape([None, values.shape[1]])
    scaled = tf.sparse.to_dense(tft.scale_to_z_score(sparse, elementwise=True))
    return tf.cast(tf.ensure_shape(scaled, [None, values.shape[1]]), tf.float32)


def encode(columns: list[tf.SparseTensor], size: int) -> tf.Tensor:
    """Returns each category as its index in one vocabulary of all columns, most frequent first.

    One vocabulary costs one analyzer, however many columns there are.

    Args:
        columns: C text columns [B, 1], absent where missing.
        size: categories kept per column, on average: the vocabulary holds the C * size most frequent ones.

    Returns:
        int64 [B, C]. With V categories kept, `V + c` stands for any other text in column c and `V + C + c` for a
        missing value.
    """
    count = len(columns)
    tagged = [
        tf.SparseTensor(column.indices, tf.strings.join([f"{position}:", column.values]), column.dense_shape)
        for position, column in enumerate(columns)
    ]
    vocabulary = tft.vocabulary(
        tf.sparse.concat(1, [_one_wide(column) for column in tagged]),
        top_k=size * count,
        vocab_filename=outputs.CATEGORIES_VOCABULARY,
    )
    kept = tf.cast(tft.experimental.get_vocabulary_size_by_name(outputs.CATEGORIES_VOCABULARY), tf.int64)
    text = tf.stack([_dense(column, "") for column in tagged], axis=1)
    index = tft.apply_vocabulary(text, vocabulary, default_value=-1)
    position = tf.range(count, dtype=tf.int64)
    unknown = tf.where(text == "", kept + count + position, kept + position)
    return tf.where(index < 0, unknown, index)


def _is_text(value: Any) -> bool:
    return isinstance(value, tf.SparseTensor) and value.dtype == tf.string


def _is_scalar_number(value: Any) -> bool:
    return isinstance(value, tf.SparseTensor) and value.dtype != tf.string


def _dense(value: tf.SparseTensor, default: float | str) -> tf.Tensor:
    """Returns [B]: the scalar of each row, or the default where the row has none."""
    return tf.squeeze(tf.sparse.to_dense(_one_wide(value), default_value=tf.cast(default, value.dtype)), axis=1)


def _one_wide(value: tf.SparseTensor) -> tf.SparseTensor:
    """Returns the scalar column with shape [B, 1] also when no row of the batch has a value."""
    return tf.SparseTensor(value.indices, value.values, [value.dense_shape[0], 1])


def _numeric(value: tf.SparseTensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the column as float64 [B, 1], which holds 64-bit epochs exactly enough, and where it is missing."""
    as_float = tf.SparseTensor(value.indices, tf.cast(value.values, tf.float64), value.dense_shape)
    return _vector(tf.expand_dims(_dense(as_float, float("nan")), axis=1))


def _vector(value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    value = tf.cast(value, tf.float64)
    missing = tf.logical_not(tf.math.is_finite(value))
    return tf.where(missing, tf.zeros_like(value), value), missing


def _present(value: tf.SparseTensor) -> tf.Tensor:
    """Returns float32 [B]: 1 where the row has a value."""
    ones = tf.ones_like(value.values, tf.float32)
    return _dense(tf.SparseTensor(value.indices, ones, value.dense_shape), 0.0)


def _regression(value: tf.SparseTensor) -> dict[str, tf.Tensor]:
    numbers = tf.SparseTensor(value.indices, tf.cast(value.values, tf.float64), value.dense_shape)
    mean, deviation = tft.mean(numbers), tf.sqrt(tft.var(numbers))
    scale = tf.where(deviation > 0, deviation, tf.ones_like(deviation))
    label, present = _dense(numbers, 0.0), _present(value)
    return {
        outputs.REGRESSION_LABEL: tf.cast(label, tf.float32),
        outputs.REGRESSION_PRESENT: present,
        outputs.REGRESSION_TARGET: tf.cast((label - mean) / scale, tf.float32) * present,
        outputs.TARGET_MEAN: tf.fill(tf.shape(label), tf.cast(mean, tf.float32)),
        outputs.TARGET_SCALE: tf.fill(tf.shape(label), tf.cast(scale, tf.float32)),
    }


def _class(value: tf.SparseTensor) -> dict[str, tf.Tensor]:
    vocabulary = tft.vocabulary(value, vocab_filename=outputs.CLASSES_VOCABULARY)
    index, present = tft.apply_vocabulary(_dense(value, ""), vocabulary, default_value=-1), _present(value)
    return {
        outputs.CLASSIFICATION_LABEL: tf.where(present > 0, index, tf.zeros_like(index)),
        outputs.CLASSIFICATION_PRESENT: present,
    }
