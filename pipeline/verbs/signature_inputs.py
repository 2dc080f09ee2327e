"""Rows of a table as the tensors of a model's `predict` signature, and which of their cells the schema forbids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2

from components.example_gen.cells.cells import Cells, is_whole
from components.example_gen.cells.forms import PLAIN, Form
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.table import Batch
from components.model_format.manifest import InputColumn, Manifest


def signature_inputs(
    batch: Batch,
    manifest: Manifest,
    members: dict[str, tuple[str, ...]],
    features: dict[str, schema_pb2.Feature],
    forms: Mapping[str, Form],
    dialect: Dialect,
) -> tuple[dict[str, Any], list[str]]:
    """Returns the tensors of the `predict` signature, and each row's problems, empty where there are none.

    Args:
        batch: n rows.
        manifest: what the model says of itself.
        members: column of the model -> the columns of the table it is made of.
        features: column -> what the schema says of it.
        forms: column -> how its texts are read, as training read them.
        dialect: how the table is written.

    Returns:
        Input -> bytes `[n]`, int64 or float32 `[n]`, float32 `[n, length]` for a vector; and n texts.
    """
    columns = dict(zip(batch.data.schema.names, batch.data.columns, strict=True))
    problems: list[list[str]] = [[] for _ in range(batch.data.num_rows)]
    inputs: dict[str, Any] = {}
    for column in manifest.columns:
        form = forms.get(column.name, PLAIN)
        cells = [Cells(columns[name], dialect, form) for name in members[column.name]]
        feature = features[column.name]
        if column.kind == "VECTOR":
            inputs[column.input] = _vector(column, members[column.name], cells, problems)
        elif column.kind == "BYTES":
            inputs[column.input] = _text(column, cells[0], feature, problems)
        else:
            inputs[column.input] = _number(column.name, cells[0], feature, problems, whole=column.kind == "INT")
    return inputs, ["; ".join(found) for found in problems]


def _text(column: InputColumn, cells: Cells, feature: schema_pb2.Feature, problems: list[list[str]]) -> np.ndarray:
    values = _texts(cells).fill_null("").to_numpy(zero_copy_only=False)
    _flag_missing(column.name, cells.missing, feature, problems)
    known = set(feature.string_domain.value)
    if known:
        for row in np.flatnonzero(~cells.missing & [text not in known for text in values]):
            problems[row].append(f'{column.name} must be a known category, got "{values[row]}"')
    if feature.HasField("int_domain"):
        numbers = np.where(cells.missing, np.nan, cells.numbers())
        strange = ~cells.missing & ~(numbers == np.round(numbers))
        for row in np.flatnonzero(strange | _outside(numbers, feature)):
            problems[row].append(f'{column.name} must be a whole number of the schema\'s range, got "{values[row]}"')
    return values


def _number(
    name: str, cells: Cells, feature: schema_pb2.Feature, problems: list[list[str]], *, whole: bool
) -> np.ndarray:
    text = _texts(cells).to_numpy(zero_copy_only=False)
    values = cells.numbers()
    with np.errstate(over="ignore"):
        finite = np.isfinite(values) if whole else np.isfinite(values.astype(np.float32))
    wrong = ~cells.missing & ~finite
    for row in np.flatnonzero(wrong):
        problems[row].append(f'{name} must be a finite number, got "{text[row]}"')
    if whole:
        fraction = finite & ~is_whole(values)
        for row in np.flatnonzero(fraction):
            problems[row].append(f'{name} must be a whole number, got "{text[row]}"')
        values[fraction] = np.nan
    values[wrong] = np.nan
    _flag_missing(name, cells.missing, feature, problems)
    for row in np.flatnonzero(_outside(values, feature)):
        problems[row].append(f"{name} must be in the schema's range, got {text[row]}")
    return values


def _texts(cells: Cells) -> pa.Array:
    """Returns what the cells say, string `[n]`, null where missing; no category or number is a list."""
    return pa.array(["a list"] * len(cells)) if cells.is_vector else cells.text()


def _vector(column: InputColumn, names: Sequence[str], cells: Sequence[Cells], problems: list[list[str]]) -> np.ndarray:
    if not cells[0].is_vector:
        anything = schema_pb2.Feature()
        parts = [_number(name, cell, anything, problems, whole=False) for name, cell in zip(names, cells, strict=True)]
        return np.stack(parts, axis=1).astype(np.float32)
    flat, lengths = cells[0].vectors()
    result = np.full((len(lengths), column.length), np.nan, np.float32)
    starts = np.concatenate([[0], np.cumsum(np.maximum(lengths, 0))])
    for row, length in enumerate(lengths):
        if length == column.length:
            result[row] = flat[starts[row] : starts[row] + length]
        else:
            got = "no value" if length < 0 else f"{length} numbers"
            problems[row].append(f"{column.name} must have {column.length} numbers, got {got}")
    return result


def _flag_missing(name: str, missing: np.ndarray, feature: schema_pb2.Feature, problems: list[list[str]]) -> None:
    if feature.presence.min_fraction == 1.0:
        for row in np.flatnonzero(missing):
            problems[row].append(f"{name} must have a value, got none")


def _outside(values: np.ndarray, feature: schema_pb2.Feature) -> np.ndarray:
    """Returns which values lie outside the domain of a reviewed schema, bool [n]."""
    kind = feature.WhichOneof("domain_info")
    if kind not in ("int_domain", "float_domain"):
        return np.zeros(len(values), bool)
    domain = getattr(feature, kind)
    low = domain.min if domain.HasField("min") else -np.inf
    high = domain.max if domain.HasField("max") else np.inf
    return np.isfinite(values) & ((values < low) | (values > high))
