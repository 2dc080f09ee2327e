"""The last check before a push: load the model in a fresh process and score real rows in every way.

The process imports TensorFlow alone, as a server does: a model that needs the training code, an
uninitialised table or a missing asset fails here and not in production. Rows are scored by the signatures
`serving_default` (serialized tf.Example) and `predict` (one tensor per raw column), by `predict` on one row,
and by `predict` through the graph and names of the signature map, which is what TensorFlow Serving runs.

    python -m components.pusher.smoke_test MODEL_DIR ROWS.json

prints one line of JSON: figures and exit code 0, or `problems` and exit code 3. ROWS.json is a list of
objects, raw column name -> number, string, list of numbers or null (missing); a list may have nulls in it.

What both signatures must return for n rows and K classes:

    regression_output      float32 [n, 1]   in the user's units; float64, as its bounds, where 32 bits are too few
    classification_output  float32 [n, K]   probabilities
    predicted_class        string  [n]
    class_probability      float32 [n]      of the predicted class
    regression_lower       float32 [n, 1]   bounds of the number's interval: both or neither
    regression_upper       float32 [n, 1]

What `predict` takes: strings [n] with "" for missing, numbers [n] with NaN for missing, vectors [n, k].
`assets.extra/columns.json`, or the key `columns` of `model.json` or `mtl.json` beside it, lists them as
{"name": raw column, "input": argument of the signature, "kind": INT | FLOAT | BYTES | VECTOR, "length": k}.
Without such a list the arguments are taken for the columns, and their types for the kinds.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.shared.errors import Rejected
from components.shared.heavy_imports import heavy_imports
from components.shared.process_isolation import isolated

TOLERANCE = 1e-5
"""Largest difference between two ways of asking, relative to the largest value of that output over all rows."""

_OUTPUTS = ("regression_output", "classification_output", "predicted_class", "class_probability")
_BOUNDS = ("regression_lower", "regression_upper")

Row = Mapping[str, Any]
Outputs = dict[str, np.ndarray]


class Unservable(Rejected):
    """The model cannot be loaded, or answers wrongly, in a process of its own."""


def check_in_fresh_process(
    model_dir: str | os.PathLike[str], rows_file: str | os.PathLike[str], timeout: float = 600
) -> dict[str, Any]:
    """Runs `smoke` in a new Python process on the CPU.

    Args:
        model_dir: the SavedModel.
        rows_file: JSON file of the rows to score, see the module's docstring.
        timeout: seconds after which the model counts as unservable.

    Returns:
        The figures of `smoke`.

    Raises:
        Unservable: with one sentence for each thing that is wrong.
    """
    # The training process may hold the whole accelerator; one batch needs none.
    environment = isolated(os.environ) | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-P", "-m", "components.pusher.smoke_test", os.fspath(model_dir), os.fspath(rows_file)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Unservable([f"The model must answer within {timeout:g} seconds of its start, got no answer."]) from None
    try:
        result = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Unservable(
            [f"The model must load in a fresh process, got exit code {done.returncode}: {last}."]
        ) from None
    if "problems" in result:
        raise Unservable(result["problems"])
    return dict(result)


def smoke(model_dir: Path, rows: Sequence[Row]) -> dict[str, Any]:
    """Loads a SavedModel and scores rows with it; see the module's docstring for what it must do.

    Returns:
        `rows`, `classes`, `load_seconds`, `row_milliseconds` (one row by `predict`, warm) and
        `largest_difference` between the ways of asking (relative).

    Raises:
        Unservable: with the first thing that is wrong.
    """
    with heavy_imports():
        import tensorflow as tf

    if not rows:
        raise Unservable(["The rows to check the model with must be one or more, got none. Give some eval rows."])
    started = time.perf_counter()
    try:
        model = tf.saved_model.load(str(model_dir))
    except Exception as error:  # whatever is broken in the model ends up here
        raise Unservable([f"The model must load in a fresh process, got {_short(error)}."]) from error
    load_seconds = time.perf_counter() - started
    if missing := [name for name in ("serving_default", "predict") if name not in model.signatures]:
        found = ", ".join(model.signatures) or "none"
        raise Unservable([f"The model must have the signature `{missing[0]}`, got {found}. Export it anew."])
    columns = _columns(model_dir, model.signatures["predict"])
    inputs = {column.input: column.tensor(rows) for column in columns}
    examples = tf.constant([_example(columns, row) for row in rows])
    first = {name: tf.constant(value[:1]) for name, value in inputs.items()}

    by_example = _ask("serving_default", lambda: model.signatures["serving_default"](examples=examples))
    by_column = _ask("predict", lambda: model.signatures["predict"](**{k: tf.constant(v) for k, v in inputs.items()}))
    one_row = _ask("predict", lambda: model.signatures["predict"](**first))
    served = _ask("predict", lambda: _serve(model_dir, columns, inputs))
    started = time.perf_counter()
    _ask("predict", lambda: model.signatures["predict"](**first))
    row_milliseconds = 1000 * (time.perf_counter() - started)

    bounds = _BOUNDS if {*by_example, *by_column} & {*_BOUNDS} else ()
    _check_outputs("serving_default", by_example, len(rows), bounds)
    _check_outputs("predict", by_column, len(rows), bounds)
    differences = [
        _difference("`predict` and `serving_default`", by_example, by_column),
        _difference("`predict` of one row and of many", one_row, by_column),
        _difference("`predict` in Python and in Serving", served, by_column),
    ]
    return {
        "rows": len(rows),
        "classes": by_column["classification_output"].shape[1],
        "load_seconds": round(load_seconds, 3),
        "row_milliseconds": round(row_milliseconds, 3),
        "largest_difference": max(differences),
    }


@dataclass(frozen=True)
class _Column:
    """One raw column: its name, the argument of `predict` that takes it, and how it is encoded."""

    name: str
    input: str
    kind: str
    length: int
    dtype: np.dtype

    def tensor(self, rows: Sequence[Row]) -> np.ndarray:
        """Returns the column of all rows, [n] or [n, length], as `predict` wants it."""
        values = [self._value(row) for row in rows]
        if self.kind == "BYTES":
            return np.array(["" if value is None else value for value in values], dtype=object)
        if self.kind == "VECTOR":
            blank = [math.nan] * self.length
            return np.array([blank if value is None else value for value in values], dtype=self.dtype)
        numbers = np.array([math.nan if value is None else value for value in values], dtype=np.float64)
        return numbers.astype(self.dtype)

    def feature(self, row: Row) -> Any:
        """Returns the tf.train.Feature of one row; a missing value is an empty one."""
        from tensorflow import train

        value = self._value(row)
        if value is None:
            return train.Feature()
        if self.kind == "BYTES":
            return train.Feature(bytes_list=train.BytesList(value=[value.encode()]))
        if self.kind == "INT":
            return train.Feature(int64_list=train.Int64List(value=[value]))
        return train.Feature(float_list=train.FloatList(value=value if self.kind == "VECTOR" else [value]))

    def _value(self, row: Row) -> Any:
        """Returns a row's value as both ways can say it, None where it is missing.

        A tf.Example holds 32 bits of a number and 64 of a whole one, a column of `predict` 64 bits of a number: the
        two must be asked for the same row.
        """
        value = row.get(self.name)
        if self.kind == "VECTOR":
            return None if value is None else [math.nan if part is None else float(np.float32(part)) for part in value]
        if self.kind == "BYTES":
            return None if value is None else str(value) or None
        if value is None or not math.isfinite(value):
            return None
        if self.kind == "INT":
            whole = int(float(value))
            return whole if abs(whole) < 2**63 else None
        return float(np.float32(value))


def _columns(model_dir: Path, predict: Any) -> list[_Column]:
    """Returns the columns that the model says it takes, each bound to an argument of `predict`."""
    arguments = predict.structured_input_signature[1]
    listed: list[dict[str, Any]] = []
    for name in ("columns.json", "model.json", "mtl.json"):
        file = model_dir / "assets.extra" / name
        if not listed and file.is_file():
            content = json.loads(file.read_text(encoding="utf-8"))
            listed = content if isinstance(content, list) else content.get("columns", [])
    listed = listed or [{"name": name, "input": name} for name in arguments]
    if strange := {column["input"] for column in listed} ^ set(arguments):
        raise Unservable([f"The listed columns must be the inputs of `predict`, got `{min(strange)}` in one alone."])
    columns = []
    for column in listed:
        spec = arguments[column["input"]]
        length = column.get("length") or (spec.shape[1] if spec.shape.rank == 2 else 1)
        guess = "BYTES" if spec.dtype.name == "string" else "VECTOR" if spec.shape.rank == 2 else "FLOAT"
        columns.append(
            _Column(
                column["name"],
                column["input"],
                column.get("kind", guess),
                int(length),
                spec.dtype.as_numpy_dtype,
            )
        )
    return columns


def _example(columns: Sequence[_Column], row: Row) -> bytes:
    from tensorflow import train

    features = train.Features(feature={column.name: column.feature(row) for column in columns})
    return bytes(train.Example(features=features).SerializeToString())


def _ask(signature: str, call: Any) -> Outputs:
    """Calls a signature; whatever it raises becomes one sentence."""
    try:
        return {name: np.asarray(value) for name, value in call().items()}
    except Exception as error:  # any error of the model's graph means the same: it cannot be served
        raise Unservable([f"The signature `{signature}` must score the rows, got {_short(error)}."]) from error


def _serve(model_dir: Path, columns: Sequence[_Column], inputs: Mapping[str, np.ndarray]) -> Outputs:
    """Scores by the graph and names of the signature map, which may be raw column names, as Serving does."""
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], str(model_dir))
        signature = graph.signature_def["predict"]
        raw = set(signature.inputs) == {column.name for column in columns}
        feeds = {
            signature.inputs[column.name if raw else column.input].name: inputs[column.input] for column in columns
        }
        return dict(session.run({name: info.name for name, info in signature.outputs.items()}, feeds))


def _check_outputs(signature: str, outputs: Outputs, rows: int, bounds: tuple[str, ...]) -> None:
    """Raises Unservable where the outputs of one signature break the contract."""

    def must(holds: bool, what: str, constraint: str, got: object) -> None:
        if not holds:
            raise Unservable([f"{what} of `{signature}` must be {constraint}, got {got}."])

    for name in (*_OUTPUTS, *bounds):
        must(name in outputs, f"`{name}`", "among the outputs", ", ".join(sorted(outputs)))
    classes = outputs["classification_output"].shape[-1]
    shapes = dict(zip(_OUTPUTS, [(rows, 1), (rows, classes), (rows,), (rows,)], strict=True))
    shapes |= dict.fromkeys(bounds, (rows, 1))
    for name, shape in shapes.items():
        must(outputs[name].shape == shape, f"`{name}`", f"shaped {list(shape)}", list(outputs[name].shape))
        if name != "predicted_class":
            values = outputs[name]
            must(bool(np.isfinite(values).all()), f"`{name}`", "finite", values[~np.isfinite(values)][:1])
    if bounds:
        lower, upper = (outputs[name] for name in bounds)
        crossed = lower > upper
        got = f"{lower[crossed][:1]} above {upper[crossed][:1]}"
        must(not crossed.any(), "`regression_lower`", "at most `regression_upper`", got)
    probabilities = outputs["classification_output"].astype(np.float64)
    low, high = probabilities.min(), probabilities.max()
    must(low >= 0 and high <= 1 + TOLERANCE, "The probabilities", "from 0 to 1", f"{low:g} to {high:g}")
    sums = probabilities.sum(axis=1)
    worst = sums[np.argmax(np.abs(sums - 1))]
    must(abs(worst - 1) <= 1e-4, "The probabilities of a row", "summing to 1", f"{worst:g}")
    gap = np.abs(outputs["class_probability"] - probabilities.max(axis=1)).max()
    must(gap <= TOLERANCE, "`class_probability`", "the highest probability", f"one that differs by {gap:g}")


def _difference(ways: str, one: Outputs, all_rows: Outputs) -> float:
    """Returns the largest relative difference of two answers to the same first rows; raises if too large."""
    largest = 0.0
    other = {name: values[: len(one[name])] for name, values in all_rows.items()}
    for name in ("regression_output", "classification_output", *(name for name in _BOUNDS if name in all_rows)):
        difference = np.abs(one[name].astype(np.float64) - other[name])
        # One row's own value may be near zero by chance, where rounding is as large as elsewhere.
        largest = max(largest, float(difference.max() / max(float(np.abs(all_rows[name]).max()), 1e-30)))
        if largest > TOLERANCE:
            row = int(difference.max(axis=1).argmax())
            raise Unservable(
                [
                    f"{ways} must agree within {TOLERANCE:g} in `{name}`, "
                    f"got {one[name][row].tolist()} and {other[name][row].tolist()} for row {row}."
                ]
            )
    top = np.sort(other["classification_output"], axis=1)
    clear = top[:, -1] - top[:, -2:-1].max(axis=1, initial=0) > 2 * TOLERANCE  # a tie may fall either way
    if (unequal := clear & (one["predicted_class"] != other["predicted_class"])).any():
        row = int(unequal.argmax())
        pair = f"{one['predicted_class'][row]!r} and {other['predicted_class'][row]!r}"
        raise Unservable([f"{ways} must agree in `predicted_class`, got {pair} for row {row}."])
    return largest


def _short(error: Exception) -> str:
    """Returns the type and first line of an error, without the full stop."""
    line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {line[:300]}".rstrip(" .:")


def main(arguments: Sequence[str]) -> int:
    """Runs the check of the command line; the result is the last line of the standard output."""
    model_dir, rows_file = arguments
    try:
        result = smoke(Path(model_dir), json.loads(Path(rows_file).read_text(encoding="utf-8")))
    except Rejected as rejected:
        print(json.dumps({"problems": rejected.problems}))
        return rejected.exit_code
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
