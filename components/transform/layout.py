"""Where each column stands in the tensors that Transform writes: the one place that says in which order they come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from components.shared.exact_numbers import is_companion
from components.shared.tensor_names import CATEGORICAL, MISSING
from components.transform.words import missing_place


@dataclass(frozen=True)
class Layout:
    """The feature columns by where they stand; each group is ordered by name.

    Args:
        numbers: scalar columns of numbers, the first columns of `numeric` and `missing`.
        vectors: feature vectors, whose elements come after them.
        texts: the columns of `categorical`.
    """

    numbers: tuple[str, ...]
    vectors: tuple[str, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, columns: Mapping[str, Any], training_only: Collection[str | None]) -> Layout:
        """Returns the layout of some columns.

        Args:
            columns: raw column -> its tensor, or what the raw feature spec says of it; a scalar column is sparse.
            training_only: columns that are no features: the labels, the row weights.
        """
        names = sorted(name for name in columns if name not in training_only and not is_companion(name))
        scalars = [name for name in names if isinstance(columns[name], tf.SparseTensor | tf.io.VarLenFeature)]
        texts = tuple(name for name in scalars if columns[name].dtype == tf.string)
        numbers = tuple(name for name in scalars if name not in texts)
        return cls(numbers, tuple(name for name in names if name not in scalars), texts)

    @property
    def features(self) -> list[str]:
        """All of them, by name."""
        return sorted((*self.numbers, *self.vectors, *self.texts))

    def always_present(self, rows: Mapping[str, np.ndarray]) -> set[str]:
        """Returns the scalar columns that have a value in every row.

        Args:
            rows: `missing` float32 [n, N] and `categorical` int64 [n, C], as far as there are such columns.
        """
        numbers = {name for place, name in enumerate(self.numbers) if not rows[MISSING][:, place].any()}
        count = len(self.texts)
        return numbers | {
            name
            for place, name in enumerate(self.texts)
            if not (rows[CATEGORICAL][:, place] == missing_place(place, count)).any()
        }
