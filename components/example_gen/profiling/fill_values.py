"""Numbers that stand for no value: fill values, far away from the rest of their column."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np

_SAMPLE = 4_096
_PER_BATCH = 256
_AT_MOST = 4  # values looked at apart on either side of a batch
_REMEMBERED = 1_000
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


@dataclasses.dataclass
class Spread:
    """What is known of the spread of a column, batch by batch, in bounded memory.

    Args:
        low: the smallest value that is not in `far`.
        high: the largest.
        far: value → how often, of those that may stand for no value.
    """

    low: float = np.inf
    high: float = -np.inf
    far: Counter[float] = dataclasses.field(default_factory=Counter)
    _sample: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0))
    _bounds: tuple[float, float] = (-_HUGE, _HUGE)

    def add(self, values: np.ndarray) -> None:
        """Takes in finite numbers, float64 `[n]`."""
        if not len(values):
            return
        if len(self._sample) < _SAMPLE:
            self._sample = np.append(self._sample, values[:: max(1, len(values) // _PER_BATCH)][:_PER_BATCH])
            first, third = np.quantile(self._sample, [0.25, 0.75])
            reach = _SUSPECT * (third - first)
            self._bounds = (first - reach, third + reach) if reach else (-_HUGE, _HUGE)
        for extreme, sign in ((np.min, -1), (np.max, 1)):
            for _ in range(_AT_MOST):
                value = float(extreme(values))
                if not self._suspicious(value) or (value not in self.far and len(self.far) >= _REMEMBERED):
                    break
                same = values == value
                self.far[value] += int(same.sum())
                values = values[~same]
                if not len(values):
                    return
            if sign < 0:
                self.low = min(self.low, float(extreme(values)))
            else:
                self.high = max(self.high, float(extreme(values)))

    def fills(self) -> dict[float, int]:
        """Returns value → how often, of the values that look like a fill value, the most frequent first."""
        rest = np.sort(self._sample[~np.isin(self._sample, list(self.far))])
        if not len(rest) or self.low > self.high:
            return {}
        first, last = np.quantile(rest, [0.01, 0.99])
        found = {value: count for value, count in self.far.items() if self._is_fill(value, count, first, last)}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def _suspicious(self, value: float) -> bool:
        return not self._bounds[0] <= value <= self._bounds[1] or float(np.float32(value)) in _FILLS

    def _is_fill(self, value: float, count: int, first: float, last: float) -> bool:
        width = last - first
        gap = max(first - value, value - last)
        if abs(value) >= _HUGE and gap > 1e6 * max(abs(first), abs(last), width):
            return True
        outside = max(self.low - value, value - self.high)
        known = float(np.float32(value)) in _FILLS
        return count > 1 and ((known and outside > self.high - self.low > 0) or (width > 0 and gap > _FAR * width))


def fill_note(name: str, spread: Spread, rows: int) -> list[str]:
    """Returns a sentence about the fill values of a column, if there are any.

    Args:
        name: the column.
        spread: what was seen of it.
        rows: rows seen.
    """
    found = spread.fills()
    if not found:
        return []
    values = ", ".join(f"{_text(value)} ({count:,} of {rows:,} rows)" for value, count in list(found.items())[:_NAMED])
    more = f" and {len(found) - _NAMED:,} more such values" if len(found) > _NAMED else ""
    them, are = ("it", "stands") if len(found) == 1 else ("they", "stand")
    listed = ", ".join(f'"{_text(value)}"' for value in list(found)[:_NAMED])
    return [
        f"{name}: {values}{more} lie far outside of the rest, {spread.low:.6g} to {spread.high:.6g}. "
        f"If {them} {are} for no value, add {listed} to data.missing."
    ]


def _text(value: float) -> str:
    """Returns a number as a table would have it: whole, or as short as reads back in 32 bits."""
    if value == int(value) and abs(value) < 2**63:
        return str(int(value))
    short = str(np.float32(value)) if abs(float(np.float32(value)) / value - 1) < 1e-6 else repr(value)
    return short
