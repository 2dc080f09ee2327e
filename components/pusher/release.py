"""What a push and a rollback are, wherever the versions lie: the verbs, their records, and the copy that is checked."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from components.formats.version import Version
from components.shared import durable_files
from components.shared.errors import InputError
from components.shared.file_names import SAVED_MODEL, VERSION_MANIFEST

KEEP = 5
"""How many versions stay unless someone says otherwise."""


@dataclass(frozen=True)
class Release:
    """A model to publish, and how.

    Args:
        source: the SavedModel's folder; it stays as it is.
        manifest: what to keep with the version; its `time` and `fingerprint` are set.
        check: called with the path of the staged copy, manifest included; what it raises ends the push.
        keep: how many of the newest versions stay, the current one included; 2 or more for a way back.
        extras: more files of the version, relative path -> content; like the manifest they are no part of the model,
            so they do not make an equal model another one.

    Raises:
        InputError: the source is no SavedModel, or `keep` keeps nothing.
    """

    source: str | os.PathLike[str]
    manifest: Version = field(default_factory=Version)
    check: Callable[[Path], object] | None = None
    keep: int = KEEP
    extras: Mapping[str, str | bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not Path(self.source, SAVED_MODEL).is_file():
            raise InputError(
                f"`{self.source}` must be a SavedModel, got no `{SAVED_MODEL}` in it. Export the model again."
            )
        if self.keep < 1:
            raise InputError(f"`keep` must be at least 1, got {self.keep}. Keep 2 or more to be able to roll back.")

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hex digits) of the model's files, a manifest that an earlier push left among them not counted."""
        return durable_files.fingerprint(Path(self.source), ignore=[VERSION_MANIFEST])

    def stage(self, staged: Path) -> None:
        """Copies the model, with manifest and extras in it, to a new folder that nobody else sees.

        Args:
            staged: the folder to make.

        Raises:
            InputError: the model changed meanwhile.
        """
        durable_files.copy_durably(Path(self.source), staged)
        time = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = replace(self.manifest, time=time, fingerprint=self.fingerprint)
        (staged / VERSION_MANIFEST).parent.mkdir(exist_ok=True)
        for name, written in {VERSION_MANIFEST: manifest.text(), **self.extras}.items():
            durable_files.write_durably(staged / name, written)
        durable_files.sync(staged)
        if durable_files.fingerprint(staged, ignore=[VERSION_MANIFEST, *self.extras]) != self.fingerprint:
            raise InputError(f"`{self.source}` must not change while it is pushed. Push again when it is complete.")

    def prove(self, staged: Path) -> None:
        """Checks the staged copy, as far as there is a check."""
        if self.check is not None:
            self.check(staged)


@dataclass(frozen=True)
class Published:
    """What a push did.

    Attributes:
        version: the version that is current now.
        path: its folder; a URI in an object store.
        unchanged: the very same model was current already; nothing was written.
        previous: the version that was current before, None at the first push.
        pruned: the versions removed because only the newest are kept.
    """

    version: int
    path: Path | str
    unchanged: bool
    previous: int | None
    pruned: tuple[int, ...] = ()


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did.

    Attributes:
        version: the version that is current now.
        withdrawn: the version taken out, kept as the folder `withdrawn-<n>`.
    """

    version: int
    withdrawn: int


class VersionStore(Protocol):
    """Numbered versions of a model in one destination, the current one among them, and the way back.

    Reading never changes it; `publish` and `rollback` may run in many processes.
    """

    def versions(self) -> list[int]:
        """Returns the versions that can be served, oldest first."""

    def current(self) -> int | None:
        """Returns the version to serve, None if there is none."""

    def folder(self, version: int) -> Path | str:
        """Returns the folder of a version; a URI in an object store."""

    def manifest(self, version: int) -> Version | None:
        """Returns the manifest of a version; None for a model that another tool put there.

        Raises:
            InputError: it cannot be read, or a newer mtl wrote it.
        """

    def read(self, version: int, name: str) -> bytes | None:
        """Returns the content of a file of a version, None where there is none."""

    def fetch(self, version: int, target: Path) -> None:
        """Copies a version to a new local folder."""

    def publish(self, release: Release) -> Published:
        """Makes a copy of a model the current version, or leaves everything as it was.

        Raises:
            InputError: the destination cannot be written.
        """

    def rollback(self) -> RolledBack:
        """Makes the version before the current one current, and withdraws the current one from Serving.

        Raises:
            InputError: there is no earlier version, or the destination cannot be written.
        """


def no_way_back(place: object, current: int | None) -> InputError:
    """Returns the error of a rollback that has no version to go to."""
    held = "none" if current is None else f"version {current} alone"
    return InputError(f"`{place}` must hold two versions or more to roll back, got {held}. Push a model first.")
