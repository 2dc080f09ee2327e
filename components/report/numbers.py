"""What the report says of a column of numbers, exactly: moments, order, and histograms that can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from components.bins import equal_width

Floats = npt.NDArray[np.float64]

BINS = 20


def describe(splits: Mapping[str, Floats]) -> dict[str, dict[str, Any]]:
    """Describes one column in each split.

    Args:
        splits: split to float64 [n], NaN where the value is missing.

    Returns:
        split to `n` (rows, missing ones included), `missing`, `missing_share`, `zeros`, `unique`, `mean`, `std` (of
        the sample, None with fewer than 2 values), `min`, `median`, `max` and `histogram`, whose edges are those of
        all splits together: bins of equal width, `[low, high)`, the last with its upper edge. Whole numbers with few
        distinct values have one bin each.
    """
    present = {split: values[np.isfinite(values)] for split, values in splits.items()}
    together = np.concatenate(list(present.values()))
    edges = _edges(together) if len(together) else None
    return {split: _describe(values, present[split], edges) for split, values in splits.items()}


def _describe(values: Floats, present: Floats, edges: Floats | None) -> dict[str, Any]:
    n, k = len(values), len(present)
    return {
        "n": n,
        "missing": n - k,
        "missing_share": (n - k) / n if n else 0.0,
        "zeros": int((present == 0).sum()),
        "unique": len(np.unique(present)),
        "mean": float(present.mean()) if k else None,
        "std": float(present.std(ddof=1)) if k > 1 else None,
        "min": float(present.min()) if k else None,
        "median": float(np.median(present)) if k else None,
        "max": float(present.max()) if k else None,
        "histogram": None if edges is None else _histogram(present, edges),
        "top": None,
    }


def _edges(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    if high - low < BINS and max(abs(low), abs(high)) < 2**50 and (values == np.round(values)).all():
        return np.arange(low, high + 2) - 0.5
    return equal_width(low, high, BINS)


def _histogram(values: Floats, edges: Floats) -> dict[str, Any]:
    counts, _ = np.histogram(values, edges)
    return {"edges": edges.tolist(), "counts": counts.tolist()}
