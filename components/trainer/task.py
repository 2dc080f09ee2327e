"""What there is to learn, as Transform left it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow_transform as tft

from components.shared import tensor_names
from components.trainer.dataset import Dataset, load, weighted
from components.transform.words import owners, read_words


@dataclass(frozen=True)
class Task:
    """The rows that a network is fitted on, and what their values stand for.

    Args:
        train: rows to learn from.
        validation: rows to stop by, and to choose by.
        classes: names of the K classes, by index.
        owners: the text column of each entry of the vocabulary that `categorical` holds indices into.
    """

    train: Dataset
    validation: Dataset
    classes: Sequence[str]
    owners: Sequence[int] = ()


def load_task(
    transform: tft.TFTransformOutput,
    train_files: Sequence[str],
    validation_files: Sequence[str],
    *,
    memory_mb: int,
) -> Task:
    """Reads both splits, weighted; validation rows of a class that train lacks count for their number alone.

    Args:
        transform: the transform that wrote them.
        train_files: globs of the train split.
        validation_files: globs of the validation split.
        memory_mb: MiB of each split that are kept in memory; a larger one is memory-mapped.

    Raises:
        InputError: a head has no row that counts, or the folder of temporary files no room for the rows.
    """
    budget = memory_mb << 20
    train, validation = weighted(load(train_files, budget), load(validation_files, budget).with_known_class())
    classes = [word.text.decode() for word in read_words(transform, tensor_names.CLASSES_VOCABULARY)]
    return Task(train, validation, classes, _owners(transform, train))


def _owners(transform: tft.TFTransformOutput, train: Dataset) -> list[int]:
    columns = train.features.get(tensor_names.CATEGORICAL)
    if columns is None:
        return []
    return owners(read_words(transform, tensor_names.CATEGORIES_VOCABULARY), columns.shape[1])
