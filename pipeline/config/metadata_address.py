"""The address of a database of ML Metadata: `mysql://user@host:port/database`, and `postgresql://` likewise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

PASSWORD = "MTL_METADATA_PASSWORD"
"""The environment variable of its password, which stands in no configuration, record or log."""
MYSQL = "mysql"
POSTGRESQL = "postgresql"
_PORTS = {MYSQL: 3306, POSTGRESQL: 5432}
_ADDRESS = re.compile(
    r"(?P<kind>mysql|postgresql)://(?P<user>[^:/@?#\s]+)@(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\])(:(?P<port>\d{1,5}))?"
    r"/(?P<database>[A-Za-z_][A-Za-z0-9_]*)"  # ML Metadata puts it into CREATE DATABASE as it stands
)


@dataclass(frozen=True)
class MetadataServer:
    """A database server.

    Args:
        kind: `mysql` or `postgresql`.
        host: name or address.
        port: where it listens.
        user: whose account.
        database: which of its databases.
    """

    kind: str
    host: str
    port: int
    user: str
    database: str


def checked_address(text: str) -> str:
    """Returns the address of a database.

    Raises:
        ValueError: it is none, or holds a password; the message does not.
    """
    _, _, rest = text.partition("://")
    account, at, _ = rest.rpartition("@")
    if at and ":" in account:
        raise ValueError(f"must be without a password, got one. Set it in the environment as {PASSWORD}")
    found = _ADDRESS.fullmatch(text)
    if not found or int(found["port"] or 1) > 65535:
        raise ValueError(
            "must be mysql://user@host/database or postgresql://user@host/database, the database named with letters, "
            f'digits and underscores, got "{text}". Correct it'
        )
    return text


def parse_address(text: str) -> MetadataServer:
    """Returns what an address that `checked_address` lets through names."""
    found = _ADDRESS.fullmatch(text)
    assert found is not None, "checked_address has let it through"
    kind, host = found["kind"], found["host"].strip("[]")
    return MetadataServer(kind, host, int(found["port"] or _PORTS[kind]), unquote(found["user"]), found["database"])
