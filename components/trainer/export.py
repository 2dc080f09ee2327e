"""The serving model: a SavedModel that takes raw columns and answers in the user's units.

Signatures (n rows):

- `serving_default`: `examples` string [n], serialized tf.Example.
- `predict`: one tensor per raw column: text string [n] with "" for missing, numbers float64 [n] with NaN for missing,
  feature vectors float32 [n, k]. TensorFlow Serving knows each input by its raw column name.
- `transform_features`: `examples` string [n] to the transformed tensors, labels included, for model analysis; the
  label is float64 [n] there.

What counts as missing in a request says `components.trainer.serving_inputs`. The first two answer `regression_output`
float32 [n, 1] in the label's units, `classification_output` float32 [n, K] probabilities in the order of the class
names, `predicted_class` string [n] and `class_probability` float32 [n]; and, where there were calibration rows enough,
`regression_lower` and `regression_upper` float32 [n, 1], the bounds of the prediction interval. The predicted value and
its bounds are computed as float64, and answered as such in a model whose label 32 bits do not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_metadata.proto.v0 import schema_pb2

from components.model_format.calibration import TINY, undoing
from components.model_format.manifest import Calibration, InputColumn
from components.shared import tensor_names
from components.shared.exact_numbers import companion
from components.shared.file_names import SAVED_MODEL
from components.shared.head_outputs import CLASSIFICATION, LOWER, REGRESSION, UPPER
from components.trainer.interval_quantiles import QUANTILES
from components.trainer.serving_inputs import Requests
from components.transform.layout import Layout


@dataclass(frozen=True)
class Units:
    """From the network's number to the user's.

    Args:
        mean: mean of the regression label in train.
        scale: standard deviation of the regression label in train.
        wide: whether 32 bits are too few for the label.
    """

    mean: float
    scale: float
    wide: bool = False

    @property
    def dtype(self) -> tf.DType:
        """The type of the answers."""
        return tf.float64 if self.wide else tf.float32

    def of(self, standardised: tf.Tensor) -> tf.Tensor:
        """Returns numbers in the user's units, float64."""
        return tf.cast(standardised, tf.float64) * self.scale + self.mean


def feature_columns(
    spec: dict[str, Any], schema: schema_pb2.Schema, training_only: Collection[str | None]
) -> list[InputColumn]:
    """Returns the raw columns the model reads, those left out that only training has.

    Args:
        spec: raw feature spec of the transform.
        schema: the schema in force.
        training_only: columns that are not served: the labels, the row weights.
    """
    types = {feature.name: schema_pb2.FeatureType.Name(feature.type) for feature in schema.feature}
    columns: list[InputColumn] = []
    for position, name in enumerate(Layout.of(spec, training_only).features):
        # TensorFlow lower-cases and cuts names, refuses many, and lets two of them collide; a number never does.
        keyword = f"column_{position}"
        if isinstance(spec[name], tf.io.FixedLenFeature):
            columns.append(InputColumn(name, keyword, "VECTOR", spec[name].shape[0]))
        else:
            columns.append(InputColumn(name, keyword, types[name]))
    return columns


def export(
    model: keras.Model,
    transform: tft.TFTransformOutput,
    columns: Sequence[InputColumn],
    labels: Sequence[str],
    classes: Sequence[str],
    units: Units,
    calibration: Calibration,
    missing: Sequence[str],
    directory: str,
) -> None:
    """Writes the SavedModel.

    Args:
        model: the fitted network, from transformed tensors to standardised outputs; for intervals by `cqr` with the
            output `regression_quantiles`.
        transform: the transform the network was fitted on.
        columns: the raw columns the model reads.
        labels: the two label columns.
        classes: names of the classes, by index.
        units: the regression label's.
        calibration: what the probabilities are corrected by, and how far the prediction intervals reach.
        missing: spellings of "no value".
        directory: where to write.
    """
    module = tf.Module()
    # The plain tf.Variables, not the Keras model: tf.saved_model.save would store a Keras 3 variable as a copy and
    # leave the one that the graph reads without a value, which Python's loader mends and TensorFlow Serving does not.
    module.weights = [variable.value for variable in model.variables]
    module.transform = transform.transform_features_layer()
    module.classes = tf.constant(list(classes))
    inputs = [
        name
        for name in (tensor_names.NUMERIC, tensor_names.MISSING, tensor_names.CATEGORICAL)
        if name in _inputs(model)
    ]

    def answer(raw: dict[str, Any]) -> dict[str, tf.Tensor]:
        transformed = module.transform(raw)
        result = model({name: transformed[name] for name in inputs}, training=False)
        shares = _unweighted(result[CLASSIFICATION], calibration.class_weights)
        # Taken before the temperature, under which two nearly equal probabilities may round to the same.
        best = tf.argmax(shares, axis=1)
        probabilities = tf.cast(_tempered(shares, calibration.temperature), tf.float32)
        number = units.of(result[REGRESSION])
        bounds = _bounds(units.of(result[QUANTILES]) if QUANTILES in result else number, calibration)
        return {
            **{name: tf.cast(value, units.dtype) for name, value in ({REGRESSION: number} | bounds).items()},
            CLASSIFICATION: probabilities,
            "predicted_class": tf.gather(module.classes, best),
            "class_probability": tf.reduce_max(probabilities, axis=1),
        }

    raw_spec = transform.raw_feature_spec()
    requests = Requests(columns, missing, raw_spec)
    serialized = [tf.TensorSpec([None], tf.string, name="examples")]

    @tf.function(input_signature=serialized)
    def serving_default(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return answer(requests.from_examples(examples))

    @tf.function(input_signature=serialized)
    def transform_features(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        apart = [name for label in labels for name in (label, companion(label)) if name in raw_spec]
        parsed = tf.io.parse_example(examples, {name: raw_spec[name] for name in apart})
        transformed = module.transform(requests.from_examples(examples) | parsed)
        number = tf.bitcast(transformed[tensor_names.REGRESSION_LABEL], tf.float64)
        return transformed | {tensor_names.REGRESSION_LABEL: number}

    signatures = {
        "serving_default": serving_default,
        "predict": _predict(columns, requests, answer),
        "transform_features": transform_features,
    }
    tf.saved_model.save(module, directory, signatures=signatures)
    _name_inputs_as_columns(directory, columns)


def _unweighted(probabilities: tf.Tensor, class_weights: Sequence[float] | None) -> tf.Tensor:
    """Returns `calibration.unweighted` of probabilities float32 [n, K]."""
    if class_weights is None:
        return probabilities
    shares = tf.cast(probabilities, tf.float64) * undoing(class_weights)
    return shares / tf.reduce_sum(shares, axis=1, keepdims=True)


def _tempered(probabilities: tf.Tensor, temperature: float) -> tf.Tensor:
    """Returns `calibration.rescale` of probabilities, float [n, K]."""
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
    return {LOWER: tf.minimum(lower, middle), UPPER: tf.maximum(upper, middle)}


def _inputs(model: keras.Model) -> list[str]:
    return [tensor.name for tensor in model.inputs]


def _predict(
    columns: Sequence[InputColumn], requests: Requests, answer: Callable[[dict[str, Any]], dict[str, tf.Tensor]]
) -> Any:
    """Returns the concrete function behind the `predict` signature."""

    @tf.function
    def predict(**tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        return answer(requests.from_tensors(tensors))

    return predict.get_concrete_function(**{column.input: requests.input_spec(column) for column in columns})


def _name_inputs_as_columns(directory: str, columns: Sequence[InputColumn]) -> None:
    """Renames the inputs of `predict` to the raw column names in the signature TensorFlow Serving reads.

    The keys of a signature may be any text; the keywords of a tf.function may not.
    """
    path = Path(directory) / SAVED_MODEL
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    inputs = saved.meta_graphs[0].signature_def["predict"].inputs
    tensors = {keyword: type(tensor).FromString(tensor.SerializeToString()) for keyword, tensor in inputs.items()}
    inputs.clear()
    for column in columns:
        inputs[column.name].CopyFrom(tensors[column.input])
    path.write_bytes(saved.SerializeToString(deterministic=True))
