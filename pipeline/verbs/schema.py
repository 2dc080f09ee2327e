"""The life of a reviewed schema: written from the data, compared with it, and brought up to date."""

from __future__ import annotations

import itertools
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.schema_gen.changes import Change, changes
from components.schema_gen.curation import remove_companions
from components.schema_gen.schema_file import read_schema
from components.shared.file_names import SCHEMA
from pipeline.config.resolve import Resolved
from pipeline.config.run import Config
from pipeline.errors import InputError
from pipeline.runs.record import Run, read_runs, warn_of_unreadable

_HEADER = """\
# The schema of {path}, to be reviewed: a Schema of TensorFlow Metadata in text format.
# data.schema_file names this file in the configuration; `mtl schema diff` compares it with the data.
"""


def infer(resolved: Resolved, target: Path) -> None:
    """Writes the schema that the data suggests.

    Raises:
        InputError: the file is there already, or the data cannot be read.
    """
    if target.exists():
        raise InputError(
            f"The file to write must not exist, got {target}. Compare with `mtl schema diff`, or name another."
        )
    schema = _inferred(resolved)
    _write(target, schema, _HEADER.format(path=resolved.config.data.path))


def diff(resolved: Resolved) -> list[Change]:
    """Returns what differs between the reviewed schema and the data.

    Raises:
        InputError: there is no reviewed schema, or it or the data cannot be read.
    """
    config = resolved.config
    return changes(read_schema(_file(config)), _inferred(resolved), config.labels.training_only)


def accept(resolved: Resolved) -> list[Change]:
    """Brings `data.schema_file` up to date, and returns what was changed.

    Where the file is not there yet, it becomes the schema of the newest run.

    Raises:
        InputError: no file is configured, or there is neither a file nor a run.
    """
    path = _file(resolved.config)
    if not path.exists():
        _write(path, _newest(resolved.config), _HEADER.format(path=resolved.config.data.path))
        return []
    found = diff(resolved)
    if found:
        schema = read_schema(path)
        for change in found:
            change.apply(schema)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        _write(path, schema, "".join(itertools.takewhile(lambda line: line.startswith("#"), lines)))
    return found


def _file(config: Config) -> Path:
    if config.data.schema_file is None:
        raise InputError(
            "data.schema_file must name the reviewed schema, got nothing. "
            "Write one with `mtl schema infer FILE`, and set it."
        )
    return Path(config.data.schema_file)


def _inferred(resolved: Resolved) -> schema_pb2.Schema:
    """Returns the schema of the data as if none had been reviewed; ingest and statistics come from the cache."""
    from pipeline.local.runner import run

    data = resolved.config.data.model_copy(update={"schema_file": None})
    config = resolved.config.model_copy(update={"data": data})
    record = run(Resolved(config, resolved.origins), until="SchemaGen")
    return _of(record)


def _newest(config: Config) -> schema_pb2.Schema:
    warn_of_unreadable([config.output])
    runs = [run for run in read_runs(config.output) if run.artifact("SchemaGen", "schema")]
    if not runs:
        raise InputError(
            f"There must be a run to accept the schema of, got none in {config.output}. "
            "Use `mtl schema infer FILE`, or `mtl run` without data.schema_file."
        )
    return _of(runs[-1])


def _of(record: Run) -> schema_pb2.Schema:
    folder = record.artifact("SchemaGen", "schema")
    assert folder is not None, "only a run that came as far is asked"
    schema = read_schema(Path(folder) / SCHEMA)
    remove_companions(schema)  # they follow from the data, and are nobody's to review
    return schema


def _write(path: Path, schema: schema_pb2.Schema, header: str) -> None:
    try:
        path.write_text(header + text_format.MessageToString(schema, as_utf8=True), encoding="utf-8")
    except OSError as error:
        raise InputError(f"The schema must go to a file that can be written, got {path} ({error.strerror}).") from error
