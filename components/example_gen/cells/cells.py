"""The cells of one column in one batch: which are missing, which are numbers, what they say as text.

CSV text and typed Parquet columns are read by the same rules, so the same data gives the same features from either
format, in training, prediction, serving logs and checks. What only the whole column tells (see `forms`) is given.
"""

from __future__ import annotations

import enum
import functools
from collections import Counter
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells import booleans, durations, instants, number_text
from components.example_gen.cells.forms import PLAIN, Form, Meaning
from components.example_gen.cells.plain_types import UnsupportedTypeError, plain
from components.example_gen.tables.dialect import Dialect

__all__ = ["Cells", "Kind", "NotNumericError", "UnsupportedTypeError"]

_WIDE = 1e30  # of this size a number is a fill value, alike in 32 and in 64 bits
_NONE = pa.scalar(None, pa.string())


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


class Cells:
    """One column of one batch.

    Args:
        column: a CSV column (text) or a Parquet column of n rows.
        dialect: how the table is written, for its spellings of "no value" and its decimal mark.
        form: what the column's texts stand for.

    Raises:
        UnsupportedTypeError: the column's type cannot be a feature.
    """

    def __init__(self, column: pa.Array, dialect: Dialect, form: Form = PLAIN):
        self._plain = plain(column)
        self._raw = self._plain.values
        self.form = form
        self._decimal = dialect.decimal
        self._missing = dialect.missing
        self._spellings = _spellings_of(dialect.missing)

    def __len__(self) -> int:
        return len(self._raw)

    @functools.cached_property
    def is_vector(self) -> bool:
        """Whether the cells are lists of numbers."""
        return pa.types.is_list(self._raw.type)

    @property
    def is_seconds(self) -> bool:
        """Whether the cells are numbers because their type is one of durations or times of day."""
        return self._plain.seconds

    @functools.cached_property
    def missing(self) -> np.ndarray:
        """Which cells have no value, bool `[n]`: null, NaN, text that spells "no value", a date without end."""
        if not self._is_text:
            return self._raw.is_null(nan_is_null=True).to_numpy(zero_copy_only=False) | self._is_number_for_missing
        mask = pc.or_(pc.is_in(self._trimmed, value_set=self._spellings, skip_nulls=True), self._raw.is_null())
        mask = mask.to_numpy(zero_copy_only=False) | self._is_number_for_missing
        return mask | self._endless if self.form.meaning == Meaning.INSTANT else mask

    @property
    def _is_number_for_missing(self) -> np.ndarray:
        """Which cells are a number that spells "no value", bool `[n]`: `-9999.0` where `-9999` does, in any format."""
        fills = _numbers_of(self._missing)
        if not len(fills) or self.is_vector:
            return np.zeros(len(self), bool)
        values = self._raw
        if self._is_text:
            values = pc.if_else(pa.array(number_text.is_unpadded(self._pointed)), self._pointed, _NONE).cast(
                pa.float64()
            )
        found = pc.fill_null(values.cast(pa.float64(), safe=False), np.nan).to_numpy()
        with np.errstate(over="ignore"):  # fill values of rasters come with 8 or with 17 digits
            wide = np.isin(found.astype(np.float32), fills[np.abs(fills) > _WIDE].astype(np.float32))
        return np.isin(found, fills) | wide

    @property
    def beyond(self) -> int:
        """How many cells are missing because they hold a time beyond the years 1 to 9999."""
        typed = 0 if self._plain.beyond is None else int(self._plain.beyond.sum())
        return typed + (int(self._endless.sum()) if self.form.meaning == Meaning.INSTANT else 0)

    def spelled_missing(self) -> Counter[str]:
        """Returns how often each text that is not blank was taken for "no value"."""
        if not self._is_text or int(self.missing.sum()) == self._raw.null_count:
            return Counter()
        texts = self._trimmed.filter(pa.array(self.missing)).drop_null()
        counts = pc.value_counts(texts.filter(pc.is_in(texts, value_set=self._spellings)))
        pairs = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
        return Counter({text: count for text, count in pairs if text})

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
        if kind is None or (self._is_text and number_text.any_padded(self._present)):
            return Kind.BYTES
        return kind

    @functools.cached_property
    def number_kind(self) -> Kind | None:
        """INT or FLOAT where every cell that is not missing is a number ("007" is 7), else None."""
        if self.is_vector or self._parsed is None:
            return None
        return Kind.INT if pa.types.is_int64(self._parsed.type) else Kind.FLOAT

    def meanings(self, possible: Collection[Meaning]) -> set[Meaning]:
        """Returns which of these the present cells allow: `BOOLEAN`, `DURATION` or `INSTANT`.

        A number may stand beside the words of a boolean as 0 or 1; a column of numbers alone is none of these.
        """
        if self.is_vector:
            return set()
        if not self._is_text:
            values = self._parsed.to_numpy(zero_copy_only=False) if self._parsed is not None else np.zeros(0)
            bits = Meaning.BOOLEAN in possible and bool(np.isin(values, (0, 1)).all())
            return ({Meaning.BOOLEAN} if bits else set()) | ({Meaning.DURATION} if self._plain.seconds else set())
        tests = {
            Meaning.BOOLEAN: lambda texts: ~np.isnan(booleans.read(number_text.with_point(texts, self._decimal))),
            Meaning.DURATION: lambda texts: ~np.isnan(durations.read(texts)),
            Meaning.INSTANT: lambda texts: instants.is_instant(texts) | _is_endless(texts),
        }
        texts = self._present
        found = {one for one in possible if one in tests and tests[one](texts[:16]).all()}
        texts = texts.unique() if found else texts
        return {one for one in found if tests[one](texts).all()}

    def floats(self) -> np.ndarray:
        """Returns float64 `[n]`, NaN where missing; a duration is its seconds.

        Raises:
            NotNumericError: a cell is not a number.
        """
        wrong = ~self.readable & ~self.missing
        if wrong.any():
            index = int(np.flatnonzero(wrong)[0])
            raise NotNumericError(index, "a list" if self.is_vector else str(self._raw[index].as_py()))
        return self.numbers()

    def numbers(self) -> np.ndarray:
        """Returns float64 `[n]`, NaN where missing or not a number; a duration is its seconds."""
        return self._numbers[0].copy()

    @property
    def readable(self) -> np.ndarray:
        """Which cells that are not missing `numbers` can read, bool `[n]`."""
        return self._numbers[1]

    def integers(self) -> np.ndarray:
        """Returns int64 `[n]`, 0 where missing; every number must be whole.

        Raises:
            TypeError: a cell is no whole number of 64 bits.
        """
        result = np.zeros(len(self), np.int64)
        if self.missing.all():
            return result
        if self.number_kind == Kind.INT and self._parsed is not None:
            result[~self.missing] = self._parsed.to_numpy(zero_copy_only=False)
            return result
        values = self.numbers()
        if not is_whole(values[~self.missing]).all():
            raise TypeError(f"The cells must be integers, got {self.kind}.")
        result[~self.missing] = values[~self.missing].astype(np.int64)
        return result

    def large_integers(self) -> int:
        """Returns how many cells are written as integers that int64 cannot hold."""
        large = np.abs(self.numbers()) >= 2.0**63
        if not self._is_text:
            return 0 if self._plain.exact is None else int(large.sum())
        return int((large & number_text.filled(pc.match_substring_regex(self._trimmed, r"^[+-]?\d+$"))).sum())

    def text(self) -> pa.Array:
        """Returns string `[n]`, null where missing, without blanks at the ends.

        Instants have one text each, whole numbers of a typed column their digits; the form says the rest.

        Raises:
            UnsupportedTypeError: the cells are lists.
        """
        return self._text

    def truths(self) -> np.ndarray:
        """Returns 1.0 for true, 0.0 for false and NaN for any other cell, float64 `[n]`."""
        if self._is_text:
            return np.where(self.missing, np.nan, booleans.read(self._pointed))
        values = self.numbers()
        return np.where(np.isin(values, (0, 1)), values, np.nan)

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the lists' numbers, float64 `[sum of lengths]`, NaN for null, and int64 `[n]` lengths.

        A missing list has length -1 and no numbers.
        """
        lengths = pc.fill_null(pc.list_value_length(self._raw), -1).to_numpy(zero_copy_only=False)
        flat = pc.fill_null(self._raw.flatten(), float("nan")).to_numpy(zero_copy_only=False)
        return flat, lengths.astype(np.int64)

    def odd_values(self) -> tuple[int, pa.Array, np.ndarray]:
        """Returns how many cells of a text column are numbers, each other text once, and how often it occurs."""
        counts = pc.value_counts(self._present if self._is_text else self.text().drop_null())
        values, repeats = counts.field("values"), counts.field("counts").to_numpy(zero_copy_only=False)
        number = number_text.is_number(number_text.with_point(values, self._decimal))
        return int(repeats[number].sum()), values.filter(pa.array(~number)), repeats[~number]

    @property
    def _is_text(self) -> bool:
        return pa.types.is_string(self._raw.type)

    @functools.cached_property
    def _trimmed(self) -> pa.Array:
        return pc.utf8_trim_whitespace(self._raw)

    @functools.cached_property
    def _pointed(self) -> pa.Array:
        return number_text.with_point(self._trimmed, self._decimal)

    @functools.cached_property
    def _present(self) -> pa.Array:
        """The texts that are not missing."""
        if not self.missing.any():
            return self._trimmed
        return self._trimmed.filter(pa.array(~self.missing))

    @functools.cached_property
    def _endless(self) -> np.ndarray:
        return number_text.filled(pa.array(_is_endless(self._trimmed))) if self._is_text else np.zeros(len(self), bool)

    @functools.cached_property
    def _parsed(self) -> pa.Array | None:
        """int64 or float64 of the cells that are not missing; None if one of them is no number."""
        if not self._is_text:
            return None if self.is_vector else self._raw.filter(pa.array(~self.missing))
        return number_text.parse(number_text.with_point(self._present, self._decimal))

    @functools.cached_property
    def _numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """float64 `[n]` of the cells that can be read as numbers, NaN else, and which these are, bool `[n]`."""
        present = ~self.missing
        if self._parsed is not None and present.all():
            return self._parsed.to_numpy(zero_copy_only=False).astype(np.float64, copy=False), present
        values = np.full(len(self), np.nan)
        if self.is_vector:
            return values, np.zeros(len(self), bool)
        if self._parsed is not None:
            values[present] = self._parsed.to_numpy(zero_copy_only=False)
            return values, present
        number = number_text.is_number(self._pointed) & present
        values[number] = self._pointed.filter(pa.array(number)).cast(pa.float64()).to_numpy(zero_copy_only=False)
        other = present & ~number
        values[other] = self._other_numbers(self._trimmed.filter(pa.array(other)))
        return values, number | (other & ~np.isnan(values))

    def _other_numbers(self, texts: pa.Array) -> np.ndarray:
        seconds = durations.read(texts)
        if self.form.meaning not in (Meaning.BIT, Meaning.BOOLEAN):
            return seconds
        bits = booleans.read(texts)
        return np.where(np.isnan(bits), seconds, bits)

    @functools.cached_property
    def _text(self) -> pa.Array:
        if self.is_vector:
            raise UnsupportedTypeError("lists of numbers")
        text = self._trimmed if self._is_text else self._written()
        match self.form.meaning:
            case Meaning.BOOLEAN:
                values = self.truths()
                words = pc.if_else(pa.array(values == 1), booleans.TRUE, booleans.FALSE)
                text = words if not np.isnan(values).any() else pc.if_else(pa.array(np.isnan(values)), text, words)
            case Meaning.NUMBERS | Meaning.DURATION if self._is_text:
                pointed = number_text.whole(self._pointed)
                number = number_text.is_number(pointed)
                text = pc.if_else(pa.array(number), pointed, text if number.all() else _as_seconds(text))
            case _ if self._is_text:
                text = instants.canonical(text)
        if self.form.spelled:
            text = _translated(text, self.form.spelled)
        return pc.if_else(pa.array(self.missing), _NONE, text) if self.missing.any() else text

    def _written(self) -> pa.Array:
        exact = self._plain.exact
        return number_text.text_of(self._raw) if exact is None else number_text.whole(exact.cast(pa.string()))


def is_whole(values: np.ndarray) -> np.ndarray:
    """Returns which float64 `[n]` are whole numbers that an int64 holds, bool `[n]`."""
    return (values == np.rint(values)) & (np.abs(values) < 2.0**63)


@functools.cache
def _spellings_of(missing: tuple[str, ...]) -> pa.Array:
    """Returns the texts without a value, string."""
    return pa.array(["", *(spelling.strip() for spelling in missing)], pa.string())


@functools.cache
def _numbers_of(spellings: tuple[str, ...]) -> np.ndarray:
    """Returns the numbers among some texts, float64."""
    texts = pc.utf8_trim_whitespace(pa.array(spellings, pa.string()))
    values = texts.filter(pa.array(number_text.is_unpadded(texts))).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.unique(values[np.isfinite(values)])


def _is_endless(text: pa.Array) -> np.ndarray:
    known = pa.array(instants.ENDLESS, pa.string())
    return pc.is_in(pc.utf8_lower(text), value_set=known).to_numpy(zero_copy_only=False)


def _as_seconds(text: pa.Array) -> pa.Array:
    """Returns texts with the durations among them as the text of their seconds."""
    seconds = durations.read(text)
    return pc.if_else(pa.array(np.isnan(seconds)), text, number_text.text_of(pa.array(seconds)))


def _translated(text: pa.Array, spelled: Collection[tuple[str, str]]) -> pa.Array:
    places = pc.index_in(text, value_set=pa.array([canonical for canonical, _ in spelled], pa.string()))
    return pc.coalesce(pa.array([known for _, known in spelled], pa.string()).take(places), text)
