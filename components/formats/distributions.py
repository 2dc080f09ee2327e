"""`distributions.json`: the columns of train and eval in figures, beside the findings, and with every pushed version.

Numbers are kept as points of their distribution function, texts as counts. The figures travel with a pushed model,
where rows of the training data could not go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import PlainValidator

from components.formats.json_file import JsonFile


def _floats(values: Any) -> np.ndarray:
    try:
        return np.array(values, np.float64)
    except TypeError as error:
        raise ValueError("input should be a list of numbers") from error


Floats = Annotated[np.ndarray, PlainValidator(_floats)]


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
    points: Floats
    below: Floats
    upto: Floats

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
    counts: dict[str, int]
    other: int

    def as_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON values."""
        counts = {"rows": self.rows, "missing": self.missing, "independent": self.independent}
        return counts | {"counts": self.counts, "other": self.other}


Distribution = Numbers | Texts


@dataclass(frozen=True)
class Distributions(JsonFile, file="distributions.json", format=2):
    """The distributions of a table's columns in some of its splits.

    Args:
        splits: split → column → its distribution.
    """

    INDENT = None

    splits: dict[str, dict[str, Distribution]]

    def to_dict(self) -> dict[str, Any]:
        """Returns what the file holds, the shares with six digits."""
        splits = {
            split: {name: one.as_dict() for name, one in columns.items()} for split, columns in self.splits.items()
        }
        return {"format": self.FORMAT, "splits": splits}

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        """Returns the fields of format 1, which had each split by itself."""
        del format
        return {"splits": fields}
