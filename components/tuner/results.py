"""What came of a search, as a file beside TFX's own: `tuning.json`, for the terminal and the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.shared.file_names import TUNING
from components.shared.kept_files import read_json


def best_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the trial with the lowest objective, the earliest where several have it."""
    completed = [trial for trial in results["trials"] if trial["objective"] is not None]
    best: dict[str, Any] = min(completed, key=lambda trial: trial["objective"])
    return best


def read_results(folder: str | Path) -> dict[str, Any]:
    """Returns the results in an artifact.

    Returns:
        `method`, `seed`, `trials_wanted`, `epochs`; `metrics` and `references` by head; `space`; `start`, the dotted
        keys with the values the search started from; `trials` as `Search.describe` has them, in their order.
    """
    return read_json(Path(folder) / TUNING)
