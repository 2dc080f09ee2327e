"""The few shapes a chart is made of, as SVG text; whatever comes from data is escaped here.

Colours are classes, so that the page's light and dark themes apply. A chart has a title and a description for
those who cannot see it, and marks have titles for those who point at them.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from components.report.page.number_format import short

WIDTH = 360
HEIGHT = 250
_CHARACTER = 6.6  # width of a character of the charts' 11 px text, on average


def node(tag: str, *children: str, **attributes: str | float | None) -> Markup:
    """One element; `class_` stands for `class`, `text_anchor` for `text-anchor`; None leaves an attribute out."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{tag}{named}>{inner}</{tag}>") if inner else Markup(f"<{tag}{named}/>")


def _attribute(value: str | float) -> str:
    # A tenth of a pixel is finer than any screen shows, and keeps the page small.
    return str(escape(value)) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def chart(
    marks: Iterable[str], title: str, description: str, *, width: float = WIDTH, height: float = HEIGHT, kind: str = ""
) -> Markup:
    """A whole drawing, named and described; it shrinks with the page but does not grow beyond its size."""
    return node(
        "svg",
        node("title", title),
        node("desc", description),
        *marks,
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        class_=f"chart {kind}".strip(),
    )


def text(
    content: str, x: float, y: float, *, anchor: str | None = None, kind: str | None = None, turned: bool = False
) -> Markup:
    """Words at a point; `turned` reads from bottom to top."""
    rotation = f"rotate(-90 {x:.1f} {y:.1f})" if turned else None
    return node("text", content, x=x, y=y, text_anchor=anchor, class_=kind, transform=rotation)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return node("path", d=f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", class_=kind)


def polyline(points: Iterable[tuple[float, float]], kind: str, title: str = "") -> Markup:
    """A line through points."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return node("path", *_titled(title), d=f"M{path}", class_=f"line {kind}")


def rect(x: float, y: float, width: float, height: float, kind: str, title: str = "", opacity: float = 1) -> Markup:
    """A filled rectangle."""
    shown = None if opacity == 1 else f"{opacity:.3f}"
    return node(
        "rect", *_titled(title), x=x, y=y, width=max(width, 0), height=max(height, 0), class_=kind, fill_opacity=shown
    )


def dot(x: float, y: float, kind: str, title: str = "", radius: float = 3) -> Markup:
    """A filled circle."""
    return node("circle", *_titled(title), cx=x, cy=y, r=radius, class_=kind)


def fitted(content: str, width: float) -> str:
    """The text, cut with an ellipsis to about `width` pixels."""
    return short(content, max(2, int(width / _CHARACTER)))


def text_width(content: str) -> float:
    """About how many pixels wide the text is."""
    return len(content) * _CHARACTER


def _titled(title: str) -> tuple[Markup, ...]:
    return (node("title", title),) if title else ()
