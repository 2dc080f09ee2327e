"""What the production model says about rows that were read for another one, and how fair it is to compare the two.

It is asked as its users ask it, by raw columns and its own manifest: a column of whole numbers that has become one of
decimals, or of text, is converted. Reading the new examples by its old specification would fail there.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.evaluator.analysis.rows import Incumbent, Predictions
from components.evaluator.scoring import ServingModel
from components.example_gen.examples.reader import read_examples
from components.example_gen.splitting.split_record import Record
from components.model_format.manifest import InputColumn, Manifest
from components.pusher.provenance import spoken
from components.shared.file_names import EXTRA, SEEN
from components.shared.splits import EVAL, split_folder

_UNKNOWN = "It is not known which of these rows the production model has seen: it is of the time before that was noted."
_FACTOR = 100  # medians this far apart are hardly those of one unit


class UnusableColumnError(ValueError):
    """A column that the production model needs is not there as it needs it; the message is a clause."""


@dataclass(frozen=True)
class Knowledge:
    """What is known of the production model in a comparison; the fields are those of `Incumbent`."""

    seen: np.ndarray | None
    remarks: tuple[str, ...]
    doubts: dict[str, str]


def ask(model_dir: Path, examples: str, schema: bytes, candidate: Manifest) -> Incumbent | None:
    """Asks the production model about the eval rows.

    Args:
        model_dir: its folder; None is returned where there is none.
        examples: root of the Examples artifact.
        schema: the serialized schema in force.
        candidate: manifest of the new model.
    """
    manifest = meet(model_dir, candidate)
    if manifest is None:
        return None
    if isinstance(manifest, str):
        return Incumbent(manifest)
    try:
        predictions = score(ServingModel(model_dir), Path(split_folder(examples, EVAL)), schema)
    except Exception as error:
        return Incumbent(silence(error))
    known = knowledge(model_dir, examples, manifest, candidate)
    return Incumbent(predictions, known.seen, known.remarks, known.doubts)


def meet(model_dir: Path, candidate: Manifest) -> Manifest | str | None:
    """Returns the production model's manifest, a clause that says why it is not asked, None where there is none."""
    if not model_dir.is_dir():
        return None
    try:
        manifest = Manifest.read(model_dir)
    except Exception as error:
        return silence(error)
    ours, theirs = ((one.regression, one.classification) for one in (candidate, manifest))
    return manifest if ours == theirs else f"it predicts {spoken(theirs)}"


def silence(error: Exception) -> str:
    """Returns the clause that says why the production model says nothing.

    Whatever the error is, a model that cannot be asked must not block a sound one.
    """
    if isinstance(error, UnusableColumnError):
        return str(error)
    traceback.print_exception(error)  # into the log
    return "it cannot be loaded or does not answer here; the log says more"


def knowledge(model_dir: Path, examples: str, manifest: Manifest, candidate: Manifest) -> Knowledge:
    """Returns which eval rows the production model has seen, and what makes its comparison doubtful."""
    path = model_dir / EXTRA / SEEN
    seen = Record.from_bytes(path.read_bytes()).seen(examples) if path.exists() else None
    return Knowledge(seen, () if seen is not None else (_UNKNOWN,), _other_unit(manifest, candidate))


def score(model: ServingModel, folder: Path, schema: bytes) -> Predictions:
    """Scores one split of raw examples with a model that was made for others, some thousand rows at a time.

    Args:
        model: the production model.
        folder: the split.
        schema: the serialized schema in force, for the examples.

    Raises:
        UnusableColumnError: a column is gone, or holds what cannot be converted to what the model reads.
    """
    decoder = ExamplesToRecordBatchDecoder(schema)
    return Predictions.joined(
        [answer(model, decoder.DecodeBatch(examples.tolist())) for examples in read_examples(folder)]
    )


def answer(model: ServingModel, batch: pa.RecordBatch) -> Predictions:
    """Scores decoded examples; see `score`."""
    found = model.predict_columns({column.name: _converted(batch, column) for column in model.manifest.columns})
    return replace(found, bounds=None)  # its intervals are not compared


def _converted(batch: pa.RecordBatch, column: InputColumn) -> np.ndarray:
    """Returns a column as the `predict` signature takes it."""
    place = batch.schema.get_field_index(column.name)
    if place < 0:
        raise UnusableColumnError(f'it reads the column "{column.name}", which is no feature any more')
    values: Any = batch.column(place)
    if pa.types.is_null(values.type):  # no row of the batch has a value
        values = pa.nulls(len(values), pa.list_(pa.float32()))
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    if column.kind == "VECTOR":
        return _vector(values, lengths, column)
    if lengths.max(initial=0) > 1:
        raise UnusableColumnError(f'it reads one value in "{column.name}", which holds lists of {lengths.max()} now')
    present = lengths == 1
    flat = values.flatten()
    if column.kind == "BYTES":
        texts = np.full(len(present), "", object)
        texts[present] = _texts(flat)
        return texts
    numbers = np.full(len(present), np.nan)
    numbers[present] = _numbers(flat, column)
    if column.kind == "INT":
        numbers[numbers != np.rint(numbers)] = np.nan
    return numbers


def _vector(values: Any, lengths: np.ndarray, column: InputColumn) -> np.ndarray:
    wrong = lengths[(lengths > 0) & (lengths != column.length)]
    if len(wrong) or pa.types.is_large_binary(values.type.value_type) or pa.types.is_binary(values.type.value_type):
        found = f"lists of {wrong[0]}" if len(wrong) and wrong[0] > 1 else "single values"
        raise UnusableColumnError(
            f'it reads lists of {column.length} numbers in "{column.name}", which holds {found} now'
        )
    matrix = np.full((len(lengths), column.length), np.nan, np.float32)
    flat = values.flatten().cast(pa.float32(), safe=False)
    matrix[lengths > 0] = flat.to_numpy(zero_copy_only=False).reshape(-1, column.length)
    return matrix


def _texts(flat: Any) -> list[str]:
    """Returns values as texts; a whole number is written without a point, as a table of whole numbers has it."""
    if pa.types.is_floating(flat.type):
        short = flat.to_numpy(zero_copy_only=False)
        return [str(int(value)) if value.is_integer() else str(value) for value in short]
    return flat.cast(pa.large_string()).to_pylist()


def _numbers(flat: Any, column: InputColumn) -> np.ndarray:
    """Returns values as float64, NaN for a text that is no number."""
    if pa.types.is_floating(flat.type) or pa.types.is_integer(flat.type):
        return flat.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    texts = flat.cast(pa.large_string()).to_pylist()
    numbers = np.array([_number(text) for text in texts])
    if len(texts) and np.isnan(numbers).all():
        raise UnusableColumnError(
            f'it reads numbers in "{column.name}", which holds text now, such as "{texts[0][:40]}"'
        )
    return numbers


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _other_unit(pushed: Manifest, candidate: Manifest) -> dict[str, str]:
    """Returns a sentence where the regression label's medians are so far apart that its unit may be another."""
    before, now = abs(pushed.train.median), abs(candidate.train.median)
    if not (before and now) or 1 / _FACTOR < now / before < _FACTOR:
        return {}
    return {
        "regression": f'The median of "{candidate.regression}" was {pushed.train.median:.4g} when the production model '
        f"was trained and is {candidate.train.median:.4g} now: if its unit has changed, the two cannot be compared."
    }
