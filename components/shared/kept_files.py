"""Files that a later run or verb reads: replaced whole, and where one is damaged, a sentence that names it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from components.shared.durable_files import replacing
from components.shared.errors import InputError

Record = TypeVar("Record")

RUN_AGAIN = "Run again with --no-cache, which writes it again."
"""What helps where a step wrote the file."""


class Damaged(InputError):
    """A file does not hold what was written to it.

    Args:
        path: the file.
        got: what it holds instead.
        remedy: what to do.
    """

    def __init__(self, path: Path | str, got: str, remedy: str):
        super().__init__(f"{path} must hold what mtl wrote, got {got}. {remedy}")
        self.path = path
        self.got = got


def replace_text(path: Path, text: str) -> None:
    """Replaces a UTF-8 file; readers see the old or the new one, whole, also after a power cut."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(path: Path, values: Any, indent: int | None = None) -> None:
    """Replaces a JSON file, see `replace_text`."""
    replace_text(path, json.dumps(values, indent=indent))


def read_json(path: str | os.PathLike[str], remedy: str = RUN_AGAIN) -> dict[str, Any]:
    """Returns the object in a file.

    Args:
        path: the file.
        remedy: the sentence that says what to do if it is damaged.

    Raises:
        Damaged: there is none, or it is not the JSON of an object.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Damaged(file, f"none ({error.strerror})", remedy) from error
    if not content.strip():
        raise Damaged(file, "an empty file", remedy)
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Damaged(file, "a file that is no JSON", remedy) from error
    if not isinstance(values, dict):
        raise Damaged(file, f"a JSON {type(values).__name__}", remedy)
    return values


def record_of(path: Path | str, fields: dict[str, Any], kind: type[Record], remedy: str = RUN_AGAIN) -> Record:
    """Returns a dataclass of the fields that a file holds; fields that a newer mtl added are passed over.

    Args:
        path: the file, for messages.
        fields: the object in it.
        kind: the dataclass; those within it are made as well.
        remedy: the sentence that says what to do if it is damaged.

    Raises:
        Damaged: a field without a default is not there, or has another type.
    """
    try:
        return TypeAdapter(kind).validate_python(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Damaged(path, f"`{where}`: {first['msg'].lower()}", remedy) from error
