"""What the readers of all formats share: a look at a file's first bytes, and the sentence for a damaged one."""

from __future__ import annotations

from components.errors import InputError
from components.objects.staging import local


def head(path: str, size: int) -> bytes:
    """Returns the first bytes of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with open(local(path), "rb") as file:
            return file.read(size)
    except OSError as error:
        raise InputError(f'The data file "{path}" must be readable, got: {error.strerror}.') from error


def damaged(path: str, error: Exception) -> InputError:
    """Returns the error of a file that breaks off or is not what its beginning says."""
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return InputError(f'"{path}" must be a whole file, got a damaged one ({reason}). Copy it again.')
