"""A report as files: the page, its numbers, and the model card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from components.report.page import render
from components.report.parts.card import card, markdown
from components.shared.kept_files import replace_text

PAGE = "report.html"
NUMBERS = "report.json"


def write(report: dict[str, Any], folder: Path) -> None:
    """Writes `report.html`, `report.json`, `card.md` and `card.json` into a folder, and makes it.

    Args:
        report: see `collect`.
        folder: where to write; files of an older report are replaced.
    """
    content = card(report)
    texts = {
        NUMBERS: _json(report),
        "card.json": _json(content),
        "card.md": markdown(report["pipeline"], content),
        PAGE: render(report),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        replace_text(folder / name, text)


def _json(values: Any) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
