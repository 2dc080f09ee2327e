"""The verdict on a model that must not be pushed."""

from __future__ import annotations

from components.shared.errors import Rejected


class Unservable(Rejected):
    """The model cannot be loaded, or answers wrongly, in a process of its own."""


def in_short(error: Exception) -> str:
    """Returns the type and first line of an error, without the full stop."""
    line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {line[:300]}".rstrip(" .:")
