"""What an error of a store's client means, for the sentence a user reads."""

import errno

import aiohttp
import pytest
from gcsfs.retry import ChecksumError, HttpError
from google.auth.exceptions import RefreshError

from components.objects import google
from components.objects.base import Refusal, os_refusal


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(errno.EACCES, "Access Denied"), Refusal.DENIED),
        (TimeoutError("timed out"), Refusal.UNREACHABLE),
        (ConnectionResetError("reset by peer"), Refusal.UNREACHABLE),
        (OSError(errno.EIO, "an error of the service"), Refusal.OTHER),
        (KeyError("a bug"), None),
    ],
)
def test_errors_of_python(error: Exception, expected: Refusal | None):
    assert os_refusal(error) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (HttpError({"code": 403, "message": "no"}), Refusal.DENIED),
        (OSError("Forbidden: https://storage.googleapis.com/b\nno"), Refusal.DENIED),
        (aiohttp.ClientConnectionError("cannot connect"), Refusal.UNREACHABLE),
        (RefreshError("the metadata server does not answer"), Refusal.UNREACHABLE),
        (ChecksumError("the content differs"), Refusal.OTHER),
        (ValueError("Bad Request: https://storage.googleapis.com/b\nInvalid bucket name"), Refusal.OTHER),
        (ValueError("a bug"), None),
        (PermissionError(errno.EACCES, "a local file"), Refusal.DENIED),
    ],
)
def test_errors_of_gcsfs(error: Exception, expected: Refusal | None):
    assert google._refusal(error) is expected
