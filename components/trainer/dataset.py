"""Transformed examples by column: what the network is fitted on and asked.

A split that is larger than its budget is memory-mapped, labels, masks, weights and all, and so is whatever is made of
its rows here: nothing of its length is held.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.shared import tensor_names
from components.shared.errors import InputError
from components.shared.exact_numbers import of_bits
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.mapped_arrays import blocks, count, derived, is_mapped, mean, selected
from components.shared.splits import TRAIN, VALIDATION
from components.trainer.ordered_rows import read_ordered
from components.transform.tensor_files import SUFFIX, read_tensors

BATCH = 4096
"""Rows that a network answers at a time."""
_FEATURES = (tensor_names.NUMERIC, tensor_names.MISSING, tensor_names.CATEGORICAL)
_CONSTANTS = (tensor_names.TARGET_MEAN, tensor_names.TARGET_SCALE)
_LEFT_OUT = (*_CONSTANTS, tensor_names.FINGERPRINT)
_PRESENT = {REGRESSION: tensor_names.REGRESSION_PRESENT, CLASSIFICATION: tensor_names.CLASSIFICATION_PRESENT}


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

    @property
    def mapped(self) -> bool:
        """Whether files hold the rows."""
        return is_mapped(self.target)

    def with_known_class(self) -> Dataset:
        """Returns the rows, those whose class train lacks as rows without one: they keep their number."""

        def known(classes: np.ndarray, has_class: np.ndarray) -> dict[str, np.ndarray]:
            return {"classes": np.where(classes >= 0, classes, 0), CLASSIFICATION: has_class & (classes >= 0)}

        if all((self.classes[block] >= 0).all() for block in blocks(self.classes)):
            return self
        found = derived(known, self.classes, self.has(CLASSIFICATION))
        present = {REGRESSION: self.has(REGRESSION), CLASSIFICATION: found[CLASSIFICATION]}
        return replace(self, classes=found["classes"], present=present)

    def take(self, chosen: np.ndarray | slice) -> Dataset:
        """Returns some rows: by a slice a view of them, by a mask or indices a copy in memory."""
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
        """Returns which rows have the label of an output, bool [n], not to be written to."""
        return np.broadcast_to(np.True_, len(self)) if self.present is None else self.present[output]

    def labelled(self, output: str) -> np.ndarray:
        """Returns an output's labels of the rows that have one: float64 in the user's units, or int64 class indices."""
        labels = self.regression if output == REGRESSION else self.classes
        return labels if self.present is None else selected(labels, self.present[output])

    def masked(self) -> Dataset:
        """Returns the rows as an evaluation counts them: weight 1 where they have a head's label, else 0."""
        floats = self.present and {
            head: derived(lambda rows: {"": rows.astype(np.float32)}, rows)[""] for head, rows in self.present.items()
        }
        return replace(self, weights=floats)

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
    raw = [{head: _raw_weights(split, head) for head in heads} for split in (train, validation)]
    for split, weights in zip((TRAIN, VALIDATION), raw, strict=True):
        for head, values in weights.items():
            if not any(values[block].any() for block in blocks(values)):
                raise InputError(
                    f"The {split} split must have a row that {head} can be fitted by, got none. "
                    "Add rows with its label, or correct labels.weight."
                )
    means = {head: mean(values) for head, values in raw[0].items()}
    scaled = [{head: _scaled(weights[head], means[head]) for head in heads} for weights in raw]
    if all((values[block] == 1).all() for weights in scaled for values in weights.values() for block in blocks(values)):
        return train, validation
    return replace(train, weights=scaled[0]), replace(validation, weights=scaled[1])


def _raw_weights(split: Dataset, head: str) -> np.ndarray:
    """Returns what its rows count by in a head before they are scaled, float32 [n]."""
    has = split.has(head)
    weights = np.broadcast_to(np.float32(1), len(split)) if split.row_weights is None else split.row_weights
    return derived(lambda has, weights: {"": has * weights}, has, weights)[""]


def _scaled(weights: np.ndarray, average: float) -> np.ndarray:
    """Returns float32 [n], divided in float64."""
    return derived(lambda rows: {"": (rows / np.float64(average)).astype(np.float32)}, weights)[""]


def load(patterns: Sequence[str], budget: float = math.inf) -> Dataset:
    """Reads one split of transformed examples, see `components.transform.tensor_files`, in the order of `ordered_rows`.

    Args:
        patterns: globs of its files.
        budget: bytes that are kept in memory; a split that needs more is memory-mapped.

    Raises:
        InputError: the folder of temporary files has no room for it.
    """
    found = itertools.chain.from_iterable(map(tf.io.gfile.glob, patterns))
    files = sorted(file for file in found if file.endswith(SUFFIX))
    columns = read_ordered(files, _kept, budget)
    present = {head: columns[name] for head, name in _PRESENT.items()}
    constants = next(itertools.chain.from_iterable(read_tensors(file, _CONSTANTS) for file in files))
    mean, scale = (float(of_bits(constants[name][:1])[0]) for name in _CONSTANTS)
    return Dataset(
        {name: columns[name] for name in _FEATURES if name in columns},
        columns[tensor_names.REGRESSION_LABEL],
        columns[tensor_names.REGRESSION_TARGET],
        columns[tensor_names.CLASSIFICATION_LABEL],
        mean,
        scale,
        present=None if all(count(rows) == len(rows) for rows in present.values()) else present,
        row_weights=columns.get(tensor_names.WEIGHT),
    )


def _kept(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the tensors of a batch as a `Dataset` has them."""
    found = {name: values for name, values in batch.items() if name not in _LEFT_OUT}
    found |= {name: batch[name] > 0 for name in _PRESENT.values()}
    return found | {tensor_names.REGRESSION_LABEL: of_bits(batch[tensor_names.REGRESSION_LABEL])}


def predict(network: keras.Model, rows: Dataset) -> dict[str, np.ndarray]:
    """Returns what a fitted network answers, in the user's units.

    Args:
        network: a network with the two outputs, and perhaps the regression quantiles.
        rows: n rows.

    Returns:
        Output name -> probabilities float32 [n, K] of the classes; float64 [n, U] of the predicted value and the
        quantiles.
    """

    def in_units(features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        answers = network.predict(features, batch_size=BATCH, verbose=0)
        return {
            name: values if name == CLASSIFICATION else values.astype(np.float64) * rows.target_scale + rows.target_mean
            for name, values in answers.items()
        }

    return answered(in_units, rows)


def answered(ask: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]], rows: Dataset) -> dict[str, np.ndarray]:
    """Returns what is computed of each row's features: in memory, or mapped where the rows are.

    Args:
        ask: takes features [b, ...] by name; returns tensors [b, ...] by name.
        rows: n rows.

    Returns:
        Tensors [n, ...] by name.
    """
    names = list(rows.features)
    return derived(lambda *features: ask(dict(zip(names, features, strict=True))), *rows.features.values())
