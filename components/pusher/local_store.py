"""The destination of pushes: numbered model versions, a `current` link, and the way back.

    <destination>/
    ├── 1/  2/  3/            versions; TensorFlow Serving's base path: it serves the highest integer
    ├── current -> 3          relative link, replaced atomically
    ├── withdrawn-4/          rolled back; the name is no integer, so Serving lets it go
    ├── .lock                 serialises publishers and rollbacks; released when a process dies
    ├── .staging-<id>/        a copy being checked (lock file, model/), or what a dead process left
    └── .withdrawing -> 4     a rollback under way; the next operation finishes it

A version appears by one rename of a complete, flushed, checked copy: no reader ever sees a part of one.
The highest version and `current` are the same model; a process killed between the rename and the move of
`current`, or between the two steps of a rollback, is completed by the next operation. A version number is
never used twice. Stock TFX copies into the live folder, and records a half copy as pushed.

`remote_store` is the same for object stores; `open_store` chooses.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import override

from components.formats.version import Version
from components.objects.place import is_remote
from components.pusher.release import Published, Release, RolledBack, VersionStore, no_way_back
from components.pusher.remote_store import RemoteStore
from components.shared import durable_files
from components.shared.errors import InputError
from components.shared.file_lock import is_locked, locked
from components.shared.file_names import LOCK, SAVED_MODEL, VERSION_MANIFEST

CURRENT = -1
"""Stands for the version that is current when somebody looks."""

_NUMBERED = re.compile(r"(withdrawn-)?([0-9]+)")


class Store(VersionStore):
    """A destination folder.

    Args:
        path: the folder, made by the first push. It must lie on one local or network file system with
            symbolic links and file locks.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(os.path.abspath(path))

    @override
    def versions(self) -> list[int]:
        if not self.path.is_dir():
            return []
        numbers = (int(entry.name) for entry in self.path.iterdir() if re.fullmatch("0|[1-9][0-9]*", entry.name))
        return sorted(number for number in numbers if (self.folder(number) / SAVED_MODEL).is_file())

    def withdrawn(self) -> list[int]:
        """Returns the versions rolled back whose files are still there, oldest first."""
        return sorted(number for withdrawn, number in self._used() if withdrawn)

    @override
    def current(self) -> int | None:
        versions = self.versions()
        # Without a usable link it is the highest one, which Serving serves.
        pointed = self._link(self.path / "current")
        return pointed if pointed in versions else max(versions, default=None)

    def previous(self) -> int | None:
        """Returns the version a rollback would go to, None where there is none."""
        current = self.current()
        return max((v for v in self.versions() if current is not None and v < current), default=None)

    @override
    def folder(self, version: int) -> Path:
        return self.path / str(version)

    @override
    def manifest(self, version: int) -> Version | None:
        return Version.parsed(f"{self.folder(version)}/{VERSION_MANIFEST}", self.read(version, VERSION_MANIFEST))

    @override
    def read(self, version: int, name: str) -> bytes | None:
        try:
            return (self.folder(version) / name).read_bytes()
        except FileNotFoundError:
            return None

    @override
    def fetch(self, version: int, target: Path) -> None:
        shutil.copytree(self.folder(version), target)

    @override
    def publish(self, release: Release) -> Published:
        content = release.fingerprint
        with self._staging() as staging:
            staged = staging / "model"
            with self._explained():
                if (unchanged := self._unchanged(content)) is not None:
                    return unchanged
                release.stage(staged)
            release.prove(staged)
            with self._explained(), self._locked():
                # Another publisher may have been faster with the same model.
                return self._unchanged(content) or self._commit(staged, release.keep)

    @override
    def rollback(self) -> RolledBack:
        if not self.path.exists():
            raise no_way_back(self.path, None)
        with self._explained(), self._locked():
            current, previous = self.current(), self.previous()
            if current is None or previous is None:
                raise no_way_back(self.path, current)
            durable_files.link_atomically(self.path / ".withdrawing", str(current))
            self._finish_rollback(current)
            return RolledBack(previous, current)

    def _commit(self, staged: Path, keep: int) -> Published:
        """Turns the staged copy into the newest version; the lock is held."""
        previous = self.current()
        version = max((number for _, number in self._used()), default=0)
        while True:
            version += 1
            try:
                os.rename(staged, self.folder(version))
                break
            except OSError:
                # A tool that does not know the lock may have taken the number a moment ago.
                if not self.folder(version).exists():
                    raise
        durable_files.sync(self.path)
        durable_files.link_atomically(self.path / "current", str(version))
        return Published(version, self.folder(version), False, previous, self._prune(keep))

    def _unchanged(self, content: str) -> Published | None:
        current = self.current()
        pushed = None if current is None else self.manifest(current)
        if current is None or pushed is None or pushed.fingerprint != content:
            return None
        return Published(current, self.folder(current), True, current)

    def _prune(self, keep: int) -> tuple[int, ...]:
        versions = self.versions()
        kept = {*versions[-keep:], self.current()}
        pruned = tuple(version for version in versions if version not in kept)
        # A withdrawn folder holds its number in use until a kept version is higher.
        old = [f"withdrawn-{number}" for number in self.withdrawn() if number < versions[-keep:][0]]
        for name in [*map(str, pruned), *old]:
            # Renamed first: a folder half removed must not look like a version.
            gone = self.path / f".staging-{uuid.uuid4().hex}"
            os.rename(self.path / name, gone)
            shutil.rmtree(gone, ignore_errors=True)
        return pruned

    def _finish_rollback(self, version: int) -> None:
        """Second half of a rollback, and its repair: every step may have been done already."""
        if earlier := [number for number in self.versions() if number < version]:
            durable_files.link_atomically(self.path / "current", str(earlier[-1]))
            if self.folder(version).exists():
                withdrawn = self.path / f"withdrawn-{version}"
                shutil.rmtree(withdrawn, ignore_errors=True)  # a copy somebody made of the same version
                os.rename(self.folder(version), withdrawn)
                durable_files.sync(self.path)
        (self.path / ".withdrawing").unlink()
        durable_files.sync(self.path)

    def _repair(self) -> None:
        """Completes what a killed process began, and removes what it staged; the lock is held."""
        if (version := self._link(self.path / ".withdrawing")) is not None:
            self._finish_rollback(version)
        versions = self.versions()
        if versions and self._link(self.path / "current") != versions[-1]:
            # Killed between rename and link. The version was complete and checked, and Serving serves it.
            durable_files.link_atomically(self.path / "current", str(versions[-1]))
        for staging in self.path.glob(".staging-*"):
            if not is_locked(staging / "lock"):
                shutil.rmtree(staging, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with locked(self.path / LOCK):
            self._repair()
            yield

    @contextlib.contextmanager
    def _staging(self) -> Iterator[Path]:
        """Yields a folder of its own, locked while this process lives and removed at the end."""
        staging = self.path / f".staging-{uuid.uuid4().hex}"
        with contextlib.ExitStack() as stack:
            with self._explained():
                self.path.mkdir(parents=True, exist_ok=True)
                # Made and locked under the store's lock: nobody takes it for a dead one in between.
                with self._locked():
                    staging.mkdir()
                    stack.enter_context(locked(staging / "lock"))
                    stack.callback(shutil.rmtree, staging, ignore_errors=True)
            yield staging

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what the file system refuses in the destination into one sentence."""
        place = self.path / "current"
        try:
            if place.exists() and not place.is_symlink():
                raise InputError(f"`{place}` must be a link made by a push, got a folder or file. Move it away.")
            yield
        except OSError as error:
            raise InputError(
                f"The push destination `{self.path}` must be a folder that can be written, "
                f"got: {error.strerror}. Choose another destination or free it."
            ) from error

    def _used(self) -> list[tuple[bool, int]]:
        """Returns (is withdrawn, number) of every name that holds a version number."""
        names = (entry.name for entry in self.path.iterdir()) if self.path.is_dir() else iter(())
        return [(bool(m[1]), int(m[2])) for name in names if (m := _NUMBERED.fullmatch(name))]

    @staticmethod
    def _link(link: Path) -> int | None:
        """Returns the version number that a link points to, None without such a link."""
        try:
            target = os.readlink(link)
        except OSError:
            return None
        return int(target) if re.fullmatch("[0-9]+", target) else None


def open_store(destination: str | os.PathLike[str]) -> VersionStore:
    """Returns the store of a destination: a folder, or the URI of one in an object store."""
    return RemoteStore(str(destination)) if is_remote(destination) else Store(destination)
