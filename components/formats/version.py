"""`assets.extra/mtl.json`: what is kept with a pushed version, for the next run and for `mtl rollback`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

from components.formats.json_file import JsonFile
from components.shared.file_names import VERSION_MANIFEST

REMEDY = "Use the mtl that pushed this version, or go back to the one before with `mtl rollback`."


@dataclass(frozen=True)
class Labels:
    """The label columns that a version predicts: the regression and the class label."""

    regression: str
    classification: str


@dataclass(frozen=True)
class Rows:
    """How the rows of a version were told apart.

    Args:
        identity: column -> kind of what told them apart.
        inherited: whether they were in the splits of the version before, whatever their hash said.
        given: what its run knew of the rows of that version, see `components.pusher.provenance.rows_of`.
        key: that of its run's examples; equal keys mean equal data, read alike.
    """

    identity: dict[str, str]
    inherited: bool
    given: str = ""
    key: str = ""


@dataclass(frozen=True)
class Version(JsonFile, file=VERSION_MANIFEST):
    """Where a pushed version came from; a field is None or empty where an older mtl did not write it.

    Args:
        pipeline: name of the pipeline.
        digest: digest of the data, the configuration and the code.
        baseline: the version its run compared with, 0 for none, -1 for whichever was current.
        content: fingerprint of the files of that version.
        attempt: tells pushes of one digest apart.
        labels: the label columns.
        rows: how its rows were told apart.
        columns: the raw columns that the model reads, as in its own manifest.
        metrics: head -> metric -> value on the eval split.
        time: when it was pushed, UTC, ISO 8601.
        fingerprint: SHA-256 (64 hex digits) of the model's files.
    """

    pipeline: str = ""
    digest: str | None = None
    baseline: int | None = None
    content: str | None = None
    attempt: str | None = None
    labels: Labels | None = None
    rows: Rows | None = None
    columns: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, dict[str, float | None]] = field(default_factory=dict)
    time: str = ""
    fingerprint: str = ""

    @classmethod
    def parsed(cls, place: str, content: bytes | None) -> Self | None:
        """Returns what is kept with a version; None of one that another tool put there.

        Args:
            place: where it lies, a path or URI, for messages.
            content: that of the file, None where there is none.

        Raises:
            Damaged: a field has another type than mtl gave it.
            InputError: it is of a newer format.
        """
        try:
            fields = json.loads(content or b"")
        except ValueError:
            return None
        return cls.of(place, fields, REMEDY) if isinstance(fields, dict) else None
