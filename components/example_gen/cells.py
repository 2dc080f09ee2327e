"""The cells of one column in one batch: which are missing, which are numbers, what they say as text.

CSV text and typed Parquet columns are read by the same rules, so the same data gives the same
features from either format. Parquet booleans, dates and times count as text, as in a CSV.
"""

from __future__ import annotations

import enum
import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.dialect import Dialect
from components.example_gen.splits import hash_text

_NUMBER = r"(?i)^[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)$"
_PADDED = r"^[+-]?0\d"


class Kind(enum.StrEnum):
    """What a column holds; a column of several batches has the widest kind of them all."""

    EMPTY = "EMPTY"
    INT = "INT"
    FLOAT = "FLOAT"
    BYTES = "BYTES"
    VECTOR = "VECTOR"

    def widest(self, other: Kind) -> Kind:
        """Returns the kind that holds the values of both (vectors and scalars do not mix)."""
        order = list(Kind)
        return max(self, other, key=order.index)


class NotNumericError(ValueError):
    """A cell that should be a number is not.

    Args:
        index: position of the first such cell in the batch.
        text: the cell.
    """

    def __init__(self, index: int, text: str):
        super().__init__(text)
        self.index = index
        self.text = text


class UnsupportedTypeError(ValueError):
    """A Parquet type that is neither a number, text, a boolean, a date nor a list of numbers."""


class Cells:
    """One column of one batch.

    Args:
        column: a CSV column (text) or a Parquet column of n rows.
        dialect: how the table is written, for its spellings of "no value".

    Raises:
        UnsupportedTypeError: the column's type cannot be a feature.
    """

    def __init__(self, column: pa.Array, dialect: Dialect):
        self._raw = _plain(column)
        self._spellings = pa.array(["", *(spelling.strip() for spelling in dialect.missing)], pa.string())

    def __len__(self) -> int:
        return len(self._raw)

    @functools.cached_property
    def is_vector(self) -> bool:
        """Whether the cells are lists of numbers."""
        return pa.types.is_list(self._raw.type)

    @functools.cached_property
    def missing(self) -> np.ndarray:
        """Which cells have no value, bool `[n]`: null, NaN, or text that spells "no value"."""
        if pa.types.is_string(self._raw.type):
            mask = pc.is_in(self._trimmed, value_set=self._spellings, skip_nulls=True)
            mask = pc.or_(mask, self._raw.is_null())
        else:
            mask = self._raw.is_null(nan_is_null=True)
        return mask.to_numpy(zero_copy_only=False)

    @functools.cached_property
    def kind(self) -> Kind:
        """The kind of the cells that are not missing.

        Text is INT where every cell is a 64-bit integer, FLOAT where every cell is a number, and BYTES
        else. Digits after a leading zero ("007") are an identifier, so BYTES.
        """
        if self.missing.all():
            return Kind.EMPTY
        if self.is_vector:
            return Kind.VECTOR
        kind = self.number_kind
        if kind is None or (
            pa.types.is_string(self._raw.type) and pc.any(pc.match_substring_regex(self._present, _PADDED)).as_py()
        ):
            return Kind.BYTES
        return kind

    @functools.cached_property
    def number_kind(self) -> Kind | None:
        """INT or FLOAT where every cell that is not missing is a number ("007" is 7), else None."""
        if self.is_vector or self._parsed is None:
            return None
        return Kind.INT if pa.types.is_int64(self._parsed.type) else Kind.FLOAT

    def floats(self) -> np.ndarray:
        """Returns float64 `[n]`, NaN where missing.

        Raises:
            NotNumericError: a cell is not a number.
        """
        if self._parsed is None:
            raise self._not_numeric()
        result = np.full(len(self), np.nan)
        result[~self.missing] = self._parsed.to_numpy(zero_copy_only=False)
        return result

    def numbers(self) -> np.ndarray:
        """Returns float64 `[n]`, NaN where missing or not a number."""
        if self._parsed is not None:
            return self.floats()
        result = np.full(len(self), np.nan)
        if not self.is_vector:
            number = pc.fill_null(pc.match_substring_regex(self._trimmed, _NUMBER), False)
            mask = number.to_numpy(zero_copy_only=False) & ~self.missing
            result[mask] = self._trimmed.filter(pa.array(mask)).cast(pa.float64()).to_numpy(zero_copy_only=False)
        return result

    def integers(self) -> np.ndarray:
        """Returns int64 `[n]`, 0 where missing; the kind must be INT or EMPTY."""
        result = np.zeros(len(self), np.int64)
        if self.kind != Kind.EMPTY:
            if self.number_kind != Kind.INT or self._parsed is None:
                raise TypeError(f"The cells must be integers, got {self.kind}.")
            result[~self.missing] = self._parsed.to_numpy(zero_copy_only=False)
        return result

    def text(self) -> pa.Array:
        """Returns string `[n]`, null where missing: CSV text as it stands, `1` for 1 and 1.0 in Parquet.

        Raises:
            UnsupportedTypeError: the cells are lists.
        """
        if self.is_vector:
            raise UnsupportedTypeError("lists of numbers")
        text = self._raw if pa.types.is_string(self._raw.type) else self._raw.cast(pa.string())
        return pc.if_else(pa.array(self.missing), pa.scalar(None, pa.string()), text)

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the lists' numbers, float64 `[sum of lengths]`, NaN for null, and int64 `[n]` lengths.

        A missing list has length -1 and no numbers.
        """
        lengths = pc.fill_null(pc.list_value_length(self._raw), -1).to_numpy(zero_copy_only=False)
        flat = self._raw.flatten().cast(pa.float64())
        return pc.fill_null(flat, float("nan")).to_numpy(zero_copy_only=False), lengths.astype(np.int64)

    def odd_values(self) -> tuple[int, dict[str, int]]:
        """Returns how many cells of a text column are numbers, and how often each other text occurs."""
        counts = pc.value_counts(self._present if pa.types.is_string(self._raw.type) else self.text().drop_null())
        values, repeats = counts.field("values"), counts.field("counts").to_numpy(zero_copy_only=False)
        number = pc.match_substring_regex(values, _NUMBER).to_numpy(zero_copy_only=False)
        odd = zip(values.filter(pa.array(~number)).to_pylist(), repeats[~number].tolist(), strict=True)
        return int(repeats[number].sum()), dict(odd)

    @functools.cached_property
    def _trimmed(self) -> pa.Array:
        return pc.utf8_trim_whitespace(self._raw)

    @functools.cached_property
    def _present(self) -> pa.Array:
        if not self.missing.any():
            return self._trimmed
        return self._trimmed.filter(pa.array(~self.missing))

    @functools.cached_property
    def _parsed(self) -> pa.Array | None:
        """int64 or float64 of the cells that are not missing; None if one of them is no number."""
        if not pa.types.is_string(self._raw.type):
            return None if self.is_vector else self._raw.filter(pa.array(~self.missing))
        present = self._present
        if not len(present):
            return present.cast(pa.float64())
        integers = _cast(present, pa.int64())
        # Arrow reads 0x1F as an integer; a table's author means text.
        if integers is not None and not pc.any(pc.match_substring(present, "x", ignore_case=True)).as_py():
            return integers
        return _cast(present, pa.float64())

    def _not_numeric(self) -> NotNumericError:
        if self.is_vector:
            return NotNumericError(int(np.flatnonzero(~self.missing)[0]), "a list")
        number = pc.match_substring_regex(self._trimmed, _NUMBER).to_numpy(zero_copy_only=False)
        index = int(np.flatnonzero(~self.missing & ~number.astype(bool))[0])
        return NotNumericError(index, self._raw[index].as_py())


def hash_strings(text: pa.Array, missing: np.ndarray) -> np.ndarray:
    """Returns the hash, uint64 `[n]`, of n texts."""
    text = pc.fill_null(text, "")
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1].astype(np.int64)
    return hash_text(np.frombuffer(data or b"", np.uint8), ends, missing)


def _cast(text: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Returns the texts as numbers, None if one is none."""
    try:
        # A cast that fails writes a message for every cell; a few cells tell most failures in advance.
        text[:16].cast(kind)
        return text.cast(kind)
    except pa.ArrowInvalid:
        return None


def _plain(column: pa.Array) -> pa.Array:
    """Returns the column as string, int64, float64 or list of float64."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        value = kind.value_type
        numeric = pa.types.is_integer(value) or pa.types.is_floating(value) or pa.types.is_decimal(value)
        if not numeric and not pa.types.is_null(value):
            raise UnsupportedTypeError(str(kind))
        return column.cast(pa.list_(pa.float64()))
    if pa.types.is_string(kind) or pa.types.is_int64(kind) or pa.types.is_float64(kind):
        return column
    if pa.types.is_uint64(kind) or pa.types.is_decimal(kind):
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            return column.cast(pa.float64(), safe=False)
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_float32(kind):
        # By way of text 0.1 stays 0.1, as in a CSV of the same table.
        return column.cast(pa.string()).cast(pa.float64())
    if pa.types.is_float16(kind):
        return column.cast(pa.float64())
    text = pa.types.is_large_string(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)
    if text or pa.types.is_temporal(kind):
        try:
            return column.cast(pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UnsupportedTypeError(str(kind)) from error
    raise UnsupportedTypeError(str(kind))
