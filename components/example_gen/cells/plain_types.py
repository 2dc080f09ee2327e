"""Columns of any type as the four that cells are read from: text, int64, float64 and lists of float64."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells import durations, instants


class UnsupportedTypeError(ValueError):
    """A Parquet type that is neither a number, text, a boolean, a date, a time nor a list of numbers."""


@dataclasses.dataclass(frozen=True)
class Plain:
    """A column in one of four types.

    Args:
        values: string, int64, float64 or list of float64 `[n]`.
        exact: the column itself where float64 may not hold all its digits.
        beyond: which cells hold a time beyond the years 1 to 9999, bool `[n]`; they are null in the values.
        seconds: whether the numbers were durations or times of day.
    """

    values: pa.Array
    exact: pa.Array | None = None
    beyond: np.ndarray | None = None
    seconds: bool = False


def plain(column: pa.Array) -> Plain:
    """Returns a column as its cells are read.

    Raises:
        UnsupportedTypeError: the column's type cannot be a feature.
    """
    kind = column.type
    try:
        if pa.types.is_dictionary(kind):
            return plain(column.dictionary_decode())
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            text, beyond = instants.from_arrow(column)
            return Plain(text, beyond=beyond if beyond.any() else None)
        if pa.types.is_duration(kind) or pa.types.is_time(kind):
            return Plain(durations.from_arrow(column), seconds=True)
        if pa.types.is_uint64(kind) or pa.types.is_decimal(kind):
            return _exact(column)
        return Plain(_values(column))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UnsupportedTypeError(str(kind)) from error


def _exact(column: pa.Array) -> Plain:
    """Returns numbers of types that hold more digits than int64 or float64."""
    try:
        return Plain(column.cast(pa.int64()), exact=column)
    except pa.ArrowInvalid:
        # By way of text, because Arrow's own way from decimals is off in the last digit.
        return Plain(column.cast(pa.string()).cast(pa.float64()), exact=column)


def _values(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        value = kind.value_type
        if pa.types.is_decimal(value):
            return column.cast(pa.list_(pa.string())).cast(pa.list_(pa.float64()))
        if not pa.types.is_integer(value) and not pa.types.is_floating(value) and not pa.types.is_null(value):
            raise UnsupportedTypeError(str(kind))
        return pc.cast(column, pa.list_(pa.float64()), safe=False)
    if pa.types.is_string(kind) or pa.types.is_int64(kind) or pa.types.is_float64(kind):
        return column
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_float32(kind):
        # By way of text 0.1 stays 0.1, as in a CSV of the same table.
        return column.cast(pa.string()).cast(pa.float64())
    if pa.types.is_float16(kind):
        return column.cast(pa.float64())
    if pa.types.is_large_string(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    raise UnsupportedTypeError(str(kind))
