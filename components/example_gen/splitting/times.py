"""How times are written, and when they are."""

from __future__ import annotations

import datetime
import re
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.tseries.api import guess_datetime_format

from components.example_gen.cells import instants
from components.example_gen.cells.cells import Cells
from components.example_gen.tables.dialect import Dialect

NUMBER, ISO = "number", "ISO8601"
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_SHORT_YEAR = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2}( \d{1,2}:\d{2}(?::\d{2})?)?")


def parse_times(text: pa.Array, style: str) -> np.ndarray:
    """Returns times as float64 `[n]` that order as the times do, NaN where the text is not of that style.

    Args:
        text: string `[n]`.
        style: `number`, `ISO8601` or a strptime format.
    """
    encoded = pc.dictionary_encode(text)
    unique = pd.Series(encoded.dictionary.to_pylist(), dtype=object)
    if style == NUMBER:
        values = Cells(encoded.dictionary, Dialect(missing=())).numbers()
    elif style == ISO:
        values = instants.order(encoded.dictionary)
        values[np.isnan(values)] = _parsed(unique[np.isnan(values)], style)
    else:
        values = _parsed(unique, style)
    return values[encoded.indices.to_numpy(zero_copy_only=False)]


def _parsed(texts: pd.Series, style: str) -> np.ndarray:
    """Returns microseconds since 1970, float64 `[n]`, NaN where a text is not of that style."""
    parsed = pd.DatetimeIndex(pd.to_datetime(texts, format=style, errors="coerce", utc=True))
    values = np.where(parsed.isna(), np.nan, parsed.asi8 / 1_000)
    if style != ISO:  # pandas counts nanoseconds, and ends in 2262; Python knows the years 1 to 9999
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


def candidates(first: str) -> list[str]:
    """Returns the ways of writing times that a text may be of."""
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
    return list(dict.fromkeys([NUMBER, ISO, *(guess for guess in guesses if guess)]))
