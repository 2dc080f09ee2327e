"""What can be done with remote objects, and what one kind of store says about itself to have it done."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Entry:
    """One object in a listing.

    Args:
        size: bytes.
        modified: when it was written, by the store's clock.
    """

    size: int
    modified: datetime


class Objects(Protocol):
    """What can be done with the objects of one kind of store; all names are whole URIs.

    A refusal of the store (no such bucket, no credentials, no connection) is an `InputError` of one sentence.
    """

    def list(self, place: str, deep: bool = True) -> Mapping[str, Entry]:
        """Returns the object of that name, or else those below that folder, or right under it; empty without any."""

    def glob(self, pattern: str) -> Mapping[str, Entry]:
        """Returns the objects that a pattern with `*`, `?`, `[…]` and `**` matches."""

    def read(self, uri: str) -> bytes:
        """Returns the content of a small object."""

    def write(self, uri: str, content: bytes) -> None:
        """Writes a small object, replacing an older one in one step."""

    def create(self, uri: str, content: bytes) -> bool:
        """Writes a small object unless there is one; returns whether it was written."""

    def download(self, uri: str, target: Path) -> None:
        """Copies an object to a new local file."""

    def upload(self, source: Path, uri: str) -> None:
        """Copies a local file to an object, which appears complete or not at all."""

    def copy(self, source: str, target: str) -> None:
        """Copies an object within the store."""

    def remove(self, uri: str) -> None:
        """Removes an object."""


class Refusal(enum.Enum):
    """Why a store did not do what it was asked."""

    DENIED = enum.auto()
    """The credentials in use may not do it."""
    ANONYMOUS = enum.auto()
    """There are no credentials."""
    UNREACHABLE = enum.auto()
    """Nothing answered, or it could not."""
    OTHER = enum.auto()
    """Anything else that the store or its client says."""


def os_refusal(error: Exception) -> Refusal | None:
    """Returns what an error of Python's own means; see `Scheme.refusal`."""
    if isinstance(error, PermissionError):
        return Refusal.DENIED
    if isinstance(error, TimeoutError | ConnectionError):
        return Refusal.UNREACHABLE
    return Refusal.OTHER if isinstance(error, OSError) else None


@dataclass(frozen=True)
class Scheme:
    """A kind of store that fsspec knows, with the words for its users; an entry in `registry.SCHEMES`.

    Args:
        name: what URIs begin with, before `://`.
        connect: makes fsspec's file system. It must remember no listings: another process may change the store.
        modified: the key of an object's time in fsspec's listings; a `datetime`, or seconds since 1970.
        settings: what the names of the environment variables that `connect` heeds begin with.
        refusal: why a store refused, by the error of its client; None for an error that is none of the store's.
        words: what the store said, by the error of its client.
        permission: the remedy, a sentence, where the credentials do not suffice.
        credentials: the variables that hold the credentials, for the user to set.
        connection: the remedy, a sentence, where nothing answers.
        other_side: what does not answer then.
        server: where the objects lie and by which variables, in Markdown.
        identity: as whom they are asked for and by which variables, in Markdown.
        launcher_folder: where Kubeflow's launcher keeps its copies, below its root; None if it does not know the
            scheme (`LocalPathForURI` in its source).
    """

    name: str
    connect: Callable[[], Any]
    modified: str
    settings: tuple[str, ...] = ()
    refusal: Callable[[Exception], Refusal | None] = os_refusal
    words: Callable[[Exception], str] = str
    permission: str = "Check the credentials, and what they may do."
    credentials: str = "the credentials"
    connection: str = "Check the network."
    other_side: str = "server"
    server: str = ""
    identity: str = ""
    launcher_folder: str | None = None

    @property
    def prefix(self) -> str:
        """What every URI of the scheme begins with."""
        return f"{self.name}://"
