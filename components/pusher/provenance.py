"""What a version's manifest says of the data behind it: the labels it predicts, and how its rows were told apart."""

from __future__ import annotations

import json

from components.formats.version import Version
from components.pusher.release import VersionStore
from components.shared.errors import InputError

Labels = tuple[str, str]


def labels_pushed(version: Version | None) -> Labels | None:
    """Returns the regression and the class label that a version predicts, None for a model of another tool."""
    labels = version.labels if version else None
    return (labels.regression, labels.classification) if labels else None


def require_same_labels(version: Version | None, labels: Labels, destination: object) -> None:
    """Refuses a model that would take the place of one that predicts something else.

    Args:
        version: what is kept with the version now current; None where there is none.
        labels: the regression and the class label of the new model.
        destination: where the versions lie.

    Raises:
        InputError: the labels differ.
    """
    pushed = labels_pushed(version)
    if pushed is not None and pushed != labels:
        raise InputError(
            f"The labels must be those of the production model in {destination}, {spoken(pushed)}, "
            f"got {spoken(labels)}. Keep them apart by another name (--set name=NAME) or push.destination, "
            "or replace that model by --set push.replace=true."
        )


def spoken(labels: Labels) -> str:
    """Returns what a model predicts, in words."""
    return f'the regression label "{labels[0]}" and the class label "{labels[1]}"'


def rows_pushed(store: VersionStore) -> str:
    """Returns `rows_of` the current version, empty where there is none."""
    current = store.current()
    return "" if current is None else rows_of(store.manifest(current), str(store.folder(current)), "")


def rows_of(version: Version | None, folder: str, key: str) -> str:
    """Returns what a run must know of a version's rows: JSON of `identity`, `inherited` and `folder`, or nothing.

    A run of the very data of that version gets what that version's run got, so that its examples come from the cache.

    Args:
        version: what is kept with the version; None of a model that another tool put there.
        folder: where its files lie.
        key: that of the run's examples; equal keys mean equal data, read alike.
    """
    rows = version.rows if version else None
    if not rows:
        return ""
    if key and rows.key == key:
        return rows.given
    found = {"identity": rows.identity, "inherited": rows.inherited, "folder": folder}
    return json.dumps(found, sort_keys=True)
