"""Edges of histograms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def equal_width(low: float, high: float, bins: int) -> npt.NDArray[np.float64]:
    """Returns `bins + 1` edges of equal width from `low` to `high`.

    Where the range is empty, or too narrow for so many different floats, it is widened on both sides, which
    `np.histogram` refuses to do.
    """
    middle = (low + high) / 2
    if high - low <= 8 * bins * np.spacing(max(abs(low), abs(high))):
        reach = max(0.5, 1e-6 * abs(middle))
        low, high = middle - reach, middle + reach
    return np.linspace(low, high, bins + 1)
