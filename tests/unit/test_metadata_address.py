"""The address of a database of ML Metadata, in the configuration."""

from pathlib import Path

import pytest
from configurations import SMALLEST, refusal, write

from pipeline.config.metadata_address import MetadataServer, parse_address
from pipeline.config.resolve import resolve


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("mysql://mtl@db/runs", MetadataServer("mysql", "db", 3306, "mtl", "runs")),
        ("mysql://mtl@db.example:13306/runs", MetadataServer("mysql", "db.example", 13306, "mtl", "runs")),
        ("postgresql://mtl@10.0.0.7/runs_1", MetadataServer("postgresql", "10.0.0.7", 5432, "mtl", "runs_1")),
        ("postgresql://me%40work@[::1]:6000/r", MetadataServer("postgresql", "::1", 6000, "me@work", "r")),
    ],
)
def test_what_an_address_says(folder: Path, address: str, server: MetadataServer):
    config = resolve(write(folder, f"{SMALLEST}runtime: {{metadata: '{address}'}}\n")).config
    assert config.runtime.metadata == address
    assert parse_address(address) == server


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:///metadata.db",
        "postgres://mtl@db/runs",
        "mysql://db/runs",
        "mysql://mtl@db",
        "mysql://mtl@db/",
        "mysql://mtl@db/runs-1",
        "mysql://mtl@db:70000/runs",
        "mysql://mtl@db/runs?ssl=1",
        "mysql://mtl@db/a/b",
        "db:3306",
    ],
)
def test_what_is_no_address(folder: Path, address: str):
    assert refusal(write(folder, f"{SMALLEST}runtime: {{metadata: '{address}'}}\n")) == (
        "runtime.metadata must be mysql://user@host/database or postgresql://user@host/database, the database named "
        f'with letters, digits and underscores, got "{address}". Correct it.'
    )


@pytest.mark.parametrize(
    "address",
    ["mysql://mtl:s3cret@db/runs", "postgresql://mtl:s3cret@db:5432/runs", "mysql://mtl:s3c/ret@db", "m://a:s3cret@x"],
)
def test_a_password_has_no_place_there_and_is_not_told(folder: Path, address: str):
    assert refusal(write(folder, f"{SMALLEST}runtime: {{metadata: '{address}'}}\n")) == (
        "runtime.metadata must be without a password, got one. Set it in the environment as MTL_METADATA_PASSWORD."
    )
