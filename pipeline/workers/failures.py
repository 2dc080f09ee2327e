"""What becomes of a Beam job that ends badly: one sentence where its engine, its workers or its input are at fault.

Beam raises a `RuntimeError` where the job failed, an error of gRPC where the job server is gone. What a worker raised
is in the text: its traceback, or its last line and `[while running 'a step of the job']`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc

from pipeline.config.runtime import LOCAL, Runtime
from pipeline.errors import InputError
from pipeline.workers.heartbeat import WorkersLost, heartbeat_arguments, watched

_TRACEBACK = "Traceback (most recent call last)"
_WHILE = " [while running '"
_RAISED = re.compile(rf"^([A-Za-z_][\w.]*): (.+?)(?:{re.escape(_WHILE)}.*)?$", re.M)
# What TensorFlow calls the errors of files, memory and network.
_OF_FILES = ("NotFoundError", "PermissionDeniedError", "ResourceExhaustedError", "UnavailableError")
_LONGEST = 300
_ATTEMPTS = 5


def reason(error: BaseException) -> str:
    """Returns the line of an error that says what went wrong; those of gRPC are many."""
    details = getattr(error, "details", None)
    text = str(details() if callable(details) else error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".")[:_LONGEST] if lines else type(error).__name__


def engine_in_words(runtime: Runtime) -> str:
    """Returns the engine as sentences name it."""
    place = f" at {runtime.endpoint}" if runtime.endpoint else ""
    several = f" with {runtime.workers} processes" if runtime.engine == LOCAL and runtime.workers > 1 else ""
    return f"the engine {runtime.engine}{place}{several}"


def explained(error: Exception, step: str, runtime: Runtime) -> InputError | None:
    """Returns the sentence of an error that a Beam step raised, None where it is no fault of engine or input.

    Args:
        error: what the step raised.
        step: its name.
        runtime: the section `runtime`.
    """
    text, got = str(error), reason(error)
    if _TRACEBACK in text or _WHILE in text:
        # In this process Beam raises an exception of the same class again, where that takes one text.
        raised = _RAISED.findall(f"{type(error).__module__}.{type(error).__name__}: {text}\n{text}")
        if told := [message for name, message in raised if issubclass(_class(name), InputError)]:
            return InputError(told[-1])
        of_the_machine = [f"{name.rpartition('.')[2]}: {message}" for name, message in raised if _is_of_a_machine(name)]
        if not of_the_machine:
            return None
        got = of_the_machine[-1][:_LONGEST]
    elif not _is_of_the_job(error):
        return error if isinstance(error, InputError) else None
    remedy = "See the logs of the engine and of its workers"
    if runtime.engine == LOCAL and runtime.workers > 1:
        remedy = "Where the memory is too small for them, lower runtime.workers"
    return InputError(
        f'The job of {step} must end well on {engine_in_words(runtime)}, got "{got}". {remedy}; the next run continues '
        "from the steps that are done."
    )


def _is_of_a_machine(name: str) -> bool:
    """Returns whether an exception of this name is about the machine: no such folder, no room, no right to write."""
    return issubclass(_class(name), (OSError, MemoryError)) or name.rpartition(".")[2] in _OF_FILES


def _class(name: str) -> type[BaseException]:
    """Returns the exception of a name in a traceback; `Exception` where it is not known here."""
    module, _, last = name.rpartition(".")
    found = getattr(sys.modules.get(module or "builtins"), last, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else Exception


def _is_of_the_job(error: Exception) -> bool:
    """Returns whether an error came while Beam ran a job, and from there."""
    if isinstance(error, (WorkersLost, grpc.RpcError, grpc.FutureTimeoutError)):
        return True
    if not isinstance(error, RuntimeError):
        return False
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__")).startswith("apache_beam.runners") for frame, _ in frames)


@contextlib.contextmanager
def jobs_explained(runtime: Runtime) -> Iterator[None]:
    """Raises the sentence of `explained` where a Beam step fails or its workers are lost, while the block lasts.

    Args:
        runtime: the section `runtime`.
    """
    from tfx.orchestration.portable import outputs_utils
    from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
    from tfx.proto.orchestration.placeholder_pb2 import PlaceholderExpression

    run_executor = BeamExecutorOperator.run_executor
    remove = outputs_utils.remove_output_dirs

    def remove_patiently(outputs: Mapping[str, Sequence[Any]]) -> None:
        try:
            remove(outputs)
        except OSError:  # a worker that is left writes into a folder while it is removed
            for artifact in (artifact for artifacts in outputs.values() for artifact in artifacts):
                _remove(artifact.uri)

    def run_and_explain(self: Any, execution_info: Any, *arguments: Any, **named: Any) -> Any:
        watch: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        if runtime.engine != LOCAL:
            signs = Path(execution_info.tmp_dir) / "heartbeats"
            for argument in heartbeat_arguments(signs):
                expression = PlaceholderExpression()
                expression.value.string_value = argument
                self.beam_pipeline_args.append(expression)
            watch = watched(signs)
        try:
            with watch:
                return run_executor(self, execution_info, *arguments, **named)
        except Exception as error:
            sentence = explained(error, execution_info.pipeline_node.node_info.id, runtime)
            if sentence is None or sentence is error:
                raise
            raise sentence from error

    BeamExecutorOperator.run_executor = run_and_explain
    outputs_utils.remove_output_dirs = remove_patiently
    try:
        yield
    finally:
        BeamExecutorOperator.run_executor = run_executor
        outputs_utils.remove_output_dirs = remove


def _remove(folder: str) -> None:
    """Removes a folder that a worker may still write to; what stays of it belongs to no artifact."""
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(1)
