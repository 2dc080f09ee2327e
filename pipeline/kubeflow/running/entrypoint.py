"""What a container of the compiled pipeline runs: TFX's own entrypoint, between two translations.

TFX 1.21's entrypoint dies on what KFP 2.14 and newer hand over. Here the arguments are rewritten first, TFX runs the
step in this process, and its answer is rewritten for KFP's launcher. Exit codes are those of `mtl`: 2 the input must
change, 3 rejected by a gate, 1 a bug.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from components.objects.place import one_of
from components.shared.heavy_imports import heavy_imports
from components.shared.process_isolation import isolate_children
from pipeline.errors import InputError, MtlError
from pipeline.kubeflow.compiling.parameters import substitute
from pipeline.kubeflow.compiling.spec import BEAM, STEP
from pipeline.kubeflow.running.translation import FOLDERS, Json, artifacts, title, to_local, to_remote

# Where the launcher's folders are. KFP mounts them at the root; only an emulation of it puts them elsewhere.
ROOT = "MTL_LAUNCHER_ROOT"

# The property of an artifact that has no files and is meant to have none: an object store has no empty folders.
EMPTY = "empty"


def main() -> None:
    """Runs the step that the command line describes; an error made on purpose ends as one sentence."""
    isolate_children()
    try:
        run(sys.argv[1:])
    except MtlError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def run(arguments: Sequence[str]) -> None:
    """Runs one step.

    Args:
        arguments: TFX's: the executor, the `ExecutorInput` and the types of the inputs. Those of Beam are in the
            environment.

    Raises:
        MtlError: the step refuses its input or passes a verdict.
    """
    options, beam = _parser().parse_known_args(arguments)
    beam += json.loads(os.environ.get(BEAM, "[]"))
    executor, inputs_spec = options.executor_class_path, json.loads(options.json_serialized_inputs_spec_args)
    translation = to_local(json.loads(options.json_serialized_invocation_args), inputs_spec, os.environ.get(ROOT, "/"))
    executor_input = translation.executor_input
    inputs = executor_input.setdefault("inputs", {})
    inputs["parameterValues"] = substitute(os.environ.get(STEP, ""), inputs.get("parameterValues", {}))
    _require_inputs(artifacts(inputs))

    # GPU memory is taken as needed, not all at once; must stand before TensorFlow is imported.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    with heavy_imports():
        from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

        from pipeline.kubeflow.compiling.file_driver import drive
        from pipeline.kubeflow.compiling.types import is_file, register

    register(executor)
    outputs = artifacts(executor_input["outputs"])
    for artifact in outputs.values():
        path = Path(artifact["uri"])
        (path.parent if is_file(title(artifact)) else path).mkdir(parents=True, exist_ok=True)
    drive(executor, executor_input, inputs_spec)
    options.json_serialized_invocation_args = json.dumps(executor_input)
    kubeflow_v2_run_executor._run_executor(options, beam)

    output_file = Path(executor_input["outputs"]["outputFile"])
    answer = json.loads(output_file.read_text(encoding="utf-8"))
    _mark_empty(artifacts(answer), outputs)
    output_file.write_text(json.dumps(to_remote(answer, translation.remote)), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--executor_class_path", required=True)
    parser.add_argument("--json_serialized_invocation_args", required=True)
    parser.add_argument("--json_serialized_inputs_spec_args", default="{}")
    return parser


def _require_inputs(inputs: dict[str, Json]) -> None:
    """Makes the folder of each input that is meant to be empty.

    Raises:
        InputError: an input that should have files has none.
    """
    for key, artifact in inputs.items():
        path = Path(artifact["uri"])
        if path.exists():
            continue
        if not artifact["metadata"].get(EMPTY) and not _is_in_properties(artifact):
            raise InputError(
                f'The input "{key}" must have been copied to {path}, got nothing there. '
                f"See whether the step before wrote it, and whether its URI begins with {one_of(FOLDERS)}."
            )
        path.mkdir(parents=True)


def _mark_empty(answers: dict[str, Json], declared: dict[str, Json]) -> None:
    """Marks the outputs whose folders hold no file, in place."""
    for key, artifact in answers.items():
        path = Path(artifact["uri"])
        has_files = not path.is_dir() or any(child.is_file() for child in path.rglob("*"))
        if not has_files and not _is_in_properties(declared[key]):
            artifact.setdefault("metadata", {})[EMPTY] = 1


def _is_in_properties(artifact: Json) -> bool:
    """Returns whether an artifact is of one of KFP's own types, whose content may be all in its properties."""
    return title(artifact).startswith("system.")


if __name__ == "__main__":
    main()
