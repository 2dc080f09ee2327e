"""A report as files: the page, its numbers, and the model card."""

from __future__ import annotations

import json
from pathlib import Path

from components.formats.report import Report
from components.report.page import render
from components.report.parts.card import card, markdown
from components.shared.kept_files import replace_text

PAGE = "report.html"


def write(report: Report, folder: Path) -> None:
    """Writes `report.html`, `report.json`, `card.md` and `card.json` into a folder, and makes it.

    Args:
        report: see `collect`.
        folder: where to write; files of an older report are replaced.
    """
    content = card(report)
    texts = {
        "card.json": json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "card.md": markdown(report.pipeline, content),
        PAGE: render(report),
    }
    folder.mkdir(parents=True, exist_ok=True)
    report.write(folder)
    for name, text in texts.items():
        replace_text(folder / name, text)
