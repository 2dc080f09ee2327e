"""What every JSON file between steps has in common: one frozen dataclass, its file's name and its format's number.

@dataclass(frozen=True)
class Account(JsonFile, file="account.json", format=2):
    rows: int

    @classmethod
    def upgraded(cls, fields, format):  # only if files of format 1 are still to be read
        return {"rows": fields["count"]}

Account(3).write(folder)
Account.read(folder).rows  # 3
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, ClassVar, Self

from components.shared.errors import InputError
from components.shared.kept_files import RUN_AGAIN, read_json, record_of, replace_text


class JsonDocument:
    """Base of a dataclass that is kept as a JSON object with the number of its format, wherever that lies.

    A field is a JSON value, another dataclass, or a list, tuple or mapping of these; NaN and infinity have no place in
    JSON and are refused.
    """

    FORMAT: ClassVar[int]
    """Number of the format, written as `format`. It rises where a field changes its meaning, its name or its type; a
    new field with a default needs no new number. A document without the number is of format 1."""
    INDENT: ClassVar[int | None] = 1
    """Spaces of indentation; None for one line, where nobody reads the document by eye."""

    def __init_subclass__(cls, format: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.FORMAT = format

    def to_dict(self) -> dict[str, Any]:
        """Returns the object: the format's number and the fields, with dataclasses as mappings."""
        assert dataclasses.is_dataclass(self)
        return {"format": self.FORMAT} | dataclasses.asdict(self)

    def text(self) -> str:
        """Returns the JSON.

        Raises:
            ValueError: a number is NaN or infinite.
        """
        text = json.dumps(self.to_dict(), indent=self.INDENT, ensure_ascii=False, allow_nan=False)
        # A path that is not UTF-8 has halves of surrogates in it; what stands for one here is the escape of JSON.
        return text.encode("utf-8", "backslashreplace").decode() + "\n"

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        """Returns the fields of today, made of those of an older format.

        Args:
            fields: what the document holds.
            format: the number of its format, below `FORMAT`.

        Raises:
            LookupError: documents of that format cannot be read any more.
        """
        raise LookupError(format)

    @classmethod
    def read_from(cls, path: Path, remedy: str = RUN_AGAIN) -> Self:
        """Returns what a file holds; see `JsonFile.read`."""
        return cls.of(path, read_json(path, remedy), remedy)

    @classmethod
    def of(cls, path: Path | str, fields: dict[str, Any], remedy: str = RUN_AGAIN) -> Self:
        """Returns what a document holds; see `JsonFile.read`.

        Args:
            path: where the fields come from, for messages.
            fields: the object in the document.
            remedy: the sentence that says what to do where it cannot be read.
        """
        format = fields.pop("format", 1)
        if format != cls.FORMAT:
            try:
                if not isinstance(format, int) or not 1 <= format < cls.FORMAT:
                    raise LookupError(format)
                fields = cls.upgraded(fields, format)
            except LookupError as error:
                raise InputError(f"{path} must be of format {cls.FORMAT}, got format {format}. {remedy}") from error
        return record_of(path, fields, cls, remedy)


class JsonFile(JsonDocument):
    """Base of a frozen dataclass that is kept as one JSON file of its own, in the folder of an artifact."""

    FILE: ClassVar[str]
    """Name of the file in the folder of its artifact."""

    def __init_subclass__(cls, file: str, format: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(format=format, **kwargs)
        cls.FILE = file

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Writes the file into a folder, replacing an older one whole.

        Raises:
            ValueError: a number is NaN or infinite.
        """
        replace_text(Path(folder) / self.FILE, self.text())

    @classmethod
    def file_in(cls, folder: str | os.PathLike[str]) -> Path:
        """Returns the path of the file in a folder."""
        return Path(folder) / cls.FILE

    @classmethod
    def read(cls, folder: str | os.PathLike[str], remedy: str = RUN_AGAIN) -> Self:
        """Returns what the file in a folder holds.

        Args:
            folder: the folder of the artifact.
            remedy: the sentence that says what to do where the file is missing, damaged or of another format.

        Raises:
            Damaged: there is no such file, or it does not hold what was written to it.
            InputError: it is of a newer format, or of one that is too old.
        """
        return cls.read_from(cls.file_in(folder), remedy)

    @classmethod
    def find(cls, folder: str | os.PathLike[str] | None, remedy: str = RUN_AGAIN) -> Self | None:
        """Returns what the file in a folder holds, None where there is no folder, or no such file in it; see `read`."""
        return None if folder is None or not cls.file_in(folder).is_file() else cls.read(folder, remedy)
