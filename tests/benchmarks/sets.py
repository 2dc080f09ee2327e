"""The data sets of the quality table: rows, splits, and the same columns for trees and for the network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from components.shared.tensor_names import CATEGORICAL, MISSING, NUMERIC
from components.trainer.dataset import Dataset
from components.trainer.task import Task

FOLDER = Path(__file__).parents[3] / "shared" / "data"
MAX_CATEGORIES = 200
_SHARES = (0.64, 0.16)


@dataclass(frozen=True)
class Table:
    """A data set: its two labels, and which columns are no features or are categories."""

    regression: str
    classification: str
    ignored: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("", "NA")


TABLES = {
    "auto_mpg": Table("mpg", "origin", ("name",), missing=("?",)),
    "penguins_raw": Table(
        "Body Mass (g)",
        "Species",
        ("studyName", "Sample Number", "Region", "Stage", "Individual ID", "Date Egg", "Comments"),
    ),
    "student_por": Table("G3", "school", ("G1", "G2")),
    "abalone": Table("Rings", "Sex"),
    "wine_quality": Table("quality", "colour"),
    "chicago_taxi": Table(
        "fare",
        "payment_type",
        ("tips", "pickup_census_tract"),
        ("pickup_community_area", "dropoff_census_tract", "dropoff_community_area"),
    ),
    "bike_hour": Table("cnt", "weathersit", ("instant", "dteday", "casual", "registered")),
    "california_housing": Table("median_house_value", "ocean_proximity"),
    "diamonds": Table("price", "cut"),
}


@dataclass(frozen=True)
class Split:
    """One seeded 64/16/20 split of a set.

    Args:
        frame: the features, text as pandas categories.
        number: regression label, float64 [n].
        label: index of the class, int64 [n]; classes that train does not have are -1.
        parts: row indices of train, validation and test; rows without a known class are in none.
    """

    frame: pd.DataFrame
    number: np.ndarray
    label: np.ndarray
    parts: tuple[np.ndarray, np.ndarray, np.ndarray]

    @property
    def num_classes(self) -> int:
        """Returns K, the classes of train."""
        return int(self.label.max()) + 1

    @cached_property
    def datasets(self) -> tuple[Dataset, Dataset, Dataset]:
        """Returns the three parts as Transform would give them: standardised by train, missing values flagged."""
        train = self.parts[0]
        texts = [name for name in self.frame if self.frame[name].dtype == "category"]
        numbers = self.frame.drop(columns=texts).to_numpy(np.float64)
        features: dict[str, np.ndarray] = {}
        if numbers.shape[1]:
            absent = np.isnan(numbers)
            mean, deviation = np.nanmean(numbers[train], axis=0), np.nanstd(numbers[train], axis=0)
            scaled = (numbers - mean) / np.where(deviation > 0, deviation, 1)
            features[NUMERIC] = np.where(absent | (deviation == 0), 0, scaled).astype("float32")
            features[MISSING] = absent.astype("float32")
        if texts:
            features[CATEGORICAL] = self._places(texts)
        mean, scale = self.number[train].mean(), self.number[train].std()
        whole = Dataset(
            features,
            self.number.astype("float32"),
            ((self.number - mean) / scale).astype("float32"),
            self.label,
            float(mean),
            float(scale),
        )
        first, second, third = (whole.take(part) for part in self.parts)
        return first, second, third

    def task(self, train: Dataset, validation: Dataset) -> Task:
        """Returns what a network learns from two of the parts."""
        return Task(train, validation, [str(label) for label in range(self.num_classes)], self.owners)

    @property
    def owners(self) -> list[int]:
        """Returns the text column that each place `categorical` points to belongs to."""
        texts = [name for name in self.frame if self.frame[name].dtype == "category"]
        return [column for column, name in enumerate(texts) for _ in range(len(self._kept(name)) + 2)]

    def _kept(self, name: str) -> list[str]:
        return self.frame[name].iloc[self.parts[0]].value_counts().loc[lambda n: n > 0].index[:MAX_CATEGORIES].tolist()

    def _places(self, texts: list[str]) -> np.ndarray:
        columns, start = [], 0
        for name in texts:
            kept = {value: place for place, value in enumerate(self._kept(name))}
            values = self.frame[name].astype(object)
            places = values.map(kept).fillna(len(kept)).to_numpy(np.int64)
            columns.append(start + np.where(values.isna(), len(kept) + 1, places))
            start += len(kept) + 2
        return np.stack(columns, axis=1)


def split(name: str, seed: int) -> Split:
    """Reads a set and divides it.

    Args:
        name: key of `TABLES`.
        seed: seed of the order.
    """
    table = TABLES[name]
    text = dict.fromkeys((*table.categorical, table.classification), str)
    rows = pd.read_csv(
        FOLDER / f"{name}.csv", na_values=list(table.missing), keep_default_na=False, dtype=text, low_memory=False
    ).drop(columns=list(table.ignored))
    rows = rows.dropna(subset=[table.regression, table.classification]).reset_index(drop=True)
    order = np.random.default_rng(seed).permutation(len(rows))
    bounds = np.cumsum([round(len(rows) * share) for share in _SHARES])
    train, validation, test = np.split(order, bounds)
    known = rows[table.classification].iloc[train].value_counts().index
    label = pd.Index(known).get_indexer(rows[table.classification]).astype(np.int64)
    frame = rows.drop(columns=[table.regression, table.classification])
    for column in frame.select_dtypes("object"):
        frame[column] = frame[column].astype("category")
    number = rows[table.regression].to_numpy(np.float64)
    return Split(frame, number, label, (train, validation[label[validation] >= 0], test[label[test] >= 0]))
