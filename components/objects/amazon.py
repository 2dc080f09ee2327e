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

import os
from typing import Any

from components.objects.base import Refusal, Scheme, os_refusal
from components.shared.errors import InputError

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_MINIO_KEYS = "MINIO_ACCESS_KEY and MINIO_SECRET_KEY"
_CONNECTION = "Check the network, and AWS_ENDPOINT_URL or MINIO_ENDPOINT."


def _connect(**options: Any) -> Any:
    import fsspec

    return fsspec.filesystem(
        "s3",
        skip_instance_cache=True,
        use_listings_cache=False,
        config_kwargs={"connect_timeout": 10, "retries": {"mode": "standard", "max_attempts": 3}},
        **options,
    )


def _connect_to_minio() -> Any:
    names = ("MINIO_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    endpoint = next((os.environ[name] for name in names if name in os.environ), None)
    if endpoint is None:
        raise InputError("MINIO_ENDPOINT must be set for minio://, got none. Set it to http://HOST:PORT.")
    options: dict[str, Any] = {"endpoint_url": endpoint if "://" in endpoint else f"http://{endpoint}"}
    if "MINIO_ACCESS_KEY" in os.environ:
        options |= {"key": os.environ["MINIO_ACCESS_KEY"], "secret": os.environ.get("MINIO_SECRET_KEY")}
    return _connect(**options)


def _refusal(error: Exception) -> Refusal | None:
    from botocore import exceptions as boto

    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return Refusal.ANONYMOUS
    if isinstance(error, boto.ConnectionError | boto.HTTPClientError):
        return Refusal.UNREACHABLE
    return Refusal.OTHER if isinstance(error, boto.BotoCoreError) else os_refusal(error)


S3 = Scheme(
    name="s3",
    connect=_connect,
    modified="LastModified",
    settings=("AWS_",),
    refusal=_refusal,
    permission=f"Check {_KEYS}, and what they may do.",
    credentials=_KEYS,
    connection=_CONNECTION,
    server="Amazon's, or `AWS_ENDPOINT_URL_S3`, or `AWS_ENDPOINT_URL`; `AWS_REGION`",
    identity="`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or any other source of Amazon's chain",
    launcher_folder="s3",
)

MINIO = Scheme(
    name="minio",
    connect=_connect_to_minio,
    modified="LastModified",
    settings=("AWS_", "MINIO_"),
    refusal=_refusal,
    permission=f"Check {_MINIO_KEYS}, and what they may do.",
    credentials=_MINIO_KEYS,
    connection=_CONNECTION,
    server="`MINIO_ENDPOINT` (`http://HOST:PORT`), else the two above",
    identity="`MINIO_ACCESS_KEY`, `MINIO_SECRET_KEY`, else Amazon's",
    launcher_folder="minio",
)
