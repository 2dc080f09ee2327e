"""Columns of storage that only some programs write, as the plain types that the cells are told from."""

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.shared.errors import InputError

_UUID = "arrow.uuid"


class Meant(enum.StrEnum):
    """What the values of a column stand for, where its Arrow type does not say it but the file does.

    `UUID`: 16 bytes. `INTERVAL`: Parquet's 12 bytes of months, days and milliseconds, as DuckDB writes them.
    `MICROSECONDS`: whole numbers that are an interval of Spark's from days to seconds.
    """

    UUID = "UUID"
    INTERVAL = "INTERVAL"
    MICROSECONDS = "MICROSECONDS"


def plain_batch(
    data: pa.RecordBatch, path: str, first_row: int, meant: Mapping[str, Meant] | None = None
) -> pa.RecordBatch:
    """Returns rows with plain columns.

    Args:
        data: the rows.
        path: the file they are from.
        first_row: how many of its rows come before them.
        meant: column → what its values stand for, of those whose type does not say it.

    Raises:
        InputError: a text is not UTF-8, or an interval has months, which have no length.
        pyarrow.ArrowInvalid: the buffers of a column do not fit together.
    """
    columns = list(data.columns)
    for position, (name, column) in enumerate(zip(data.schema.names, columns, strict=True)):
        row = _bad_text(column)
        if row is not None:
            raise InputError(
                f'Text must be UTF-8, got other bytes in row {first_row + row + 1} of "{Path(path).name}", column '
                f'"{name}". Write the column as UTF-8, or list it under data.ignore.'
            )
        stands_for = (meant or {}).get(name)
        if stands_for == Meant.INTERVAL:
            columns[position] = _intervals(column, path, first_row, name)
        elif stands_for == Meant.MICROSECONDS:
            columns[position] = column.cast(pa.duration("us"))
        elif not _is_plain(column.type):
            columns[position] = plain(column, is_uuid=stands_for == Meant.UUID)
    return pa.RecordBatch.from_arrays(columns, names=data.schema.names)


def plain(column: pa.Array, *, is_uuid: bool = False) -> pa.Array:
    """Returns a column without extension types, views and run ends; bytes that are text become text.

    Bytes that are no text, structs, maps and tensors of more than one dimension stay as they are: whoever wants such a
    column refuses it by its type.

    Args:
        column: a column of one batch.
        is_uuid: whether bytes of 16 are UUIDs.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        if isinstance(kind, pa.Bool8Type):
            return column.storage.cast(pa.bool_())
        if isinstance(kind, pa.FixedShapeTensorType) and len(kind.shape) != 1:
            return column
        return plain(column.storage, is_uuid=kind.extension_name == _UUID)
    if pa.types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(column))
    if pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type):
        return plain(column.dictionary_decode())
    if pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return _as_list(column)
    if pa.types.is_fixed_size_binary(kind) and kind.byte_width == 16 and is_uuid:
        return pa.array(
            [None if cell is None else str(uuid.UUID(bytes=cell)) for cell in column.to_pylist()], pa.string()
        )
    if _is_bytes(kind):
        return _as_text(column)
    return column


def _intervals(column: pa.Array, path: str, first_row: int, name: str) -> pa.Array:
    """Returns Parquet's intervals as durations."""
    cells = np.frombuffer(column.buffers()[1], "<u4").reshape(-1, 3)[column.offset : column.offset + len(column)]
    months, days, milliseconds = cells.astype(np.int64).T
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    if (months[valid] != 0).any():
        row = int(np.flatnonzero(valid & (months != 0))[0])
        raise InputError(
            "An interval must be of days and less to be a number of seconds, got months in row "
            f"{first_row + row + 1} of "
            f'"{Path(path).name}", column "{name}". Write it as a number, or list it under data.ignore.'
        )
    return pa.array(days * 86_400_000 + milliseconds, pa.duration("ms"), mask=~valid)


def _is_plain(kind: pa.DataType) -> bool:
    """Returns whether `plain` leaves columns of a type as they are."""
    return not (
        isinstance(kind, pa.BaseExtensionType)
        or pa.types.is_run_end_encoded(kind)
        or (pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type))
        or pa.types.is_string_view(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
        or _is_bytes(kind)
    )


def _bad_text(column: pa.Array) -> int | None:
    """Returns the position of the first cell of a text column whose bytes are not UTF-8, None where all are."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return None if _bad_text(column.dictionary) is None else _bad_text(column.cast(kind.value_type))
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return None
    try:
        column.validate(full=True)
    except pa.ArrowInvalid as error:
        found = re.search(r"Invalid UTF8 sequence at string index (\d+)", str(error))
        if found is None:
            raise  # its buffers do not fit together
        return int(found[1])
    return None


def _is_bytes(kind: pa.DataType) -> bool:
    return (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _as_text(column: pa.Array) -> pa.Array:
    """Returns bytes as text where all of them are UTF-8 without control characters, else as they are."""
    try:
        text = (column if pa.types.is_binary_view(column.type) else column.cast(pa.binary())).cast(pa.string())
    except pa.ArrowInvalid:
        return column
    # What is no text can be valid UTF-8 by chance: numbers of 16 bytes are mostly zeros.
    return column if pc.any(pc.match_substring_regex(text, r"[\x00-\x08]")).as_py() else text


def _as_list(column: pa.Array) -> pa.ListArray:
    """Returns views on lists as lists; Arrow's own cast gives lists that are not valid."""
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    ends = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths.cast(pa.int64()))])
    offsets = pc.if_else(
        pa.concat_arrays([column.is_valid(), pa.array([True])]), ends.cast(pa.int32()), pa.scalar(None, pa.int32())
    )
    return pa.ListArray.from_arrays(offsets, column.flatten())
