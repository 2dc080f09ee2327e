"""The object store, as a folder, and the metadata store, in memory."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ObjectStore:
    """Objects by URI; it has no folders, so an empty one is lost.

    Args:
        folder: where the objects are.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, uri: str) -> Path:
        scheme, _, key = uri.partition("://")
        assert scheme in ("minio", "s3", "gs"), f"ParseBucketConfigForArtifactURI: {uri}"
        return self._folder / scheme / key

    def upload(self, local: Path, uri: str) -> None:
        for file in [local] if local.is_file() else sorted(local.rglob("*")):
            if file.is_file():
                target = self.path(uri) / file.relative_to(local)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)

    def download(self, uri: str, local: Path) -> None:
        source = self.path(uri)
        for file in [source] if source.is_file() else sorted(source.rglob("*")):
            if file.is_file():
                target = local / file.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


@dataclass(frozen=True)
class Registered:
    """An artifact as the metadata store has it: every property is a custom one, and its type is a name only."""

    id: int
    uri: str
    type: str
    properties: dict[str, Any]

    def as_input(self) -> dict[str, Any]:
        """The `RuntimeArtifact` that a later task gets: no type, lists and mappings boxed."""
        return {
            "name": str(self.id),
            "uri": self.uri,
            "metadata": self.properties,
            "type": {"instanceSchema": ""},
        }


def stored(value: Any) -> Any:
    """What comes back of a metadata value after a round through the metadata store."""
    if value is None:
        raise ValueError("StructValueToMLMDValue: null")
    if isinstance(value, bool):
        return float(int(value))
    if isinstance(value, list):
        return {"list": value}
    if isinstance(value, dict):
        return {"struct": value}
    return float(value) if isinstance(value, int) else value
