"""Histograms of numbers, of which a few may lie far from all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_TAIL = 0.005  # share of the values beyond each of the outer edges, where the bins are open
_FAR = 3  # times wider than without its tails, and the whole range leaves the bins without a shape
_FEW = 20  # values of which none is called far from the others


@dataclass(frozen=True)
class Histogram:
    """How many values lie in each bin.

    Args:
        edges: the bins' edges, rising; a bin is `[low, high)`, the last one has its upper edge too.
        counts: values in each bin.
        below, above: values before the first and after the last edge; None where the edges hold the whole range.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int | None
    above: int | None


@dataclass(frozen=True)
class Bins:
    """Bins for the values of one or more samples.

    Args:
        edges: float64 [bins + 1], rising.
        open: whether values lie beyond the outer edges.
    """

    edges: Floats
    open: bool = False

    def histogram(self, values: Floats) -> Histogram:
        """Counts the values, float64 [n], all finite."""
        low, high = self.edges[0], self.edges[-1]
        counts, _ = np.histogram(values[(values >= low) & (values <= high)], self.edges)
        below, above = (int((values < low).sum()), int((values > high).sum())) if self.open else (None, None)
        return Histogram(tuple(self.edges.tolist()), tuple(counts.tolist()), below, above)


def bins_of(values: Floats, count: int) -> Bins:
    """Returns bins of equal width over the values, float64 [n], all finite.

    Where the whole range is more than three times as wide as that between the quantiles 0.5 % and 99.5 % (at least one
    value is left out on each side), the bins lie between those two and are open: else one value far from all others
    would put them into a single bin.
    """
    ordered = np.sort(values)
    low, high = float(ordered[0]), float(ordered[-1])
    if len(ordered) >= _FEW:
        tail = max(1, int(_TAIL * len(ordered)))
        inner_low, inner_high = float(ordered[tail]), float(ordered[-1 - tail])
        if 0 < inner_high - inner_low < (high - low) / _FAR:
            return Bins(equal_width(inner_low, inner_high, count), open=True)
    return Bins(equal_width(low, high, count))


def equal_width(low: float, high: float, bins: int) -> Floats:
    """Returns `bins + 1` edges of equal width from `low` to `high`.

    Where the range is empty, or too narrow for so many different floats, it is widened on both sides, which
    `np.histogram` refuses to do.
    """
    middle = (low + high) / 2
    if high - low <= 8 * bins * np.spacing(max(abs(low), abs(high))):
        reach = max(0.5, 1e-6 * abs(middle))
        low, high = middle - reach, middle + reach
    return np.linspace(low, high, bins + 1)
