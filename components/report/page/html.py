"""The Jinja environment of all pages: everything is escaped, and style and script are written into the page."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from components.report.page import number_format

_PACKAGE = "components.report.page"
# Each state has a mark besides its colour and its word.
MARKS = (
    dict.fromkeys(("passed", "pushed", "validated", "tuned", "done", "ok"), "✓")
    | dict.fromkeys(("failed", "fail", "rejected", "stopped"), "✗")
    | dict.fromkeys(("warned", "warn"), "!")
    | {"cached": "=", "not reached": "·"}
)


def fill(template: str, **context: Any) -> str:
    """Returns a template filled in; undefined names are errors, so that nothing is left out silently."""
    return _environment().get_template(template).render(context)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": number_format.number,
        "percent": number_format.percent,
        "estimate": number_format.estimate,
        "duration": number_format.duration,
        "memory": number_format.memory,
        "latency": number_format.latency,
        "change": number_format.change,
        "moment": number_format.moment,
        "prose": _prose,
    }
    environment.globals |= {"style": _asset("page.css"), "script": _asset("page.js"), "marks": MARKS}
    return environment


def _prose(sentence: str) -> Markup:
    """A sentence whose `commands` stand in code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:  # a lone mark belongs to the text
        return escape(sentence)
    marked = (Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(parts))
    return Markup("").join(marked)


def _asset(name: str) -> Markup:
    # Ours, not data: it may not be escaped, or the style and the script would break.
    return Markup((resources.files(_PACKAGE) / "assets" / name).read_text(encoding="utf-8"))
