"""The size of a table, as far as seconds and memory of a run go by it."""

from __future__ import annotations

from dataclasses import dataclass

from components.example_gen.cells.cells import Kind
from components.example_gen.features import Feature
from components.example_gen.profiling.profile import Profile
from pipeline.config.run import Config

_BESIDE = 2
"""Entries of a text column's vocabulary beside its texts: for others, and for a missing one."""


@dataclass(frozen=True)
class Shape:
    """The size of a table.

    Args:
        rows: rows that are written to a split.
        columns: features; a vector is one.
        numbers: columns of numbers and elements of vectors.
        texts: columns of categories.
        entries: what their vocabularies hold together.
        classes: distinct class labels.
        train: share of the rows in train.
        validation: share of the rows in validation.
        eval: share of the rows in eval.
    """

    rows: int
    columns: int
    numbers: int
    texts: int = 0
    entries: int = 0
    classes: int = 3
    train: float = 0.64
    validation: float = 0.16
    eval: float = 0.12

    @property
    def train_rows(self) -> int:
        """Rows in train, about."""
        return max(round(self.rows * self.train), 1)

    @property
    def validation_rows(self) -> int:
        """Rows in validation, about."""
        return round(self.rows * self.validation)

    @property
    def eval_rows(self) -> int:
        """Rows in eval, about."""
        return round(self.rows * self.eval)

    @property
    def feature_bytes(self) -> int:
        """Bytes of the transformed features of a row: a number and its mark of a missing value, or an index."""
        return 8 * (self.numbers + self.texts)


def shape_of(found: Profile, features: list[Feature], config: Config) -> Shape:
    """Returns the size of a table that was looked at.

    Args:
        found: what its columns hold.
        features: what is written of them.
        config: the configuration, for splits and vocabularies.
    """
    texts = [feature for feature in features if feature.kind == Kind.BYTES]
    entries = 0
    for feature in texts:
        column = found.columns[feature.name]
        distinct = len(column.odd) + len(column.spellings)
        entries += min(distinct, config.features.max_categories) + _BESIDE
    split = config.data.split
    return Shape(
        rows=found.rows,
        columns=len(features),
        numbers=sum(feature.length for feature in features if feature.kind != Kind.BYTES),
        texts=len(texts),
        entries=entries,
        classes=len(found.classes),
        train=1 - split.validation - split.calibration - split.eval,
        validation=split.validation,
        eval=split.eval,
    )
