"""The objects of any store that fsspec knows."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.objects.base import Entry, Refusal, Scheme
from components.shared.errors import InputError


class FsspecObjects:
    """The objects of one scheme; see `base.Objects`.

    Args:
        scheme: the scheme, whose store is connected to.
    """

    def __init__(self, scheme: Scheme):
        self._scheme = scheme
        self._files = scheme.connect()

    def list(self, place: str, deep: bool = True) -> Mapping[str, Entry]:
        """See `base.Objects.list`."""
        key = self._key(place)
        with self._explained(place):
            if deep:
                return self._entries(self._files.find(key, detail=True))
            try:
                return self._entries({facts["name"]: facts for facts in self._files.ls(key, detail=True)})
            except FileNotFoundError:
                self._files.ls(key.partition("/")[0])  # a bucket that is not there is no empty folder
                return {}

    def glob(self, pattern: str) -> Mapping[str, Entry]:
        """See `base.Objects.glob`."""
        with self._explained(pattern):
            return self._entries(self._files.glob(self._key(pattern), detail=True))

    def read(self, uri: str) -> bytes:
        """See `base.Objects.read`."""
        with self._explained(uri):
            content: bytes = self._files.cat_file(self._key(uri))
            return content

    def write(self, uri: str, content: bytes) -> None:
        """See `base.Objects.write`."""
        with self._explained(uri):
            self._files.pipe_file(self._key(uri), content)

    def create(self, uri: str, content: bytes) -> bool:
        """See `base.Objects.create`; one request with a condition, by which the store decides between two writers.

        The condition is `If-None-Match: *` at S3 and `ifGenerationMatch=0` at Google. Servers that do not know it
        refuse it, and get a look and a write in its place; or ignore it. With either, two writers of the same moment
        can both be told that they were first.
        """
        with self._explained(uri):
            try:
                self._files.pipe_file(self._key(uri), content, mode="create")
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno != errno.ENOSYS:
                    raise
                if self._files.exists(self._key(uri)):
                    return False
                self._files.pipe_file(self._key(uri), content)
            return True

    def download(self, uri: str, target: Path) -> None:
        """See `base.Objects.download`."""
        with self._explained(uri):
            self._files.get_file(self._key(uri), str(target))

    def upload(self, source: Path, uri: str) -> None:
        """See `base.Objects.upload`."""
        with self._explained(uri):
            self._files.put_file(str(source), self._key(uri))

    def copy(self, source: str, target: str) -> None:
        """See `base.Objects.copy`."""
        with self._explained(source):
            self._files.cp_file(self._key(source), self._key(target))

    def remove(self, uri: str) -> None:
        """See `base.Objects.remove`."""
        with self._explained(uri):
            self._files.rm_file(self._key(uri))

    def _key(self, uri: str) -> str:
        return uri.removeprefix(self._scheme.prefix)

    def _entries(self, found: Mapping[str, Mapping[str, Any]]) -> dict[str, Entry]:
        return {
            self._scheme.prefix + key.removeprefix("/"): Entry(facts["size"], _time(facts[self._scheme.modified]))
            for key, facts in found.items()
            if facts["type"] == "file" and not key.endswith("/")  # consoles mark an empty folder by such an object
        }

    @contextlib.contextmanager
    def _explained(self, uri: str) -> Iterator[None]:
        """Turns what the store refuses into one sentence."""
        try:
            yield
        except FileNotFoundError as error:
            raise InputError(f'"{uri}" must exist, got no such bucket or object. Correct its name.') from error
        except Exception as error:  # the stores' clients raise errors of their own kinds
            refusal = self._scheme.refusal(error)
            if refusal is None:
                raise
            raise InputError(self._sentence(refusal, uri, error)) from error

    def _sentence(self, refusal: Refusal, uri: str, error: Exception) -> str:
        scheme = self._scheme
        got = " ".join(scheme.words(error).split()).rstrip(".") or type(error).__name__
        if refusal is Refusal.DENIED:
            return f'"{uri}" must be open to the credentials in use, got: {got}. {scheme.permission}'
        if refusal is Refusal.ANONYMOUS:
            return f'"{uri}" must be reached with credentials, got none. Set {scheme.credentials}.'
        if refusal is Refusal.UNREACHABLE:
            return f'The {scheme.other_side} of "{uri}" must answer, got: {got}. {scheme.connection}'
        return f'"{uri}" must be usable, got: {got}. Correct its name or the settings.'


def _time(value: datetime | float) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
