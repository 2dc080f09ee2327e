"""ML Metadata in a database server, MySQL or PostgreSQL.

The password is added where ML Metadata connects, because TFX writes the connection of a pipeline into the log.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ml_metadata
from google.protobuf.message import Message
from ml_metadata import errors
from ml_metadata.proto.metadata_store_pb2 import ConnectionConfig
from ml_metadata.proto.metadata_store_service_pb2 import GetArtifactsByIDRequest, GetArtifactsByIDResponse

from pipeline.config.metadata_address import MYSQL, PASSWORD, POSTGRESQL, MetadataServer, parse_address
from pipeline.errors import InputError
from pipeline.local.captured_output import output_to

_PATIENCE = 10.0
_LOST = (
    errors.UnavailableError,
    errors.InternalError,
    errors.UnknownError,
    errors.AbortedError,
    errors.DeadlineExceededError,
)
_NO_CONNECTION = "Failed to establish connection to Metadata storage"  # tfx.orchestration.metadata.Metadata
_BACKSLASH, _STAND_IN = "\\", "\ue05c"  # a letter of Unicode's private use, which nobody writes
_HINT = "none (a MySQL 8 account must use mysql_native_password)"


class _PostgreSQL(ml_metadata.MetadataStore):
    """A store without backslashes, where another letter stands for each of them, and with artifacts in their order.

    ML Metadata 1.17.1 stores no text with a backslash in PostgreSQL. Artifacts asked for by their numbers come in the
    order in which PostgreSQL happens to hold them, which changes as they do; TFX pairs those of a cached execution with
    its outputs one by one, and took the one for the other.
    """

    def _call(self, method_name: str, request: Message, response: Message, extra_options: Any = None) -> None:
        if _BACKSLASH.encode() in request.SerializeToString():
            copied = type(request)()
            copied.CopyFrom(request)
            _replace(copied, _BACKSLASH, _STAND_IN)
            request = copied
        super()._call(method_name, request, response, extra_options)
        if _STAND_IN.encode() in response.SerializeToString():
            _replace(response, _STAND_IN, _BACKSLASH)
        if isinstance(request, GetArtifactsByIDRequest) and isinstance(response, GetArtifactsByIDResponse):
            places = {number: place for place, number in enumerate(request.artifact_ids)}
            response.artifacts.sort(key=lambda artifact: places[artifact.id])


def _replace(message: Message, old: str, new: str) -> None:
    """Replaces a letter in all texts of a message."""
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key in [*value]:
                if isinstance(value[key], Message):
                    _replace(value[key], old, new)
                    if old in key:
                        value[key.replace(old, new)].CopyFrom(value.pop(key))
                elif isinstance(value[key], str) or old in key:  # numbers of enumerations stay
                    found = value.pop(key)
                    value[key.replace(old, new)] = found.replace(old, new) if isinstance(found, str) else found
        elif field.message_type is not None:
            for part in [value] if isinstance(value, Message) else value:
                _replace(part, old, new)
        elif isinstance(value, str):
            setattr(message, field.name, value.replace(old, new))
        elif field.type == field.TYPE_STRING:
            value[:] = [text.replace(old, new) for text in value]


def connection(address: str) -> ConnectionConfig:
    """Returns how ML Metadata finds a database, without the password.

    Args:
        address: the setting `runtime.metadata`.
    """
    server = parse_address(address)
    # By the name localhost the client of MySQL looks for a socket in the file system.
    host = "127.0.0.1" if server.host == "localhost" else server.host
    config = ConnectionConfig()
    if server.kind == MYSQL:
        config.mysql.host, config.mysql.port, config.mysql.user = host, server.port, server.user
        config.mysql.database = server.database
    else:
        config.postgresql.host, config.postgresql.port = host, str(server.port)
        config.postgresql.user, config.postgresql.dbname = _quoted(server.user), server.database
    return config


def require_server(address: str) -> bool:
    """Connects once, and returns whether nothing was ever run into the database, which is made where it is missing.

    Raises:
        InputError: no server listens, or it lets the user not in.
    """
    server = parse_address(address)
    try:
        socket.create_connection((server.host, server.port), timeout=_PATIENCE).close()
    except OSError as error:
        raise InputError(
            f"runtime.metadata must be where a {server.kind} server listens, got {address}, where none does "
            f"({error.strerror or error}). Start it, or correct runtime.metadata."
        ) from None
    with tempfile.NamedTemporaryFile(prefix="mtl-") as said:
        try:
            with output_to(Path(said.name)):  # the client of PostgreSQL says the reason there alone
                store = _store(server)(_with_password(connection(address)))
                return not store.get_executions(ml_metadata.ListOptions(limit=1))
        except (RuntimeError, errors.StatusError) as error:
            reason = _reason(server, error, Path(said.name).read_text(errors="replace"))
            raise InputError(
                f'runtime.metadata must let the user "{server.user}" in with the password of {PASSWORD}, got the '
                f"answer: {reason}. Correct one of both, or the account."
            ) from None


def _store(server: MetadataServer) -> type[ml_metadata.MetadataStore]:
    return _PostgreSQL if server.kind == POSTGRESQL else ml_metadata.MetadataStore


def _reason(server: MetadataServer, error: Exception, said: str) -> str:
    if found := re.findall(r"PostgreSQL error: (?:FATAL: +)?(.+)", said):
        return str(found[-1]).strip()
    if server.kind == MYSQL and re.search(r"errno: , error: *$", str(error)):
        return _HINT
    return str(error)


def _with_password(config: ConnectionConfig) -> ConnectionConfig:
    complete = ConnectionConfig()
    complete.CopyFrom(config)
    kind = config.WhichOneof("config")
    if kind in (MYSQL, POSTGRESQL) and (password := os.environ.get(PASSWORD)):
        getattr(complete, kind).password = password if kind == MYSQL else _quoted(password)
    return complete


def _quoted(value: str) -> str:
    """Returns a value as a connection string of libpq has it, which ML Metadata puts together without quoting."""
    return "'" + value.replace("\\", r"\\").replace("'", r"\'") + "'"


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Adds the password to what connects while the block lasts.

    Args:
        address: the setting `runtime.metadata`; None for SQLite, which needs none.

    Raises:
        InputError: the server is lost meanwhile.
    """
    if address is None:
        yield
        return
    original = ml_metadata.MetadataStore
    store = _store(parse_address(address))

    def with_password(config: ConnectionConfig, *arguments: bool) -> ml_metadata.MetadataStore:
        return store(_with_password(config), *arguments)

    ml_metadata.MetadataStore = with_password
    try:
        yield
    except (RuntimeError, *_LOST) as error:
        if not isinstance(error, _LOST) and _NO_CONNECTION not in str(error):
            raise
        raise InputError(
            f"The database {address} must stay reachable while a run lasts, got "
            f'"{(str(error).strip().splitlines() or [""])[0]}". See the log of its server; the next run continues '
            "from the steps that are done."
        ) from error
    finally:
        ml_metadata.MetadataStore = original
