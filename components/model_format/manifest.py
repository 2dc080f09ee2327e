"""What a serving model says of itself, in `assets.extra/model.json` of its folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from components.example_gen.tables.dialect import Dialect
from components.shared.column_names import plain_names
from components.shared.file_names import EXTRA
from components.shared.kept_files import read_record

MANIFEST = "model.json"
SCHEMA = "schema.pbtxt"
SPLIT = "split"
CQR = "cqr"
GO_BACK = "Run again with --no-cache; if it is the pushed model, go back to the one before with `mtl rollback`."


def prediction_columns(regression: str, classification: str, *, intervals: bool) -> list[str]:
    """Returns the columns that batch prediction adds: number, class, its probability, what is wrong with the row.

    Args:
        regression: the label column of the number.
        classification: the label column of the class.
        intervals: whether the bounds of the number's interval follow the number.
    """
    number = f"predicted_{regression}"
    bounds = [f"{number}_lower", f"{number}_upper"] if intervals else []
    return [number, *bounds, f"predicted_{classification}", "probability", "problems"]


@dataclass(frozen=True)
class Column:
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
        coverage: share of labels that the intervals of the number are to hold.
        method: `split` for intervals around the number, `cqr` around two quantiles of it.
        margin: how far the interval reaches beyond the number, or beyond its quantiles (there it may be negative), in
            the label's units; None: no intervals.
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
class Manifest:
    """A serving model's labels, classes, columns and training in short.

    Args:
        regression: the label column of the number.
        classification: the label column of the class.
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
    """

    regression: str
    classification: str
    classes: list[str]
    columns: list[Column]
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

    def write(self, model_dir: str | Path, schema: str) -> None:
        """Writes the manifest and the text of the schema into a SavedModel's folder."""
        folder = Path(model_dir) / EXTRA
        folder.mkdir(exist_ok=True)
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        (folder / SCHEMA).write_text(schema, encoding="utf-8")

    @classmethod
    def read(cls, model_dir: str | Path) -> Manifest:
        """Reads the manifest of a serving model, also of one that an older or a newer mtl wrote.

        Raises:
            Damaged: it cannot be read.
        """
        manifest = read_record(Path(model_dir) / EXTRA / MANIFEST, cls, GO_BACK, _upgraded)
        names = plain_names([column.name for column in manifest.columns])
        columns = [replace(column, name=name) for column, name in zip(manifest.columns, names, strict=True)]
        return replace(manifest, columns=columns)


def _upgraded(fields: dict[str, Any]) -> dict[str, Any]:
    if "missing" not in fields:
        return fields
    # Of the time before dialects were written down.
    return {name: value for name, value in fields.items() if name != "missing"} | {
        "dialect": {"missing": fields["missing"]}
    }
