"""What the readers of all formats share: what a first look finds, and the sentences for what cannot be read."""

from __future__ import annotations

import dataclasses

from components.objects.staging import local
from components.shared.errors import InputError


@dataclasses.dataclass(frozen=True)
class Look:
    """What a look at the beginning of a file finds.

    Args:
        columns: the column names.
        empty: whether the file is known to have no rows.
        notes: what a person may not expect, in sentences.
    """

    columns: list[str]
    empty: bool = False
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of a file that can be read without those before it: a row group, a stripe, a record batch.

    Args:
        rows: its rows.
        size: its bytes, more or less.
    """

    rows: int
    size: int


@dataclasses.dataclass(frozen=True)
class Some:
    """Some consecutive pieces of a file.

    Args:
        first: number of the first one.
        last: number of the last one.
        before: rows of the file before them.
        rows: their rows.
    """

    first: int
    last: int
    before: int
    rows: int

    @property
    def numbers(self) -> list[int]:
        """The numbers of the pieces."""
        return list(range(self.first, self.last + 1))


def head(path: str, size: int) -> bytes:
    """Returns the first bytes of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with open(local(path), "rb") as file:
            return file.read(size)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: str, error: OSError) -> InputError:
    """Returns the error of a file or folder that the system does not open."""
    return InputError(f'The data file "{path}" must be readable, got: {error.strerror or error}.')


def damaged(path: str, error: Exception) -> InputError:
    """Returns the error of a file that breaks off or is not what its beginning says."""
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return InputError(f'"{path}" must be a whole file, got a damaged one ({reason}). Copy it again.')
