"""`s3://` and `minio://` through s3fs: Amazon S3 and every server that speaks its protocol.

Where and as whom is said by the environment, in the names that Amazon's own tools use:

    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, or any other source of Amazon's credential chain
    AWS_ENDPOINT_URL_S3, else AWS_ENDPOINT_URL       the server of s3://, where it is not Amazon's
    AWS_REGION, AWS_CA_BUNDLE

`minio://` is the same protocol at a server of its own, so that one pipeline can use both:

    MINIO_ENDPOINT                                   else the two above
    MINIO_ACCESS_KEY, MINIO_SECRET_KEY               else Amazon's
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.objects.place import Entry
from components.shared.errors import InputError

_AMAZON_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


class S3Objects:
    """The objects of one scheme; see `place.Objects`.

    Args:
        scheme: `s3` or `minio`.
    """

    def __init__(self, scheme: str = "s3"):
        import fsspec

        self._scheme = scheme
        # Nothing is remembered between calls: another process may have changed the store.
        self._files = fsspec.filesystem(
            "s3",
            skip_instance_cache=True,
            use_listings_cache=False,
            config_kwargs={"connect_timeout": 10, "retries": {"mode": "standard", "max_attempts": 3}},
            **(_minio() if scheme == "minio" else {}),
        )

    def list(self, place: str, deep: bool = True) -> Mapping[str, Entry]:
        """See `place.Objects.list`."""
        key = self._key(place)
        with _explained(place):
            if deep:
                return self._entries(self._files.find(key, detail=True))
            try:
                return self._entries({facts["name"]: facts for facts in self._files.ls(key, detail=True)})
            except FileNotFoundError:
                self._files.ls(key.partition("/")[0])  # a bucket that is not there is no empty folder
                return {}

    def glob(self, pattern: str) -> Mapping[str, Entry]:
        """See `place.Objects.glob`."""
        with _explained(pattern):
            return self._entries(self._files.glob(self._key(pattern), detail=True))

    def read(self, uri: str) -> bytes:
        """See `place.Objects.read`."""
        with _explained(uri):
            content: bytes = self._files.cat_file(self._key(uri))
            return content

    def write(self, uri: str, content: bytes) -> None:
        """See `place.Objects.write`."""
        with _explained(uri):
            self._files.pipe_file(self._key(uri), content)

    def create(self, uri: str, content: bytes) -> bool:
        """See `place.Objects.create`; one request with `If-None-Match: *`, which decides between two writers.

        Servers that do not know this condition refuse it, and get a look and a write in its place; or ignore it.
        With either, two writers of the same moment can both be told that they were first.
        """
        with _explained(uri):
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
        """See `place.Objects.download`."""
        with _explained(uri):
            self._files.get_file(self._key(uri), str(target))

    def upload(self, source: Path, uri: str) -> None:
        """See `place.Objects.upload`."""
        with _explained(uri):
            self._files.put_file(str(source), self._key(uri))

    def copy(self, source: str, target: str) -> None:
        """See `place.Objects.copy`."""
        with _explained(source):
            self._files.cp_file(self._key(source), self._key(target))

    def remove(self, uri: str) -> None:
        """See `place.Objects.remove`."""
        with _explained(uri):
            self._files.rm_file(self._key(uri))

    def _key(self, uri: str) -> str:
        return uri.removeprefix(f"{self._scheme}://")

    def _entries(self, found: Mapping[str, Mapping[str, Any]]) -> dict[str, Entry]:
        return {
            f"{self._scheme}://{key}": Entry(facts["size"], facts["LastModified"])
            for key, facts in found.items()
            if facts["type"] == "file"
        }


def _minio() -> dict[str, Any]:
    endpoint = next(
        (
            os.environ[name]
            for name in ("MINIO_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
            if name in os.environ
        ),
        None,
    )
    if endpoint is None:
        raise InputError("MINIO_ENDPOINT must be set for minio://, got none. Set it to http://HOST:PORT.")
    options: dict[str, Any] = {"endpoint_url": endpoint if "://" in endpoint else f"http://{endpoint}"}
    if "MINIO_ACCESS_KEY" in os.environ:
        options |= {"key": os.environ["MINIO_ACCESS_KEY"], "secret": os.environ.get("MINIO_SECRET_KEY")}
    return options


@contextlib.contextmanager
def _explained(uri: str) -> Iterator[None]:
    """Turns what the store refuses into one sentence."""
    from botocore import exceptions as boto

    keys = "MINIO_ACCESS_KEY and MINIO_SECRET_KEY" if uri.startswith("minio:") else _AMAZON_KEYS
    try:
        yield
    except FileExistsError:
        raise  # an answer, which `create` waits for
    except FileNotFoundError as error:
        raise InputError(f'"{uri}" must exist, got no such bucket or object. Correct its name.') from error
    except PermissionError as error:
        raise InputError(
            f'"{uri}" must be open to the credentials in use, got: {_short(error)}. Check {keys}, and what they may do.'
        ) from error
    except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
        raise InputError(f'"{uri}" must be reached with credentials, got none. Set {keys}.') from error
    except (boto.ConnectionError, boto.HTTPClientError, TimeoutError) as error:
        raise InputError(
            f'The server of "{uri}" must answer, got: {_short(error)}. '
            "Check the network, and AWS_ENDPOINT_URL or MINIO_ENDPOINT."
        ) from error
    except (boto.BotoCoreError, OSError) as error:
        raise InputError(f'"{uri}" must be usable, got: {_short(error)}. Correct its name or the settings.') from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
