"""The destination of pushes in an object store, which has no rename, no lock and no link.

    s3://bucket/models/wine/
    ├── 1/…  2/…  3/…         versions; one counts from the moment its `saved_model.pb` is there
    ├── current               {"version": 3}, and {"version": 3, "withdrawing": 4} while a rollback is under way
    ├── withdrawn-4/…         rolled back; the name is no integer, so TensorFlow Serving lets it go
    └── .claims/1  2  3  4    numbers in use; the highest stays for ever, so that no number is used twice

A push claims a number with one conditional write (`Objects.create`), uploads the files and, last of all,
`saved_model.pb`. Whatever dies on the way leaves a folder without that file: it is never counted, its number is never
used again, and a push an hour later removes it. Removing goes the other way round, `saved_model.pb` first. Serving
itself looks for folders: it may try one too early, and tries again.

The highest version is the current one, as for Serving. The object `current` says so to other readers. It is
written after the version, and again until no higher version is found after the write: of several publishers at
the same moment, the one that writes it last has seen every other's version. A push or rollback that finds it behind,
or finds a rollback half done, completes that first. A store that does not know conditional writes may give
two publishers of the same moment the same number, and then mix their files; let only one of them push there.
"""

from __future__ import annotations

import json
import re
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import override

from components.formats.version import Version
from components.objects.base import Entry
from components.objects.open import objects_of
from components.pusher.release import Published, Release, RolledBack, VersionStore, no_way_back
from components.shared.file_names import SAVED_MODEL, VERSION_MANIFEST

_FOLDER = re.compile(r"(withdrawn-|\.claims/)?(0|[1-9][0-9]*)(?:/(.+))?")


@dataclass(frozen=True)
class _Found:
    """What lies in the destination: version -> name in its folder -> entry, and when each number was claimed."""

    published: Mapping[int, Mapping[str, Entry]]
    withdrawn: Mapping[int, Mapping[str, Entry]]
    claims: Mapping[int, datetime]
    withdrawing: int | None
    pointed: int | None

    @property
    def versions(self) -> list[int]:
        """The versions that can be served, oldest first."""
        whole = (number for number, names in self.published.items() if SAVED_MODEL in names)
        return sorted(number for number in whole if number != self.withdrawing)

    @property
    def current(self) -> int | None:
        return max(self.versions, default=None)

    @property
    def highest_used(self) -> int:
        return max((*self.published, *self.withdrawn, *self.claims), default=0)


class RemoteStore(VersionStore):
    """A destination in an object store.

    Args:
        uri: the folder, such as `s3://bucket/folder`.
        patience: after this time without a new file, a version without `saved_model.pb` counts as abandoned.
    """

    def __init__(self, uri: str, patience: timedelta = timedelta(hours=1)):
        self.uri = uri.rstrip("/")
        self._patience = patience
        self._objects = objects_of(uri)

    @override
    def versions(self) -> list[int]:
        return self._look().versions

    @override
    def current(self) -> int | None:
        return self._look().current

    @override
    def folder(self, version: int) -> str:
        return f"{self.uri}/{version}"

    @override
    def manifest(self, version: int) -> Version | None:
        return Version.parsed(f"{self.folder(version)}/{VERSION_MANIFEST}", self.read(version, VERSION_MANIFEST))

    @override
    def read(self, version: int, name: str) -> bytes | None:
        place = f"{self.folder(version)}/{name}"
        return self._objects.read(place) if self._objects.list(place) else None

    @override
    def fetch(self, version: int, target: Path) -> None:
        folder = self.folder(version)
        for uri in self._objects.list(folder):
            path = target / uri.removeprefix(f"{folder}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._objects.download(uri, path)

    @override
    def publish(self, release: Release) -> Published:
        content = release.fingerprint
        if (unchanged := self._unchanged(content, self._repair())) is not None:
            return unchanged
        with tempfile.TemporaryDirectory(prefix="mtl-push-") as folder:
            staged = Path(folder, "model")
            release.stage(staged)
            release.prove(staged)
            # Another publisher may have been faster with the same model.
            before = self._look()
            if (unchanged := self._unchanged(content, before)) is not None:
                return unchanged
            version = self._claim(before.highest_used)
            self._upload(staged, self.folder(version))
        self._settle()
        return Published(version, self.folder(version), False, before.current, self._prune(release.keep))

    @override
    def rollback(self) -> RolledBack:
        versions = self._repair().versions
        if len(versions) < 2:
            raise no_way_back(self.uri, max(versions, default=None))
        previous, current = versions[-2:]
        self._point(previous, withdrawing=current)
        self._finish_rollback(current)
        return RolledBack(previous, current)

    def _look(self) -> _Found:
        """Lists the destination; one request, and one more where there is a `current`."""
        published: dict[int, dict[str, Entry]] = {}
        withdrawn: dict[int, dict[str, Entry]] = {}
        claims: dict[int, datetime] = {}
        pointer: dict[str, Any] = {}
        for uri, entry in self._objects.list(self.uri).items():
            name = uri.removeprefix(f"{self.uri}/")
            if name == "current":
                pointer = _pointer(self._objects.read(uri))
            elif found := _FOLDER.fullmatch(name):
                kind, number, file = found[1], int(found[2]), found[3]
                if kind == ".claims/" and not file:
                    claims[number] = entry.modified
                elif kind != ".claims/" and file:
                    (withdrawn if kind else published).setdefault(number, {})[file] = entry
        return _Found(published, withdrawn, claims, pointer.get("withdrawing"), pointer.get("version"))

    def _repair(self) -> _Found:
        """Completes what another process began and did not end, and returns what there is then."""
        found = self._look()
        if found.withdrawing is not None:
            self._finish_rollback(found.withdrawing)
        elif found.pointed != found.current:
            # It died after `saved_model.pb`. The version is complete and checked, and Serving serves it.
            self._settle()
        else:
            return found
        return self._look()

    def _claim(self, highest: int) -> int:
        """Takes the next free number, for this publisher alone."""
        owner = uuid.uuid4().hex.encode()
        number = highest + 1
        while not self._objects.create(f"{self.uri}/.claims/{number}", owner):
            number += 1
        return number

    def _upload(self, staged: Path, folder: str) -> None:
        names = [path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file()]
        for name in _model_last(names):
            self._objects.upload(staged / name, f"{folder}/{name}")

    def _settle(self) -> None:
        """Points `current` to the highest version, until no other publisher has come in between."""
        highest = self._look().current
        while highest is not None:
            self._point(highest)
            seen = self._look().current
            if seen == highest:
                return
            highest = seen

    def _point(self, version: int, **more: int) -> None:
        self._objects.write(f"{self.uri}/current", json.dumps({"version": version} | more).encode())

    def _unchanged(self, content: str, found: _Found) -> Published | None:
        current = found.current
        pushed = None if current is None else self.manifest(current)
        if current is None or pushed is None or pushed.fingerprint != content:
            return None
        return Published(current, self.folder(current), True, current)

    def _finish_rollback(self, version: int) -> None:
        """Second half of a rollback, and its repair: every step may have been done already."""
        names = self._look().published.get(version, {})
        for name in names:
            self._objects.copy(f"{self.folder(version)}/{name}", f"{self.uri}/withdrawn-{version}/{name}")
        self._remove(str(version), names)
        self._settle()

    def _prune(self, keep: int) -> tuple[int, ...]:
        found = self._look()
        kept = found.versions[-keep:]
        pruned = tuple(found.versions[:-keep])
        for number in (*pruned, *self._abandoned(found)):
            self._remove(str(number), found.published[number])
        for number in (number for number in found.withdrawn if number < kept[0]):
            self._remove(f"withdrawn-{number}", found.withdrawn[number])
        for number in (number for number in found.claims if number < kept[0]):
            self._objects.remove(f"{self.uri}/.claims/{number}")
        return pruned

    def _abandoned(self, found: _Found) -> list[int]:
        """Returns the half versions to which nothing was added for long; times are all the store's own."""
        written = {number: max(entry.modified for entry in names.values()) for number, names in found.published.items()}
        now = max(*written.values(), *found.claims.values())
        return [
            number
            for number, names in found.published.items()
            if SAVED_MODEL not in names and now - written[number] > self._patience
        ]

    def _remove(self, folder: str, names: Iterable[str]) -> None:
        for name in reversed(_model_last(names)):
            self._objects.remove(f"{self.uri}/{folder}/{name}")


def _pointer(content: bytes) -> dict[str, Any]:
    """Returns what `current` says; nothing where another tool wrote it."""
    try:
        pointer = json.loads(content)
    except ValueError:
        return {}
    return pointer if isinstance(pointer, dict) else {}


def _model_last(names: Iterable[str]) -> list[str]:
    """Returns the names of a version's files in the order that never shows a part of a model as a model."""
    return sorted(names, key=lambda name: (name == SAVED_MODEL, name))
