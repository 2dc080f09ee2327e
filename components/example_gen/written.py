"""The account of the rows that were written: what their splits hold. Those of blocks merge to that of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.labelled import LabelledBatch
from components.example_gen.profiling.sufficiency import TrainLabels
from components.example_gen.splitting.row_identity import BYTES, fold
from components.shared.splits import EVAL, TRAIN


class Written:
    """The rows that were written, counted.

    Args:
        splits: the names of the splits.
        features: the names of the features that are counted, whether they are written or not.

    Attributes:
        rows: rows of each split.
        classes: class → rows, for each split.
        labelled: label → rows that have it, for each split.
        weighted: the same of rows with a weight above 0.
        missing: feature → rows without a value.
        seen_in_train: feature → rows of train with a value.
        train: the labels of train.
        files: the files of examples, relative to the root of the artifact.
        digests: file of the table → SHA-256 of its bytes, of those that were read to their ends on the way.
    """

    def __init__(self, splits: Sequence[str], features: Iterable[str]):
        self.splits, self.features = list(splits), list(features)
        self.rows = [0] * len(self.splits)
        self.classes: list[Counter[str]] = [Counter() for _ in self.splits]
        self.labelled: list[Counter[str]] = [Counter() for _ in self.splits]
        self.weighted: list[Counter[str]] = [Counter() for _ in self.splits]
        self.missing: Counter[str] = Counter()
        self.seen_in_train: Counter[str] = Counter()
        self.train = TrainLabels()
        self.files: list[str] = []
        self.digests: dict[str, bytes] = {}
        self._judged = 0

    def add(self, batch: LabelledBatch, splits: np.ndarray, fingerprints: np.ndarray, labels: tuple[str, str]) -> None:
        """Takes in the rows of a batch.

        Args:
            batch: the rows.
            splits: int64 `[n]`, the split of each.
            fingerprints: uint8 `[n, 16]`, by which each is known again.
            labels: the names of the regression and the class label.
        """
        self.train.add(batch, splits == self.splits.index(TRAIN))
        counted = np.ones(len(splits), bool) if batch.weight is None else batch.weight.astype(np.float32) > 0
        present = dict(zip(labels, (batch.has_number, batch.has_class), strict=True))
        for split, classes in enumerate(self.classes):
            inside = splits == split
            for entry in pc.value_counts(batch.classes.filter(pa.array(inside)).drop_null()).to_pylist():
                classes[entry["values"]] += entry["counts"]
            for label, rows in present.items():
                self.labelled[split][label] += int((rows & inside).sum())
                self.weighted[split][label] += int((rows & inside & counted).sum())
        judged = fingerprints[splits == self.splits.index(EVAL)]
        self._judged = (self._judged + int(fold(judged, np.ones(BYTES, bool)).sum())) % 2**64

    def add_values(self, valued: Mapping[str, np.ndarray], splits: np.ndarray) -> None:
        """Takes in which rows of a batch have a value.

        Args:
            valued: feature → bool `[n]`.
            splits: int64 `[n]`, the split of each row.
        """
        train = splits == self.splits.index(TRAIN)
        for feature, rows in valued.items():
            self.missing[feature] += int((~rows).sum())
            self.seen_in_train[feature] += int((rows & train).sum())

    def empty(self) -> Written:
        """Returns the account of no rows, which may be merged with this one."""
        return Written(self.splits, self.features)

    def merge(self, other: Written) -> None:
        """Takes in the account of other rows."""
        self.rows = [mine + others for mine, others in zip(self.rows, other.rows, strict=True)]
        pairs = (
            *zip(self.classes, other.classes, strict=True),
            *zip(self.labelled, other.labelled, strict=True),
            *zip(self.weighted, other.weighted, strict=True),
            (self.missing, other.missing),
            (self.seen_in_train, other.seen_in_train),
        )
        for mine, others in pairs:
            mine.update(others)
        self.train.merge(other.train)
        self.files += other.files
        self.digests |= other.digests
        self._judged = (self._judged + other._judged) % 2**64

    @property
    def unseen(self) -> set[str]:
        """The features without a value in train."""
        return {feature for feature in self.features if not self.seen_in_train[feature]}

    @property
    def judged(self) -> str:
        """Digest of the eval rows, whatever their order."""
        return f"{self._judged:016x}"
