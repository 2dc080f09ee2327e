"""The same rows as each signature takes them: serialized tf.Examples, and one array per raw column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.model_format.manifest import InputColumn
from components.shared.exact_numbers import companion, of_bits

_TOO_LARGE = 2.0**63  # the least float64 that no int64 reaches


@dataclass(frozen=True)
class Request:
    """Rows to ask a model for.

    Args:
        examples: one serialized tf.Example per row, for `serving_default`.
        columns: argument of `predict` -> values [n]: text with b"" for missing, or numbers with NaN for missing; or
            vectors [n, k].
    """

    examples: list[bytes]
    columns: dict[str, np.ndarray]

    def first(self) -> dict[str, np.ndarray]:
        """Returns the first row of the columns."""
        return {name: values[:1] for name, values in self.columns.items()}


def request_of(examples: Sequence[bytes], columns: Sequence[InputColumn], types: Mapping[str, Any]) -> Request:
    """Returns rows as both signatures take them.

    A tf.Example holds whole numbers of 64 bits, a column of `predict` float64: a number that the latter rounds is
    rounded in the Example too, and one that it rounds to more than 64 bits is missing in both.

    Args:
        examples: serialized tf.Examples, as the ingest wrote them.
        columns: the raw columns that the model reads.
        types: argument of `predict` -> NumPy's type of its values.
    """
    from tensorflow import train

    rows = [train.Example.FromString(example) for example in examples]
    whole = [column.name for column in columns if column.kind == "INT"]
    asked = [
        row.SerializeToString() if _round(row.features.feature, whole) else example
        for row, example in zip(rows, examples, strict=True)
    ]
    features = [row.features.feature for row in rows]
    return Request(asked, {column.input: _array(features, column, types[column.input]) for column in columns})


def _round(features: Any, names: Sequence[str]) -> bool:
    """Rounds whole numbers of a row to float64, in place; returns whether that changed any."""
    changed = False
    for name in names:
        values = _values(features, name)
        rounded = [int(float(value)) for value in values if abs(float(value)) < _TOO_LARGE]
        if rounded != values:
            changed = True
            features[name].Clear()  # a missing value has no list, not an empty one
            if rounded:
                features[name].int64_list.value.extend(rounded)
    return changed


def _array(rows: Sequence[Any], column: InputColumn, dtype: Any) -> np.ndarray:
    """Returns a column of all rows, [n] or [n, length]."""
    if column.kind == "BYTES":
        return np.array([(_values(row, column.name) or [b""])[0] for row in rows], dtype=object)
    if column.kind == "VECTOR":
        blank = [math.nan] * column.length
        return np.array([_values(row, column.name) or blank for row in rows], dtype=dtype)
    return np.array([_number(row, column.name) for row in rows], dtype=np.float64).astype(dtype)


def _number(features: Any, name: str) -> float:
    """Returns a number with all the digits that the row has of it, NaN where it is missing."""
    if exact := _values(features, companion(name)):
        return float(of_bits(np.array(exact))[0])
    return float((_values(features, name) or [math.nan])[0])


def _values(features: Any, name: str) -> list[Any]:
    kind = features[name].WhichOneof("kind") if name in features else None
    return list(getattr(features[name], kind).value) if kind else []
