"""Numbers that 32 bits do not hold: when they are, and the column that carries all 64 bits of them.

A tf.Example knows whole numbers of 64 bits, but fractions of 32 only: at 1.7e9, seconds since 1970, neighbours are 128
apart. Where that loses digits which matter, the ingest writes a companion beside the column: an int64 feature with the
bits of the float64 value. The column itself stays as it is for everything that counts and draws, and nobody but
Transform and those who need every digit reads the companion.
"""

from __future__ import annotations

import numpy as np

SUFFIX = "#float64"
# Share of the values' spread that rounding may change.
TOLERANCE = 1e-5


def companion(column: str) -> str:
    """Returns the name of the feature with the 64 bits of a column's values."""
    return f"{column}{SUFFIX}"


def is_companion(name: str) -> bool:
    """Returns whether a feature holds the bits of another one's values."""
    return name.endswith(SUFFIX)


def bits(values: np.ndarray) -> np.ndarray:
    """Returns float64 values as the int64 values of the same bits; `of_bits` undoes it."""
    return np.ascontiguousarray(values, np.float64).view(np.int64)


def of_bits(values: np.ndarray) -> np.ndarray:
    """Returns the float64 values that `bits` took."""
    return np.ascontiguousarray(values, np.int64).view(np.float64)


def rounding(values: np.ndarray, kind: type[np.floating] = np.float32) -> float:
    """Returns by how much the middle one of some values may change when it is rounded to a type of floats.

    Args:
        values: float64 [n], finite, n > 0.
        kind: the type.
    """
    with np.errstate(over="ignore"):
        middle = kind(np.median(np.abs(values)))
    return float(np.spacing(middle)) / 2 if np.isfinite(middle) else np.inf


def loses_digits(values: np.ndarray, kind: type[np.floating] = np.float32) -> bool:
    """Returns whether a type of floats is too coarse for numbers that are spread like these.

    The middle half of the values decides, so that a few huge ones change nothing.

    Args:
        values: float64 [n], finite, n >= 0.
        kind: the type.
    """
    if not len(values):
        return False
    low, high = np.quantile(values, [0.25, 0.75])
    spread = float(high - low) or float(np.std(values))
    return spread > 0 and rounding(values, kind) > TOLERANCE * spread


def needs_64_bits(values: np.ndarray) -> bool:
    """Returns whether rounding numbers, float64 [n], to 32 bits takes away digits that matter."""
    with np.errstate(over="ignore"):
        return loses_digits(values) and bool((values.astype(np.float32) != values).any())
