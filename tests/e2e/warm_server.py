"""A process that has imported TensorFlow and TFX, and forks itself for every command.

It reads one request a line from its standard input, a JSON object with the `arguments` of `mtl`, the `folder` to run
in, the `environment`, and the files `out` and `err` to write to. It answers each with one line: the exit code, negative
for a signal, as `subprocess` has it. At the end of its input it ends.

The parent starts no TensorFlow runtime and imports nothing of this project, so that a fork is as good as a new process:
the child imports the command from where PYTHONPATH says, and ends as every Python program ends.
"""

import gc
import json
import os
import sys
import tempfile

# What a whole run has imported at its end. TensorFlow's runtime, and with it its threads, start at the first operation.
PRELOADED = (
    *("apache_beam.runners.portability.portable_runner", "keras", "pandas", "pyarrow.csv", "pyarrow.parquet"),
    *("pydantic.dataclasses", "pydantic.main", "rich.progress", "sklearn.metrics", "tensorboard.summary", "tensorflow"),
    *("tfx.components", "tfx.dsl.component.experimental.decorators", "tfx.orchestration.local.local_dag_runner"),
)
OURS = ("components", "data", "pipeline")


def preload() -> list[str]:
    """Imports what takes long and returns the folders in which modules are looked for when PYTHONPATH names none."""
    gc.disable()
    for name in PRELOADED:
        __import__(name)
    loaded = [name for name in sys.modules if name.partition(".")[0] in OURS]
    assert not loaded, f"a command must import its own code, got {loaded} loaded already"
    gc.freeze()
    gc.enable()
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [entry for entry in sys.path[1:] if entry not in named]


def become(command: dict, path: list[str]) -> None:
    """Turns this process into that of a command: files, folder, environment, arguments."""
    for descriptor, (file, flags) in enumerate(
        (
            (os.devnull, os.O_RDONLY),
            (command["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            (command["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        )
    ):
        opened = os.open(file, flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    tempfile.tempdir = None  # TMPDIR may be another
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [entry for entry in named if entry] + path
    sys.argv[:] = ["mtl", *command["arguments"]]


def main() -> None:
    """Serves requests; in a child, runs the command."""
    path = preload()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            become(json.loads(line), path)
            from pipeline.cli.main import main as mtl

            sys.exit(mtl())
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
