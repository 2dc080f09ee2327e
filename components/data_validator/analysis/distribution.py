"""One column of one sample in a few hundred figures: enough to compare it with another sample later.

Numbers are kept as points of their distribution function, texts as counts. The figures travel with a pushed model as
`assets.extra/distributions.json`, where rows of the training data could not go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.shared.kept_files import RUN_AGAIN, read_json

POINTS = 257
"""Points kept of a distribution function; between two of them lies at most 1/256 of the values."""

MAX_TEXTS = 1_000
"""Texts counted one by one; the rarer ones are counted together."""


@dataclass(frozen=True)
class Numbers:
    """Distribution of a column of numbers.

    Args:
        rows: rows looked at.
        missing: rows without a value.
        independent: rows that say something of their own: all, or the number of keys where rows come in groups.
        points: float64 `[k]`, ascending values; every value that holds more than 1/256 of the rows is among them.
        below: float64 `[k]`, share of the present values below each point.
        upto: float64 `[k]`, share of the present values below or at each point.
    """

    rows: int
    missing: int
    independent: int
    points: np.ndarray
    below: np.ndarray
    upto: np.ndarray

    def share_upto(self, values: np.ndarray) -> np.ndarray:
        """Returns the share of the present values that are at most as large as each of the given ones."""
        shares = np.stack([self.below, self.upto], axis=1).ravel()
        return np.interp(values, np.repeat(self.points, 2), shares, left=0.0, right=1.0)

    def quantile(self, share: float) -> float:
        """Returns the smallest point with at least this share of the values below or at it."""
        return float(self.points[min(int(np.searchsorted(self.upto, share)), len(self.points) - 1)])

    def as_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON values."""
        arrays = {"points": self.points, "below": self.below.round(6), "upto": self.upto.round(6)}
        counts = {"rows": self.rows, "missing": self.missing, "independent": self.independent}
        return counts | {name: array.tolist() for name, array in arrays.items()}


@dataclass(frozen=True)
class Texts:
    """Distribution of a column of texts.

    Args:
        rows: rows looked at.
        missing: rows without a value.
        independent: rows that say something of their own: all, or the number of keys where rows come in groups.
        counts: text → rows, the most frequent ones.
        other: rows with any other text.
    """

    rows: int
    missing: int
    independent: int
    counts: Mapping[str, int]
    other: int

    def as_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON values."""
        counts = {"rows": self.rows, "missing": self.missing, "independent": self.independent}
        return counts | {"counts": dict(self.counts), "other": self.other}


Distribution = Numbers | Texts


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


def write_distributions(path: Path, splits: Mapping[str, Mapping[str, Distribution]]) -> None:
    """Writes split → column → distribution."""
    values = {split: {name: one.as_dict() for name, one in columns.items()} for split, columns in splits.items()}
    path.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")


def read_distributions(path: Path, remedy: str = RUN_AGAIN) -> dict[str, dict[str, Distribution]]:
    """Returns split → column → distribution; empty where the file is not there.

    Args:
        path: the file.
        remedy: the sentence that says what to do if it is damaged.

    Raises:
        Damaged: it cannot be read.
    """
    if not path.is_file():
        return {}
    values = read_json(path, remedy)
    return {split: {name: _read(one) for name, one in columns.items()} for split, columns in values.items()}


def _read(values: dict[str, Any]) -> Distribution:
    if "counts" in values:
        return Texts(**{field.name: values[field.name] for field in fields(Texts)})
    points, below, upto = (np.array(values[name], np.float64) for name in ("points", "below", "upto"))
    return Numbers(values["rows"], values["missing"], values["independent"], points, below, upto)
