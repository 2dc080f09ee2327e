"""One column of one sample in a few hundred figures: enough to compare it with another sample later."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.formats.distributions import Distribution, Numbers, Texts

POINTS = 257
"""Points kept of a distribution function; between two of them lies at most 1/256 of the values."""

MAX_TEXTS = 1_000
"""Texts counted one by one; the rarer ones are counted together."""


def describe(values: np.ndarray | pa.Array, independent: int | None = None) -> Distribution:
    """Returns the distribution of a column.

    Args:
        values: float64 `[n]` with NaN where missing, or string `[n]` with null where missing.
        independent: how many of the rows say something of their own; all if left out.
    """
    rows = len(values)
    independent = rows if independent is None else independent
    if isinstance(values, np.ndarray):
        present = np.sort(values[np.isfinite(values)].astype(np.float32))
        places = np.unique(np.linspace(0, max(len(present) - 1, 0), POINTS).round().astype(int))
        kept = np.unique(present[places[: len(present)]])
        below, upto = (np.searchsorted(present, kept, side) / max(len(present), 1) for side in ("left", "right"))
        # The shortest text of a 32-bit number is the same on both sides of a comparison, and short in the file.
        points = np.array([float(str(value)) for value in kept], np.float64)
        return Numbers(rows, rows - len(present), independent, points, below, upto)
    found = pc.value_counts(values.drop_null())
    pairs = zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)
    ordered = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    other = sum(count for _, count in ordered[MAX_TEXTS:])
    return Texts(rows, values.null_count, independent, dict(ordered[:MAX_TEXTS]), other)
