"""Booleans as programs write them: `true`, pandas' `True`, R's `TRUE`, PostgreSQL's `t`, and 0/1 beside such words."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TRUE, FALSE = "true", "false"
_WORDS = dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_LETTERS = {"t": True, "T": True, "f": False, "F": False}
_NUMBERS = {"1": True, "1.0": True, "1.": True, "0": False, "0.0": False, "0.": False}
_ALL = _WORDS | _LETTERS | _NUMBERS


def read(text: pa.Array) -> np.ndarray:
    """Returns 1.0 for true, 0.0 for false and NaN for anything else, float64 `[n]`, of texts with a decimal point."""
    places = pc.index_in(text, value_set=pa.array(list(_ALL), pa.string()))
    values = np.array([*_ALL.values(), np.nan], np.float64)
    return values[pc.fill_null(places, len(_ALL)).to_numpy(zero_copy_only=False)]


def are_words(texts: Collection[str]) -> bool:
    """Returns whether texts other than numbers are those of a boolean: words, or both of the letters `t` and `f`."""
    if not texts or not all(text in _WORDS or text in _LETTERS for text in texts):
        return False
    return any(text in _WORDS for text in texts) or {text.lower() for text in texts} == {"t", "f"}


def value(text: str) -> bool | None:
    """Returns what one text means, None if it is no boolean."""
    return _ALL.get(text)
