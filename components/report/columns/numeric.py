"""What the report says of a column of numbers, exactly: moments, order, and histograms that can be compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from components.formats.columns import ColumnStatistics
from components.shared.histogram_bins import Bins, Floats, bins_of

BINS = 20


def describe(splits: Mapping[str, Floats]) -> dict[str, ColumnStatistics]:
    """Describes one column in each split.

    Args:
        splits: split to float64 [n], NaN where the value is missing.

    Returns:
        split to its statistics; the edges of the histograms are those of all splits together, and whole numbers with
        few distinct values have one bin each.
    """
    present = {split: values[np.isfinite(values)] for split, values in splits.items()}
    together = np.concatenate(list(present.values()))
    bins = _bins(together) if len(together) else None
    return {split: _describe(values, present[split], bins) for split, values in splits.items()}


def _describe(values: Floats, present: Floats, bins: Bins | None) -> ColumnStatistics:
    n, k = len(values), len(present)
    return ColumnStatistics(
        n=n,
        missing=n - k,
        missing_share=(n - k) / n if n else 0.0,
        zeros=int((present == 0).sum()),
        unique=len(np.unique(present)),
        mean=float(present.mean()) if k else None,
        std=float(present.std(ddof=1)) if k > 1 else None,
        min=float(present.min()) if k else None,
        median=float(np.median(present)) if k else None,
        max=float(present.max()) if k else None,
        histogram=None if bins is None else bins.histogram(present),
    )


def _bins(values: Floats) -> Bins:
    low, high = float(values.min()), float(values.max())
    if high - low < BINS and max(abs(low), abs(high)) < 2**50 and (values == np.round(values)).all():
        return Bins(np.arange(low, high + 2) - 0.5)
    return bins_of(values, BINS)
