"""`gs://` through TensorFlow's own file system layer, which finds Google's credentials by itself.

TensorFlow is imported on first use and for `gs://` alone.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.objects.place import Entry
from components.shared.errors import InputError


class GoogleObjects:
    """The objects of Google Cloud Storage; see `place.Objects`."""

    def list(self, place: str, deep: bool = True) -> Mapping[str, Entry]:
        """See `place.Objects.list`."""
        with _explained(place) as gfile:
            if not gfile.exists(place):
                return {}
            if not gfile.isdir(place):
                return _entries(gfile, [place])
            folders = itertools.islice(gfile.walk(place), None if deep else 1)
            return _entries(gfile, (f"{folder.rstrip('/')}/{name}" for folder, _, names in folders for name in names))

    def glob(self, pattern: str) -> Mapping[str, Entry]:
        """See `place.Objects.glob`."""
        with _explained(pattern) as gfile:
            return _entries(gfile, (match for match in gfile.glob(pattern) if not gfile.isdir(match)))

    def read(self, uri: str) -> bytes:
        """See `place.Objects.read`."""
        with _explained(uri) as gfile, gfile.GFile(uri, "rb") as file:
            content: bytes = file.read()
            return content

    def write(self, uri: str, content: bytes) -> None:
        """See `place.Objects.write`."""
        with _explained(uri) as gfile, gfile.GFile(uri, "wb") as file:
            file.write(content)

    def create(self, uri: str, content: bytes) -> bool:
        """See `place.Objects.create`; a look and a write, as this layer knows no condition.

        Two writers of the same moment can both be told that they were first.
        """
        with _explained(uri) as gfile:
            if gfile.exists(uri):
                return False
        self.write(uri, content)
        return True

    def download(self, uri: str, target: Path) -> None:
        """See `place.Objects.download`."""
        with _explained(uri) as gfile:
            gfile.copy(uri, str(target))

    def upload(self, source: Path, uri: str) -> None:
        """See `place.Objects.upload`."""
        with _explained(uri) as gfile:
            gfile.copy(str(source), uri, overwrite=True)

    def copy(self, source: str, target: str) -> None:
        """See `place.Objects.copy`."""
        with _explained(source) as gfile:
            gfile.copy(source, target, overwrite=True)

    def remove(self, uri: str) -> None:
        """See `place.Objects.remove`."""
        with _explained(uri) as gfile:
            gfile.remove(uri)


def _entries(gfile: Any, uris: Iterable[str]) -> dict[str, Entry]:
    stats = {uri: gfile.stat(uri) for uri in uris}
    return {uri: Entry(stat.length, datetime.fromtimestamp(stat.mtime_nsec / 1e9, UTC)) for uri, stat in stats.items()}


@contextlib.contextmanager
def _explained(uri: str) -> Iterator[Any]:
    """Yields `tf.io.gfile`, and turns what it refuses into one sentence."""
    import tensorflow as tf

    try:
        yield tf.io.gfile
    except tf.errors.NotFoundError as error:
        raise InputError(f'"{uri}" must exist, got no such bucket or object. Correct its name.') from error
    except (tf.errors.PermissionDeniedError, tf.errors.UnauthenticatedError) as error:
        raise InputError(
            f'"{uri}" must be open to the credentials in use, got: {_short(error)}. '
            "Set GOOGLE_APPLICATION_CREDENTIALS to the file of an account that may use it."
        ) from error
    except tf.errors.OpError as error:
        raise InputError(
            f'The store of "{uri}" must answer, got: {_short(error)}. Check the network and the credentials.'
        ) from error


def _short(error: Any) -> str:
    return " ".join(str(error.message).split()).rstrip(".")
