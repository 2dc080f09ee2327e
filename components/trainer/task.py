"""What there is to learn, as Transform left it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow_transform as tft

from components import outputs
from components.errors import InputError
from components.trainer.dataset import Dataset, load, weighted


@dataclass(frozen=True)
class Task:
    """The rows that a network is fitted on, and what their values stand for.

    Args:
        train: rows to learn from.
        validation: rows to stop by, and to choose by.
        classes: names of the K classes, by index.
        categories: number of places that `categorical` can point to.
    """

    train: Dataset
    validation: Dataset
    classes: Sequence[str]
    categories: int = 0


def load_task(
    transform: tft.TFTransformOutput,
    train_files: Sequence[str],
    validation_files: Sequence[str],
    *,
    label: str,
    memory_mb: int,
) -> Task:
    """Reads both splits, weighted; validation rows of a class that train lacks count for their number alone.

    Args:
        transform: the transform that wrote them.
        train_files: globs of the train split.
        validation_files: globs of the validation split.
        label: the class label's column, for the message.
        memory_mb: MiB of the features of train that are kept in memory; larger ones are memory-mapped.

    Raises:
        InputError: a class cannot be learnt from, or a head has no row that counts.
    """
    train = load(train_files, transform, memory_mb << 20)
    if (train.classes < 0).any():
        raise InputError(
            f'The class label "{label}" must be text without line breaks, got a class with one. Rename the class.'
        )
    train, validation = weighted(train, load(validation_files, transform).with_known_class())
    classes = [text.decode() for text in transform.vocabulary_by_name(outputs.CLASSES_VOCABULARY)]
    return Task(train, validation, classes, _places(transform, train))


def _places(transform: tft.TFTransformOutput, train: Dataset) -> int:
    """Returns how many places the categories take: the vocabulary, and two more per column (`encode`)."""
    columns = train.features.get(outputs.CATEGORICAL)
    if columns is None:
        return 0
    return transform.vocabulary_size_by_name(outputs.CATEGORIES_VOCABULARY) + 2 * columns.shape[1]
