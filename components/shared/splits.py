"""Names of the splits, and where TFX keeps each of them in an artifact."""

from __future__ import annotations

import os

TRAIN = "train"
VALIDATION = "validation"
CALIBRATION = "calibration"
EVAL = "eval"


def split_folder(artifact: str | os.PathLike[str], split: str) -> str:
    """Returns the folder of a split in an artifact, such as examples or statistics."""
    return f"{os.fspath(artifact)}/{folder_name(split)}"


def folder_name(split: str) -> str:
    """Returns the name of a split's folder, by TFX's convention."""
    return f"Split-{split}"
