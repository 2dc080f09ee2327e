"""What a serving model says of itself, in `assets.extra/model.json` of its folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from components.example_gen.tables.dialect import Dialect
from components.formats.json_file import JsonFile
from components.shared.column_names import plain_names
from components.shared.file_names import EXTRA, SCHEMA

SPLIT = "split"
CQR = "cqr"
GO_BACK = "Run again with --no-cache; if it is the production model, go back to the one before with `mtl rollback`."


def prediction_columns(regression: str, classification: str, *, intervals: bool) -> list[str]:
    """Returns the columns that batch prediction adds: number, class, its probability, what is wrong with the row.

    Args:
        regression: column of the regression label.
        classification: column of the class label.
        intervals: whether the bounds of the prediction interval follow the predicted value.
    """
    number = f"predicted_{regression}"
    bounds = [f"{number}_lower", f"{number}_upper"] if intervals else []
    return [number, *bounds, f"predicted_{classification}", "probability", "problems"]


@dataclass(frozen=True)
class InputColumn:
    """A raw feature column of the `predict` signature.

    Args:
        name: the column in the user's data, and the input's name in TensorFlow Serving.
        input: the input's keyword in Python, where names must be identifiers.
        kind: INT, FLOAT or BYTES as in the schema, or VECTOR.
        length: number of elements of a vector, else 1.
        always_present: whether every training row had a value.
    """

    name: str
    input: str
    kind: str
    length: int = 1
    always_present: bool = False


@dataclass(frozen=True)
class TrainLabels:
    """The labels of the train split, for predictors that look at nothing else.

    Args:
        rows: number of rows.
        mean: mean of the regression label.
        median: median of the regression label.
        class_counts: rows of each class, in the order of the model's classes.
    """

    rows: int
    mean: float
    median: float
    class_counts: dict[str, int]


@dataclass(frozen=True)
class Calibration:
    """What was learnt on the calibration rows, and is part of what the model answers.

    Args:
        numbers: rows with a number, which set the intervals.
        classes: rows with a class that train has too, which set the temperature.
        temperature: what the logarithms of the network's class probabilities are divided by.
        coverage: share of labels that the prediction intervals are to hold.
        method: `split` for intervals around the predicted value, `cqr` around two predicted quantiles.
        margin: how far the interval reaches beyond the predicted value, or beyond the quantiles (there it may be
            negative), in the label's units; None: no intervals.
        problem: a sentence that says why there are no intervals.
        class_weights: what the classes counted in the loss, in the order of the model's classes, which was taken out of
            the probabilities before the temperature; None where all counted alike.
    """

    numbers: int
    classes: int
    temperature: float
    coverage: float
    method: str
    margin: float | None
    problem: str | None
    class_weights: list[float] | None = None


@dataclass(frozen=True)
class Manifest(JsonFile, file=f"{EXTRA}/model.json"):
    """A serving model's labels, classes, columns and training in short.

    Args:
        regression: column of the regression label.
        classification: column of the class label.
        classes: the classes in the order of `classification_output`.
        columns: the raw columns the model reads.
        dialect: how the data it was trained on was said to be written; what it is asked of is read alike.
        vectors: feature vector -> pattern of the table columns it is made of; lists are not named.
        train: the labels it was trained on.
        parameters: number of trained weights.
        epochs: epochs run.
        best_epoch: the epoch, from 1, whose weights were kept.
        trunk: what the heads share, as `model.trunk` names it; never `auto`. None in models of the time before it was
            written down.
        calibration: the temperature and the intervals; None in models of the time before there were any.
        number_type: type of `regression_output` and its bounds: float64 where 32 bits do not hold the label.
        notes: sentences about the training that a person should read.
        stopped_after: the minutes (`training.minutes`) after which training was cut short; None where it was not.
    """

    regression: str
    classification: str
    classes: list[str]
    columns: list[InputColumn]
    dialect: Dialect
    vectors: dict[str, str]
    train: TrainLabels
    parameters: int
    epochs: int
    best_epoch: int
    trunk: str | None = None
    calibration: Calibration | None = None
    number_type: str = "float32"
    notes: list[str] = field(default_factory=list)
    stopped_after: float | None = None

    def write_with(self, schema: str, model_dir: str | os.PathLike[str]) -> None:
        """Writes the manifest and the text of the schema into a SavedModel's folder."""
        (Path(model_dir) / EXTRA).mkdir(exist_ok=True)
        self.write(model_dir)
        (Path(model_dir) / EXTRA / SCHEMA).write_text(schema, encoding="utf-8")

    @classmethod
    def read(cls, folder: str | os.PathLike[str], remedy: str = GO_BACK) -> Self:
        """Returns the manifest of the serving model in a folder, also of one that an older or a newer mtl wrote."""
        return super().read(folder, remedy)

    @classmethod
    def of(cls, path: Path | str, fields: dict[str, Any], remedy: str = GO_BACK) -> Self:
        """Returns what a file holds; also one of the time before dialects, which had the spellings of "no value"."""
        if "missing" in fields:
            fields["dialect"] = {"missing": fields.pop("missing")}
        manifest = super().of(path, fields, remedy)
        names = plain_names([column.name for column in manifest.columns])
        columns = [replace(column, name=name) for column, name in zip(manifest.columns, names, strict=True)]
        return replace(manifest, columns=columns)
