"""The serving model: a SavedModel that takes raw columns and answers in the user's units.

Signatures (n rows):

- `serving_default`: `examples` string [n], serialized tf.Example.
- `predict`: one tensor per raw column: text string [n] with "" for missing, numbers float64 [n] with NaN for missing,
  feature vectors float32 [n, k]. TensorFlow Serving knows each input by its raw column name.
- `transform_features`: `examples` string [n] to the transformed tensors, labels included, for model analysis.

The first two answer `regression_output` float32 [n, 1] in the label's units, `classification_output` float32 [n, K]
probabilities, `predicted_class` string [n] and `class_probability` float32 [n]; and, where there were calibration
rows enough, `regression_lower` and `regression_upper` float32 [n, 1], the bounds of the number's interval.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_metadata.proto.v0 import schema_pb2

from components import outputs
from components.trainer.calibration import TINY
from components.trainer.manifest import Calibration, Column
from components.trainer.quantiles import QUANTILES


def feature_columns(
    spec: dict[str, Any], schema: schema_pb2.Schema, training_only: Collection[str | None]
) -> list[Column]:
    """Returns the raw columns the model reads, those left out that only training has.

    Args:
        spec: raw feature spec of the transform.
        schema: the schema in force.
        training_only: columns that are not served: the labels, the row weights.
    """
    types = {feature.name: schema_pb2.FeatureType.Name(feature.type) for feature in schema.feature}
    columns: list[Column] = []
    for position, name in enumerate(sorted(name for name in spec if name not in training_only)):
        # TensorFlow lower-cases and cuts names, refuses many, and lets two of them collide; a number never does.
        keyword = f"column_{position}"
        if isinstance(spec[name], tf.io.FixedLenFeature):
            columns.append(Column(name, keyword, "VECTOR", spec[name].shape[0]))
        else:
            columns.append(Column(name, keyword, types[name]))
    return columns


def export(
    model: keras.Model,
    transform: tft.TFTransformOutput,
    columns: Sequence[Column],
    labels: Sequence[str],
    target_mean: float,
    target_scale: float,
    calibration: Calibration,
    directory: str,
) -> None:
    """Writes the SavedModel.

    Args:
        model: the fitted network, from transformed tensors to standardised outputs; for intervals by `cqr` with the
            output `regression_quantiles`.
        transform: the transform the network was fitted on.
        columns: the raw columns the model reads.
        labels: the two label columns.
        target_mean: mean of the regression label in train.
        target_scale: standard deviation of the regression label in train.
        calibration: the temperature of the probabilities, and how far the intervals of the number reach.
        directory: where to write.
    """
    module = tf.Module()
    # The plain tf.Variables, not the Keras model: tf.saved_model.save would store a Keras 3 variable as a copy and
    # leave the one that the graph reads without a value, which Python's loader mends and TensorFlow Serving does not.
    module.weights = [variable.value for variable in model.variables]
    module.transform = transform.transform_features_layer()
    module.classes = tf.constant(transform.vocabulary_by_name(outputs.CLASSES_VOCABULARY))
    inputs = [name for name in (outputs.NUMERIC, outputs.MISSING, outputs.CATEGORICAL) if name in _inputs(model)]

    def answer(raw: dict[str, Any]) -> dict[str, tf.Tensor]:
        transformed = module.transform(raw)
        result = model({name: transformed[name] for name in inputs}, training=False)
        # Taken before the temperature, under which two nearly equal probabilities may round to the same.
        best = tf.argmax(result[outputs.CLASSIFICATION], axis=1)
        probabilities = _tempered(result[outputs.CLASSIFICATION], calibration.temperature)
        number = result[outputs.REGRESSION] * target_scale + target_mean
        return {
            outputs.REGRESSION: number,
            **_bounds(result[QUANTILES] * target_scale + target_mean if QUANTILES in result else number, calibration),
            outputs.CLASSIFICATION: probabilities,
            "predicted_class": tf.gather(module.classes, best),
            "class_probability": tf.reduce_max(probabilities, axis=1),
        }

    raw_spec = transform.raw_feature_spec()
    features = {column.name: _tolerant(raw_spec[column.name]) for column in columns}
    serialized = [tf.TensorSpec([None], tf.string, name="examples")]

    @tf.function(input_signature=serialized)
    def serving_default(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return answer(tf.io.parse_example(examples, features))

    @tf.function(input_signature=serialized)
    def transform_features(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = features | {label: raw_spec[label] for label in labels}
        return module.transform(tf.io.parse_example(examples, spec))

    signatures = {
        "serving_default": serving_default,
        "predict": _predict(columns, answer),
        "transform_features": transform_features,
    }
    tf.saved_model.save(module, directory, signatures=signatures)
    _name_inputs_as_columns(directory, columns)


def _tempered(probabilities: tf.Tensor, temperature: float) -> tf.Tensor:
    """Returns `calibration.rescale` of probabilities float32 [n, K]."""
    if temperature == 1:
        return probabilities
    log = tf.math.log(tf.maximum(tf.cast(probabilities, tf.float64), TINY))
    return tf.cast(tf.nn.softmax(log / temperature), probabilities.dtype)


def _bounds(around: tf.Tensor, calibration: Calibration) -> dict[str, tf.Tensor]:
    """Returns the bounds of intervals around a number [n, 1] or two quantiles [n, 2], if there are any."""
    if calibration.margin is None:
        return {}
    lower, upper = around[:, :1] - calibration.margin, around[:, -1:] + calibration.margin
    # Quantiles that are nearer to each other than a negative margin takes away leave an interval of one point.
    middle = (lower + upper) / 2
    return {outputs.LOWER: tf.minimum(lower, middle), outputs.UPPER: tf.maximum(upper, middle)}


def _inputs(model: keras.Model) -> list[str]:
    return [tensor.name for tensor in model.inputs]


def _tolerant(feature: Any) -> Any:
    """Lets a feature vector be absent at serving time: it is then missing in every element."""
    if isinstance(feature, tf.io.FixedLenFeature):
        return tf.io.FixedLenFeature(feature.shape, feature.dtype, [float("nan")] * feature.shape[0])
    return feature


def _predict(columns: Sequence[Column], answer: Callable[[dict[str, Any]], dict[str, tf.Tensor]]) -> Any:
    """Returns the concrete function behind the `predict` signature."""

    def spec(column: Column) -> tf.TensorSpec:
        if column.kind == "VECTOR":
            return tf.TensorSpec([None, column.length], tf.float32, name=column.input)
        return tf.TensorSpec([None], tf.string if column.kind == "BYTES" else tf.float64, name=column.input)

    @tf.function
    def predict(**tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        return answer({column.name: _as_example(tensors[column.input], column.kind) for column in columns})

    return predict.get_concrete_function(**{column.input: spec(column) for column in columns})


def _as_example(tensor: tf.Tensor, kind: str) -> Any:
    """Returns the column as parsing a tf.Example gives it: a missing value is an absent one."""
    if kind == "VECTOR":
        return tensor
    present = tensor != "" if kind == "BYTES" else tf.math.is_finite(tensor)
    rows = tf.where(present)
    values = tf.boolean_mask(tensor, present)
    if kind != "BYTES":
        values = tf.cast(values, tf.int64 if kind == "INT" else tf.float32)
    indices = tf.concat([rows, tf.zeros_like(rows)], axis=1)
    return tf.SparseTensor(indices, values, [tf.shape(tensor, tf.int64)[0], 1])


def _name_inputs_as_columns(directory: str, columns: Sequence[Column]) -> None:
    """Renames the inputs of `predict` to the raw column names in the signature TensorFlow Serving reads.

    The keys of a signature may be any text; the keywords of a tf.function may not.
    """
    path = Path(directory) / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    inputs = saved.meta_graphs[0].signature_def["predict"].inputs
    tensors = {keyword: type(tensor).FromString(tensor.SerializeToString()) for keyword, tensor in inputs.items()}
    inputs.clear()
    for column in columns:
        inputs[column.name].CopyFrom(tensors[column.input])
    path.write_bytes(saved.SerializeToString(deterministic=True))
