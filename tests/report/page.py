"""A page as a test reads it: its elements, its text and its numbers."""

from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from components.formats.report import Report
from components.report.page import render

VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """What a browser would make of a page: its elements, its text, and the numbers of `<data>`."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def numbers(self) -> set[float]:
        values = [attributes.get(key) for _, attributes in self.tags for key in ("value", "data-low", "data-high")]
        return {float(value) for value in values if value not in (None, "None", "")}

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def leaves(value: Any) -> set[float]:
    """All numbers in a tree of JSON."""
    if isinstance(value, dict):
        return set().union(*map(leaves, value.values()))
    if isinstance(value, list):
        return set().union(*map(leaves, value))
    return {float(value)} if isinstance(value, (int, float)) and not isinstance(value, bool) else set()


def drawn(report: dict[str, Any]) -> str:
    """The page of a report that is given as its file holds it."""
    return render(Report.of(Path("report.json"), deepcopy(report)))


def text_of(report: dict[str, Any]) -> str:
    return " ".join(" ".join(Page(drawn(report)).text).split())
