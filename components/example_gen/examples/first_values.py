"""The one value of each row: every column of examples holds lists, of which only those of vectors are longer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.shared.exact_numbers import companion, of_bits


def first_values(batch: pa.RecordBatch, column: str) -> Any:
    """Returns the first value of each row's list, an Arrow array [n] with null where the list is missing or empty.

    Args:
        batch: decoded examples.
        column: one of its columns.
    """
    lists: Any = batch.column(batch.schema.get_field_index(column))
    if pa.types.is_null(lists.type):  # no row has a value
        return lists
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return pc.list_element(pc.if_else(pc.greater(lengths, 0), lists, pa.scalar(None, lists.type)), 0)


def are_numbers(values: Any) -> bool:
    """Returns whether an Arrow array holds numbers, not text."""
    return bool(pa.types.is_floating(values.type) or pa.types.is_integer(values.type))


def as_floats(values: Any) -> np.ndarray:
    """Returns an Arrow array of numbers as float64 [n], NaN where null."""
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def first_numbers(batch: pa.RecordBatch, column: str) -> np.ndarray:
    """Returns the first number of each row, float64 [n], NaN where there is none.

    All 64 bits of it, where the batch has the column's companion, see `components.shared.exact_numbers`.

    Args:
        batch: decoded examples.
        column: one of its columns, of numbers.
    """
    values = as_floats(first_values(batch, column))
    if batch.schema.get_field_index(companion(column)) < 0:
        return values
    whole = first_values(batch, companion(column))
    exact = of_bits(pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(zero_copy_only=False))
    return np.where(whole.is_valid().to_numpy(zero_copy_only=False), exact, values)
