"""Transformed examples in memory: what the network is fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components import outputs
from components.errors import InputError

_PARSE_BATCH = 4096


@dataclass(frozen=True)
class Dataset:
    """One split, column-wise; n rows.

    Args:
        features: `numeric`, `missing` float32 [n, N] and `categorical` int64 [n, C]; absent groups are left out.
        regression: labels in the user's units, float32 [n].
        target: standardised labels, float32 [n].
        classes: class index, int64 [n]; -1 for a class the train split does not have.
        target_mean: mean of the train labels.
        target_scale: standard deviation of the train labels.
        weights: output name -> weight of each row in that head's loss, float32 [n]; None where all are 1.
    """

    features: dict[str, np.ndarray]
    regression: np.ndarray
    target: np.ndarray
    classes: np.ndarray
    target_mean: float
    target_scale: float
    weights: dict[str, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.target)

    def with_known_class(self) -> Dataset:
        """Returns the rows whose class the network can learn."""
        return self.take(self.classes >= 0)

    def take(self, chosen: np.ndarray | slice) -> Dataset:
        """Returns some rows, by a slice, a mask or indices."""
        return replace(
            self,
            features={name: values[chosen] for name, values in self.features.items()},
            regression=self.regression[chosen],
            target=self.target[chosen],
            classes=self.classes[chosen],
            weights=self.weights and {head: values[chosen] for head, values in self.weights.items()},
        )

    def labels(self) -> dict[str, np.ndarray]:
        """Returns the labels by output name, as the losses want them."""
        return {outputs.REGRESSION: self.target[:, None], outputs.CLASSIFICATION: self.classes}


def load(patterns: Sequence[str], transform: tft.TFTransformOutput) -> Dataset:
    """Reads one split of transformed examples into memory.

    Args:
        patterns: globs of gzipped TFRecord files.
        transform: the transform that wrote them.
    """
    spec = transform.transformed_feature_spec()
    files = sorted(file for pattern in patterns for file in tf.io.gfile.glob(pattern))
    records = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_PARSE_BATCH)
    batches = records.map(lambda batch: tf.io.parse_example(batch, spec)).prefetch(2).as_numpy_iterator()
    parts: dict[str, list[np.ndarray]] = {name: [] for name in spec}
    for batch in batches:
        for name, values in batch.items():
            parts[name].append(values)
    columns = {name: np.concatenate(values) for name, values in parts.items() if values}
    features = {
        name: columns[name] for name in (outputs.NUMERIC, outputs.MISSING, outputs.CATEGORICAL) if name in columns
    }
    return Dataset(
        features,
        columns[outputs.REGRESSION_LABEL],
        columns[outputs.REGRESSION_TARGET],
        columns[outputs.CLASSIFICATION_LABEL],
        float(columns[outputs.TARGET_MEAN][0]),
        float(columns[outputs.TARGET_SCALE][0]),
    )


def load_to_fit(
    train_files: Sequence[str], validation_files: Sequence[str], transform: tft.TFTransformOutput, label: str
) -> tuple[Dataset, Dataset]:
    """Reads the splits that a network is fitted on, without validation rows of a class that train does not have.

    Args:
        train_files: globs of the train split.
        validation_files: globs of the validation split.
        transform: the transform that wrote them.
        label: the class label's column, for the message.

    Raises:
        InputError: a class cannot be learnt from.
    """
    train = load(train_files, transform)
    if (train.classes < 0).any():
        raise InputError(
            f'The class label "{label}" must be text without line breaks, got a class with one. Rename the class.'
        )
    return train, load(validation_files, transform).with_known_class()


def class_names(transform: tft.TFTransformOutput) -> list[str]:
    """Returns the classes in the order of their index."""
    return [text.decode() for text in transform.vocabulary_by_name(outputs.CLASSES_VOCABULARY)]


def category_places(transform: tft.TFTransformOutput, train: Dataset) -> int:
    """Returns how many places the categories take: the vocabulary, and two more per column (`encode`)."""
    columns = train.features.get(outputs.CATEGORICAL)
    if columns is None:
        return 0
    return transform.vocabulary_size_by_name(outputs.CATEGORIES_VOCABULARY) + 2 * columns.shape[1]
