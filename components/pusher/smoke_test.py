"""The last check before a push: load the model in a fresh process and score real rows in every way.

The process imports TensorFlow alone, as a server does: a model that needs the training code, an
uninitialised table or a missing asset fails here and not in production. Rows are scored by the signatures
`serving_default` (serialized tf.Example) and `predict` (one tensor per raw column), by `predict` on one row,
and by `predict` through the graph and names of the signature map, which is what TensorFlow Serving runs.
`calling` asks; `comparing` says what both signatures must return.

    python -m components.pusher.smoke_test [MODEL_DIR ROWS.tfrecord]

imports TensorFlow, reads the two as JSON from one line of the standard input where they are left out, and prints one
line of JSON: figures and exit code 0, or `problems` and exit code 3. ROWS.tfrecord holds serialized tf.Examples, as the
ingest wrote them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.pusher.calling import LoadedModel
from components.pusher.comparing import bounds_in, check_outputs, largest_difference
from components.pusher.request import request_of
from components.pusher.unservable import Unservable
from components.shared.errors import Rejected
from components.shared.heavy_imports import heavy_imports
from components.shared.process_isolation import isolated

_prepared: subprocess.Popen[str] | None = None


def prepare() -> None:
    """Starts the process of the next `check_in_fresh_process`, which imports TensorFlow while other work is done.

    It waits for its model as long as this process lives, or until `discard`.
    """
    global _prepared
    _prepared = _prepared or _started()


def discard() -> None:
    """Ends the process that `prepare` started, if it has not been needed."""
    global _prepared
    process, _prepared = _prepared, None
    if process is not None:
        process.kill()
        process.communicate()


def check_in_fresh_process(
    model_dir: str | os.PathLike[str], rows_file: str | os.PathLike[str], timeout: float = 600
) -> dict[str, Any]:
    """Runs `smoke` in a new Python process on the CPU.

    Args:
        model_dir: the SavedModel.
        rows_file: TFRecord file of the rows to score, see the module's docstring.
        timeout: seconds after which the model counts as unservable.

    Returns:
        The figures of `smoke`.

    Raises:
        Unservable: with one sentence for each thing that is wrong.
    """
    global _prepared
    process, _prepared = _prepared or _started(), None
    try:
        said, complaints = process.communicate(json.dumps([os.fspath(model_dir), os.fspath(rows_file)]), timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Unservable([f"The model must answer within {timeout:g} seconds of its start, got no answer."]) from None
    try:
        result = json.loads(said.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        last = (complaints.strip().splitlines() or ["no message"])[-1]
        raise Unservable(
            [f"The model must load in a fresh process, got exit code {process.returncode}: {last}."]
        ) from None
    if "problems" in result:
        raise Unservable(result["problems"])
    return dict(result)


def _started() -> subprocess.Popen[str]:
    # The training process may hold the whole accelerator; one batch needs none.
    environment = isolated(os.environ) | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-P", "-m", "components.pusher.smoke_test"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def smoke(model_dir: Path, examples: Sequence[bytes]) -> dict[str, Any]:
    """Loads a SavedModel and scores rows with it; see `comparing` for what it must answer.

    Args:
        model_dir: the SavedModel.
        examples: the rows, serialized tf.Examples.

    Returns:
        `rows`, `classes`, `load_seconds`, `row_milliseconds` (one row by `predict`, warm) and
        `largest_difference` between the ways of asking (relative).

    Raises:
        Unservable: with the first thing that is wrong.
    """
    if not examples:
        raise Unservable(["The rows to check the model with must be one or more, got none. Give some eval rows."])
    model = LoadedModel(model_dir)
    request = request_of(examples, model.columns, model.types)
    by_example = model.by_example(request.examples)
    by_column = model.by_column(request.columns)
    one_row = model.by_column(request.first())
    served = model.in_serving(request.columns)
    started = time.perf_counter()
    model.by_column(request.first())
    row_milliseconds = 1000 * (time.perf_counter() - started)

    bounds = bounds_in(by_example, by_column)
    check_outputs("serving_default", by_example, len(examples), bounds)
    check_outputs("predict", by_column, len(examples), bounds)
    differences = [
        largest_difference("`predict` and `serving_default`", by_example, by_column),
        largest_difference("`predict` of one row and of many", one_row, by_column),
        largest_difference("`predict` in Python and in Serving", served, by_column),
    ]
    return {
        "rows": len(examples),
        "classes": by_column["classification_output"].shape[1],
        "load_seconds": round(model.load_seconds, 3),
        "row_milliseconds": round(row_milliseconds, 3),
        "largest_difference": max(differences),
    }


def main(arguments: Sequence[str]) -> int:
    """Runs the check that is asked for; the result is the last line of the standard output."""
    with heavy_imports():
        import tensorflow  # noqa: F401
    if not arguments:
        line = sys.stdin.readline()
        if not line:
            return 0  # whoever started it has no model after all
        arguments = json.loads(line)
    model_dir, rows_file = arguments
    try:
        result = smoke(Path(model_dir), _read(rows_file))
    except Rejected as rejected:
        print(json.dumps({"problems": rejected.problems}))
        return rejected.exit_code
    print(json.dumps(result))
    return 0


def _read(rows_file: str) -> list[bytes]:
    import tensorflow as tf

    from components.shared.untuned_datasets import untuned

    return list(untuned(tf.data.TFRecordDataset(rows_file)).as_numpy_iterator())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
