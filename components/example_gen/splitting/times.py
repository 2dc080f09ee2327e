"""The times of a split by time: how they are written, and where the cuts lie."""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.tseries.api import guess_datetime_format

from components.example_gen.cells import instants
from components.example_gen.cells.cells import Cells
from components.example_gen.labelled import LabelledBatch
from components.example_gen.splitting.first_times import FirstTimes
from components.example_gen.splitting.splits import mix, time_cuts
from components.example_gen.tables.dialect import Dialect
from components.shared.errors import InputError

SAMPLE = 200_000
_NUMBER, _ISO = "number", "ISO8601"
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_SHORT_YEAR = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2}( \d{1,2}:\d{2}(?::\d{2})?)?")


class TimeSample:
    """A bounded sample of a time column, and the way of writing that fits all its values.

    Up to 200,000 rows the sample is the whole column, so the cuts are exact.

    Args:
        column: the column's name, for messages.
    """

    def __init__(self, column: str):
        self.column = column
        self._styles: list[str] = []
        self._rows = 0
        self._text: pa.Array = pa.array([], pa.string())
        self._priority = np.array([], np.uint64)
        self._first: dict[str, FirstTimes] = {}

    def add(self, batch: LabelledBatch) -> None:
        """Takes in the rows of a batch.

        Raises:
            InputError: a time is missing or is written in another way than those before.
        """
        cells = batch.cells[self.column]
        if cells.missing.any():
            index = int(np.flatnonzero(cells.missing)[0])
            got = "one without end or beyond the years 1 to 9999" if cells.beyond else "none"
            raise InputError(
                f'The split column "{self.column}" must hold a time in every row, got {got} in '
                f"{batch.where(index)}. Fill it, or split by row."
            )
        text = cells.text() if not cells.is_vector else pa.array(["a list"] * len(cells))
        if not len(text):
            return
        self._styles = self._fitting(text, self._styles or _candidates(text[0].as_py()), batch)
        # Keeping the rows of the smallest hashes is a uniform sample that no batch size can change.
        numbers = np.arange(self._rows, self._rows + len(text), dtype=np.uint64)
        self._rows += len(text)
        self._text = pa.concat_arrays([self._text, text])
        self._priority = np.concatenate([self._priority, mix(numbers)])
        if len(self._text) > 2 * SAMPLE:
            self._shrink()

    def cuts(self, fractions: Sequence[float]) -> tuple[str, tuple[float, ...]]:
        """Returns the way the times are written, for `parse_times`, and the cuts between the splits."""
        if len(self._text) > SAMPLE:
            self._shrink()
        return self._styles[0], time_cuts(parse_times(self._text, self._styles[0]), fractions)

    @property
    def first(self) -> FirstTimes:
        """When something is seen first, in times as `cuts` gives them."""
        return self._first[self._styles[0]]

    @property
    def ambiguous(self) -> bool:
        """Whether day and month could be exchanged in every value; the month was taken to come first."""
        dates = [style for style in self._styles if style not in (_NUMBER, _ISO)]
        return len(dates) > 1 and dates == self._styles

    def _shrink(self) -> None:
        keep = np.sort(np.argpartition(self._priority, SAMPLE)[:SAMPLE])
        self._text, self._priority = self._text.take(pa.array(keep)), self._priority[keep]

    def _fitting(self, text: pa.Array, styles: Sequence[str], batch: LabelledBatch) -> list[str]:
        fitting, bad = [], 0
        for style in styles:
            times = parse_times(text, style)
            wrong = np.isnan(times)
            if wrong.any():
                bad = max(bad, int(np.flatnonzero(wrong)[0]))
            else:
                fitting.append(style)
                self._first.setdefault(style, FirstTimes()).add(batch, times)
        if not fitting:
            raise InputError(
                f'The split column "{self.column}" must hold ISO dates, epoch numbers or dates of one form, '
                f'got "{text[bad].as_py()}" in {batch.where(bad)}. Write all times alike.'
            )
        return fitting


def parse_times(text: pa.Array, style: str) -> np.ndarray:
    """Returns times as float64 `[n]` that order as the times do, NaN where the text is not of that style.

    Args:
        text: string `[n]`.
        style: `number`, `ISO8601` or a strptime format.
    """
    encoded = pc.dictionary_encode(text)
    unique = pd.Series(encoded.dictionary.to_pylist(), dtype=object)
    if style == _NUMBER:
        values = Cells(encoded.dictionary, Dialect(missing=())).numbers()
    elif style == _ISO:
        values = instants.order(encoded.dictionary)
        values[np.isnan(values)] = _parsed(unique[np.isnan(values)], style)
    else:
        values = _parsed(unique, style)
    return values[encoded.indices.to_numpy(zero_copy_only=False)]


def _parsed(texts: pd.Series, style: str) -> np.ndarray:
    """Returns microseconds since 1970, float64 `[n]`, NaN where a text is not of that style."""
    parsed = pd.DatetimeIndex(pd.to_datetime(texts, format=style, errors="coerce", utc=True))
    values = np.where(parsed.isna(), np.nan, parsed.asi8 / 1_000)
    if style != _ISO:  # pandas counts nanoseconds, and ends in 2262; Python knows the years 1 to 9999
        outside = np.flatnonzero(np.isnan(values))
        values[outside] = [_micros(text, style) for text in texts.iloc[outside]]
    return values


def _micros(text: str, style: str) -> float:
    try:
        time = datetime.datetime.strptime(text, style)
    except ValueError:
        return float("nan")
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.UTC)
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) / datetime.timedelta(microseconds=1)


def _candidates(first: str) -> list[str]:
    styles = _guesses(first)
    # pandas guesses no year outside of 1677 to 2262; 2000 is a leap year, so it stands for any.
    return styles if len(styles) > 2 else _guesses(_YEAR.sub("2000", first))


def _guesses(first: str) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # both orders of day and month are tried on purpose
        guesses = [guess_datetime_format(first), guess_datetime_format(first, dayfirst=True)]
    short = _SHORT_YEAR.fullmatch(first)
    if short:  # pandas does not guess years of two digits
        mark = short[1]
        clock = "" if short[2] is None else " %H:%M:%S" if short[2].count(":") == 2 else " %H:%M"
        guesses += [f"%m{mark}%d{mark}%y{clock}", f"%d{mark}%m{mark}%y{clock}"]
    return list(dict.fromkeys([_NUMBER, _ISO, *(guess for guess in guesses if guess)]))
