"""Batch prediction with a pushed model: every row gets an answer, and a flag where the schema would not allow it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2

from components.example_gen.cells.forms import Form, form_of_numbers
from components.example_gen.cells.plain_types import plain
from components.example_gen.roles import vector_members
from components.example_gen.spec import expand
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import Table
from components.formats.distributions import Distributions, Numbers
from components.model_format.manifest import GO_BACK, Manifest, prediction_columns
from components.objects.staging import staged
from components.schema_gen.domains import categories
from components.schema_gen.schema_file import column_forms, read_schema
from components.shared.durable_files import replacing
from components.shared.file_names import EXTRA, SCHEMA
from components.shared.head_outputs import LOWER, REGRESSION, UPPER
from components.shared.heavy_imports import heavy_imports
from components.shared.splits import TRAIN
from pipeline.errors import InputError, did_you_mean
from pipeline.local.captured_output import output_to
from pipeline.verbs.models import local_model
from pipeline.verbs.signature_inputs import signature_inputs

_NOT_FINITE = "the predicted value must be finite, got none; a feature is far outside of what train had"


@dataclass(frozen=True)
class Counts:
    """What a prediction did.

    Args:
        rows: rows read, and written.
        flagged: rows with a problem.
        model: the model's folder, a URI in an object store.
        labels: the regression and the class label that it predicts.
        notes: what was done in opening the table that a user may not expect, in sentences.
    """

    rows: int
    flagged: int
    model: str
    labels: tuple[str, str]
    notes: tuple[str, ...]


def predict_file(source: str, target: Path, model: str) -> Counts:
    """Scores a table and writes it with the prediction's columns added.

    Added are `predicted_<regression label>`, with its interval in `…_lower` and `…_upper` if the model has intervals,
    `predicted_<class label>`, `probability` and `problems`; the last one says which cells the schema does not allow. A
    cell that is no number where one must be counts as missing.

    Args:
        source: CSV or Parquet with the feature columns, here or in an object store; others pass through.
        target: CSV to write; it appears complete or not at all.
        model: a SavedModel, or a folder of versions with `current`, here or in an object store.

    Returns:
        How many rows were read and flagged, by which model.

    Raises:
        InputError: there is no model, a column is missing, or a file cannot be read or written.
    """
    _check_target(target)
    paths = expand(source)
    with staged(paths), local_model(model) as (folder, name):
        manifest = Manifest.read(folder)
        table = open_table(paths, manifest.dialect.of_any_format)
        rows, flagged = _predict(table, manifest, target, folder)
    return Counts(rows, flagged, name, (manifest.regression, manifest.classification), table.notes)


def _predict(table: Table, manifest: Manifest, target: Path, folder: Path) -> tuple[int, int]:
    """Scores a table with the model in a folder; returns the rows read and flagged."""
    members = _members(manifest, table.columns)
    intervals = manifest.calibration is not None and manifest.calibration.margin is not None
    added = prediction_columns(manifest.regression, manifest.classification, intervals=intervals)
    for name in added:
        if name in table.columns:
            raise InputError(f'The input must not have a column "{name}", got one. Rename that column.')
    schema = read_schema(folder / EXTRA / SCHEMA)
    features, forms = _features(schema, manifest), _forms(schema, folder)

    signature, loaded = _load(folder)
    outputs = [REGRESSION]
    if intervals:
        outputs += [LOWER, UPPER]
    rows = flagged = 0
    try:
        with replacing(target) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
            for batch in table.batches():
                inputs, problems = signature_inputs(batch, manifest, members, features, forms, table.dialect)
                answer = signature(**inputs)
                frame = _as_text(batch.data)
                frame.columns = [table.written.get(table.paths[0], {}).get(name, name) for name in frame.columns]
                numbers = [_exact(answer[name].numpy()[:, 0]) for name in outputs]
                for row in np.flatnonzero(~np.isfinite(numbers[0])):
                    problems[row] = "; ".join(filter(None, [problems[row], _NOT_FINITE]))
                texts = [text.decode() for text in answer["predicted_class"].numpy()]
                probability = _exact(answer["class_probability"].numpy())
                for name, values in zip(added, [*numbers, texts, probability, problems], strict=True):
                    frame[name] = values
                frame.to_csv(file, index=False, header=rows == 0)
                rows += len(frame)
                flagged += sum(problem != "" for problem in problems)
            if not rows:
                pd.DataFrame(columns=[*table.columns, *added]).to_csv(file, index=False)
    except OSError as error:
        raise InputError(
            f"--output must be a file that can be written, got {target} ({error.strerror}). Choose another."
        ) from None
    del loaded
    return rows, flagged


def _check_target(target: Path) -> None:
    """Refuses what cannot be written, before the slow imports."""
    if target.suffix.lower() in (".parquet", ".pq"):
        raise InputError(f"--output must be a CSV file, got {target}. Name it {target.with_suffix('.csv').name}.")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise InputError(f"--output must be in a folder that can be written, got {target}. Choose another.")


def _as_text(rows: pa.RecordBatch) -> pd.DataFrame:
    """Returns the rows as CSV can hold them: whole numbers stay whole, a vector is a JSON list."""
    frame = pd.DataFrame({name: _written(rows.column(name)) for name in rows.schema.names})
    for name, kind in zip(rows.schema.names, rows.schema.types, strict=True):
        if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            frame[name] = [None if cell is None else json.dumps(cell) for cell in rows.column(name).to_pylist()]
    return frame


def _exact(values: np.ndarray) -> np.ndarray:
    """Returns numbers in 64 bits: the short text of a 32-bit one, read back in 64 bits, is another number."""
    return values.astype(np.float64)


def _written(column: pa.Array) -> pd.Series:
    try:
        return column.to_pandas(integer_object_nulls=True)
    except (pa.ArrowInvalid, ValueError, OverflowError):  # dates beyond what Python and pandas hold
        return plain(column).values.to_pandas()


def _load(folder: Path) -> tuple[Any, Any]:
    """Returns the `predict` signature and the model, which must live as long as its signature."""
    with output_to(Path(os.devnull)):  # what TensorFlow says of this machine; a failure still raises
        with heavy_imports():
            import tensorflow as tf

        model = tf.saved_model.load(str(folder))
    return model.signatures["predict"], model


def _features(schema: schema_pb2.Schema, manifest: Manifest) -> dict[str, schema_pb2.Feature]:
    """Returns the features by name, with their categories at hand and the presence that training saw."""
    always_present = {column.name for column in manifest.columns if column.always_present}
    for feature in schema.feature:
        if known := categories(feature, schema):
            feature.string_domain.value[:] = known
        if feature.name in always_present:
            feature.presence.min_fraction = 1.0
    return {feature.name: feature for feature in schema.feature}


def _forms(schema: schema_pb2.Schema, folder: Path) -> dict[str, Form]:
    """Returns how each column is read, so that its cells mean what they meant in training."""
    found = Distributions.find(folder / EXTRA, GO_BACK)
    train = found.splits.get(TRAIN, {}) if found else {}
    bits = {name: form_of_numbers(one.points) for name, one in train.items() if isinstance(one, Numbers)}
    return {**bits, **column_forms(schema)}


def _members(manifest: Manifest, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Returns, for each column of the model, the columns of the table it is made of."""
    members = {}
    for column in manifest.columns:
        pattern = manifest.vectors.get(column.name)
        found = vector_members(pattern, columns) if pattern else (column.name,)
        if pattern and len(found) != column.length:
            raise InputError(
                f'The vector "{column.name}" must have {column.length} columns like "{pattern}", got {len(found)}.'
            )
        if not pattern and column.name not in columns:
            raise InputError(
                f'The input must have the column "{column.name}", got none.{did_you_mean(column.name, columns)}'
            )
        members[column.name] = found
    return members
