"""Numbers that stand for no value: fill values, far away from the rest of their column."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

_ENDS = 16  # distinct numbers remembered at either end of a column
# Interquartile ranges from the middle half at which a value that is no known fill value is looked at.
_SUSPECT = 50.0
# Widths of the rest of the column (its middle 98 %) at which a repeated value is told.
_FAR = 100.0
_HUGE = 1e15  # of this size, a single value is told
_NAMED = 3

# What programs write where there is no number: survey codes, the bounds of integers and of 32-bit numbers, and the
# fill values of GDAL, netCDF (9.96921e36), Surfer (1.70141e38) and climate models (1e20).
_WRITTEN = (
    [-99, -999, -9999, -99999, -999999, -9999999, 999, 9999, 99999, 999999, 9999999]
    + [-32768, 32767, -2147483648, 2147483647, -(2.0**63), 2.0**63, 9.969209968386869e36, 1.70141e38]
    + [sign * size for sign in (-1, 1) for size in (1e20, 1e30, 1e36, float(np.finfo(np.float32).max))]
)
_FILLS = frozenset(float(np.float32(value)) for value in _WRITTEN)


class Spread:
    """The smallest and the largest distinct numbers of a column, each with all of its occurrences.

    A number that is among the smallest of all is so in every block of rows, so that no occurrence is missed.
    """

    def __init__(self) -> None:
        self._smallest: dict[float, int] = {}
        self._largest: dict[float, int] = {}

    def add(self, values: np.ndarray) -> None:
        """Takes in finite numbers, float64 `[n]`."""
        _keep(self._smallest, _smallest_of(values, _bound(self._smallest, 1)), 1)
        _keep(self._largest, _negative(_smallest_of(-values, _bound(self._largest, -1))), -1)

    def merge(self, other: Spread) -> None:
        """Takes in the numbers of other rows."""
        _keep(self._smallest, other._smallest, 1)
        _keep(self._largest, other._largest, -1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spread) and (self._smallest, self._largest) == (other._smallest, other._largest)

    def fills(self, sample: np.ndarray) -> Fills:
        """Returns the numbers that look like fill values, the most frequent first.

        Args:
            sample: some of the column's numbers, float64 `[n]`.
        """
        if not len(sample):
            return Fills()
        first, third = np.quantile(sample, [0.25, 0.75])
        reach = _SUSPECT * (third - first)
        bounds = (first - reach, third + reach) if reach else (-_HUGE, _HUGE)
        low, below = _ordinary(sorted(self._smallest), bounds)
        high, above = _ordinary(sorted(self._largest, reverse=True), bounds)
        far = {value: self._smallest[value] for value in below} | {value: self._largest[value] for value in above}
        rest = sample[~np.isin(sample, list(far))]
        if low is None or high is None or not len(rest):
            return Fills()
        first, last = np.quantile(rest, [0.01, 0.99])
        found = {value: count for value, count in far.items() if _is_fill(value, count, (low, high), (first, last))}
        return Fills(dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))), low, high)


@dataclasses.dataclass(frozen=True)
class Fills:
    """What looks like fill values.

    Args:
        found: value → how often.
        low: the smallest of the other numbers.
        high: the largest.
    """

    found: Mapping[float, int] = dataclasses.field(default_factory=dict)
    low: float = np.inf
    high: float = -np.inf


def _bound(ends: Mapping[float, int], sign: int) -> float:
    """Returns the number up to which others belong to the ends, all of them negated for the largest."""
    return max(sign * value for value in ends) if len(ends) == _ENDS else np.inf


def _smallest_of(values: np.ndarray, bound: float) -> dict[float, int]:
    """Returns the smallest distinct numbers up to a bound, and how often each occurs."""
    found: dict[float, int] = {}
    if bound < np.inf:
        near, counts = np.unique(values[values <= bound], return_counts=True)
        return dict(zip(near[:_ENDS].tolist(), counts[:_ENDS].tolist(), strict=True))
    while len(values) and len(found) < _ENDS:  # without sorting what is mostly in the middle
        least = values.min()
        same = values == least
        found[float(least)] = int(np.count_nonzero(same))
        values = values[~same]
    return found


def _negative(found: Mapping[float, int]) -> dict[float, int]:
    return {-value: count for value, count in found.items()}


def _keep(ends: dict[float, int], found: Mapping[float, int], sign: int) -> None:
    """Adds what was found to the smallest numbers, or to the largest where the sign is negative."""
    if not found:
        return
    for value, count in found.items():
        ends[value] = ends.get(value, 0) + count
    for value in sorted(ends, key=lambda value: sign * value)[_ENDS:]:
        del ends[value]


def _ordinary(ends: Sequence[float], bounds: tuple[float, float]) -> tuple[float | None, Sequence[float]]:
    """Returns the outermost number of a side that is not suspicious, None where all are, and those outside of it."""
    for place, value in enumerate(ends):
        # Where so many are suspicious the column is one with long tails, and the last one stands for these.
        if place == _ENDS - 1 or (bounds[0] <= value <= bounds[1] and float(np.float32(value)) not in _FILLS):
            return value, ends[:place]
    return None, ends


def _is_fill(value: float, count: int, ordinary: tuple[float, float], middle: tuple[float, float]) -> bool:
    (low, high), (first, last) = ordinary, middle
    width = last - first
    gap = max(first - value, value - last)
    if abs(value) >= _HUGE and gap > 1e6 * max(abs(first), abs(last), width):
        return True
    outside = max(low - value, value - high)
    known = float(np.float32(value)) in _FILLS
    return count > 1 and ((known and outside > high - low > 0) or (width > 0 and gap > _FAR * width))


def fill_note(name: str, fills: Fills, rows: int) -> list[str]:
    """Returns a sentence about the fill values of a column, if there are any.

    Args:
        name: the column.
        fills: what looks like them.
        rows: rows seen.
    """
    found = fills.found
    if not found:
        return []
    values = ", ".join(f"{_text(value)} ({count:,} of {rows:,} rows)" for value, count in list(found.items())[:_NAMED])
    more = f" and {len(found) - _NAMED:,} more such values" if len(found) > _NAMED else ""
    them, are = ("it", "stands") if len(found) == 1 else ("they", "stand")
    listed = ", ".join(f'"{_text(value)}"' for value in list(found)[:_NAMED])
    return [
        f"{name}: {values}{more} lie far outside of the rest, {fills.low:.6g} to {fills.high:.6g}. "
        f"If {them} {are} for no value, add {listed} to data.missing."
    ]


def _text(value: float) -> str:
    """Returns a number as a table would have it: whole, or as short as reads back in 32 bits."""
    if value == int(value) and abs(value) < 2**63:
        return str(int(value))
    short = str(np.float32(value)) if abs(float(np.float32(value)) / value - 1) < 1e-6 else repr(value)
    return short
