"""The page of one run."""

import html
import json
from typing import Any


def render(report: dict[str, Any]) -> str:
    """Returns the HTML of one run."""
    text = html.escape(json.dumps(report, indent=1, ensure_ascii=False))
    return f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Report</title><pre>{text}</pre></html>\n'
