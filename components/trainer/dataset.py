"""Transformed examples by column: what the network is fitted on and asked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.shared import tensor_names
from components.shared.column_buffer import ColumnBuffer
from components.shared.errors import InputError
from components.shared.exact_numbers import of_bits
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.splits import TRAIN, VALIDATION
from components.transform.tensor_files import SUFFIX, read_tensors

BATCH = 4096
"""Rows that a network answers at a time."""
_FEATURES = (tensor_names.NUMERIC, tensor_names.MISSING, tensor_names.CATEGORICAL)


@dataclass(frozen=True)
class Dataset:
    """One split, column-wise; n rows.

    Args:
        features: `numeric`, `missing` float32 [n, N] and `categorical` int64 [n, C]; absent groups are left out.
        regression: labels in the user's units, float64 [n]; means nothing where missing.
        target: standardised labels, float32 [n]; 0 where missing.
        classes: class index, int64 [n]; -1 for a class the train split does not have, 0 where missing.
        target_mean: mean of the train labels.
        target_scale: standard deviation of the train labels.
        weights: output name -> weight of each row in that head's loss, float32 [n], 0 where the label is missing; None
            where all are 1. `weighted` makes them.
        present: output name -> which rows have its label, bool [n]; None where all rows have both.
        row_weights: the weight that each row was given, float32 [n]; None where all count alike.
    """

    features: dict[str, np.ndarray]
    regression: np.ndarray
    target: np.ndarray
    classes: np.ndarray
    target_mean: float
    target_scale: float
    weights: dict[str, np.ndarray] | None = None
    present: dict[str, np.ndarray] | None = None
    row_weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.target)

    def with_known_class(self) -> Dataset:
        """Returns the rows, those whose class train lacks as rows without one: they keep their number."""
        known = self.classes >= 0
        if known.all():
            return self
        present = {head: self.has(head) for head in (REGRESSION, CLASSIFICATION)}
        present[CLASSIFICATION] = present[CLASSIFICATION] & known
        return replace(self, classes=np.where(known, self.classes, 0), present=present)

    def take(self, chosen: np.ndarray | slice) -> Dataset:
        """Returns some rows, by a slice, a mask or indices."""
        return replace(
            self,
            features={name: values[chosen] for name, values in self.features.items()},
            regression=self.regression[chosen],
            target=self.target[chosen],
            classes=self.classes[chosen],
            present=self.present and {head: values[chosen] for head, values in self.present.items()},
            row_weights=None if self.row_weights is None else self.row_weights[chosen],
            weights=self.weights and {head: values[chosen] for head, values in self.weights.items()},
        )

    def has(self, output: str) -> np.ndarray:
        """Returns which rows have the label of an output, bool [n]."""
        return np.ones(len(self), bool) if self.present is None else self.present[output]

    def masked(self) -> Dataset:
        """Returns the rows as an evaluation counts them: weight 1 where they have a head's label, else 0."""
        masks = self.present and {head: rows.astype(np.float32) for head, rows in self.present.items()}
        return replace(self, weights=masks)

    def labels(self) -> dict[str, np.ndarray]:
        """Returns the labels by output name, as the losses want them."""
        return {REGRESSION: self.target[:, None], CLASSIFICATION: self.classes}

    def arrays(self, heads: Collection[str]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], Any]:
        """Returns what Keras calls x, y and sample weight, the latter two of some heads, by output name."""
        labels = {head: values for head, values in self.labels().items() if head in heads}
        return self.features, labels, self.weights and {head: self.weights[head] for head in labels}


def weighted(train: Dataset, validation: Dataset) -> tuple[Dataset, Dataset]:
    """Returns both splits with the weights of their rows in the loss of each head.

    A weight is that of the row where it has the label, else 0, over the mean of this in train. So the weights of the
    train rows are 1 on average in either head, and a head with few labels counts as much as one with many.

    Args:
        train: rows to learn from.
        validation: rows whose loss decides when to stop; they get the constants of train.

    Returns:
        Train and validation; without weights where all of them are 1 in both.

    Raises:
        InputError: no row of a split has a label and a weight above 0.
    """
    heads = (REGRESSION, CLASSIFICATION)
    raw = [{head: split.has(head) * _row_weights(split) for head in heads} for split in (train, validation)]
    for split, weights in zip((TRAIN, VALIDATION), raw, strict=True):
        for head, values in weights.items():
            if not values.any():
                raise InputError(
                    f"The {split} split must have a row that {head} can be fitted by, got none. "
                    "Add rows with its label, or correct labels.weight."
                )
    means = {head: values.mean(dtype=np.float64) for head, values in raw[0].items()}
    scaled = [{head: (weights[head] / means[head]).astype(np.float32) for head in heads} for weights in raw]
    if all((values == 1).all() for weights in scaled for values in weights.values()):
        return train, validation
    return replace(train, weights=scaled[0]), replace(validation, weights=scaled[1])


def _row_weights(split: Dataset) -> np.ndarray:
    """Returns float64 [n]."""
    return np.ones(len(split)) if split.row_weights is None else split.row_weights.astype(np.float64)


def load(patterns: Sequence[str], budget: float = math.inf) -> Dataset:
    """Reads one split of transformed examples, see `components.transform.tensor_files`.

    Args:
        patterns: globs of its files.
        budget: bytes of features that are kept in memory, see `ColumnBuffer`. Labels are in memory always.
    """
    features, rest = ColumnBuffer(budget), ColumnBuffer()
    found = itertools.chain.from_iterable(map(tf.io.gfile.glob, patterns))
    files = sorted(file for file in found if file.endswith(SUFFIX))
    for batch in itertools.chain.from_iterable(map(read_tensors, files)):
        features.add({name: values for name, values in batch.items() if name in _FEATURES})
        rest.add({name: values for name, values in batch.items() if name not in _FEATURES})
    columns = rest.arrays()
    present = {
        REGRESSION: columns[tensor_names.REGRESSION_PRESENT] > 0,
        CLASSIFICATION: columns[tensor_names.CLASSIFICATION_PRESENT] > 0,
    }
    return Dataset(
        features.arrays(),
        of_bits(columns[tensor_names.REGRESSION_LABEL]),
        columns[tensor_names.REGRESSION_TARGET],
        columns[tensor_names.CLASSIFICATION_LABEL],
        float(of_bits(columns[tensor_names.TARGET_MEAN][:1])[0]),
        float(of_bits(columns[tensor_names.TARGET_SCALE][:1])[0]),
        present=None if all(rows.all() for rows in present.values()) else present,
        row_weights=columns.get(tensor_names.WEIGHT),
    )


def predict(network: keras.Model, rows: Dataset) -> dict[str, np.ndarray]:
    """Returns what a fitted network answers, in the user's units.

    Args:
        network: a network with the two outputs, and perhaps the regression quantiles.
        rows: n rows.

    Returns:
        Output name -> probabilities float32 [n, K] of the classes; float64 [n, U] of the predicted value and the
        quantiles.
    """
    answers = network.predict(rows.features, batch_size=BATCH, verbose=0)
    return {
        name: values if name == CLASSIFICATION else values.astype(np.float64) * rows.target_scale + rows.target_mean
        for name, values in answers.items()
    }
