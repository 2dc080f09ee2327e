"""Texts of one column that a person would read as the same: `yes`, `Yes` and `yes.`."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable, Mapping

_MAX_TEXTS = 500  # a column of more distinct texts is no list of categories that a person keeps
_MAX_GROUPS = 3
_MARKS = " .,;:!?"

_DIFFERENCES: dict[str, Callable[[str], str]] = {
    "Unicode form": lambda text: unicodedata.normalize("NFKC", text),
    "blanks": lambda text: " ".join(text.split()),
    "case": str.casefold,
    "a mark at the end": lambda text: text.rstrip(_MARKS) or text,
}


def alike(name: str, texts: Mapping[str, int], what: str) -> list[str]:
    """Returns sentences about texts that differ in case, blanks, marks or Unicode form only.

    Args:
        name: the column.
        texts: text → rows.
        what: what different texts are: `classes` or `categories`.
    """
    if len(texts) > _MAX_TEXTS:
        return []
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(_bare(text), []).append(text)
    same = [sorted(group, key=lambda text: (-texts[text], text)) for group in groups.values() if len(group) > 1]
    sentences = [_sentence(name, group, texts, what) for group in same[:_MAX_GROUPS]]
    if len(same) > _MAX_GROUPS:
        sentences.append(f"{name}: {len(same) - _MAX_GROUPS:,} more texts are written in several ways like these.")
    return sentences


def _bare(text: str, differences: Iterable[str] = tuple(_DIFFERENCES)) -> str:
    for difference in differences:
        text = _DIFFERENCES[difference](text)
    return text


def _sentence(name: str, group: list[str], texts: Mapping[str, int], what: str) -> str:
    *others, last = [f'"{text}" ({texts[text]:,}{" rows" if not place else ""})' for place, text in enumerate(group)]
    return (
        f"{name}: {', '.join(others)} and {last} differ in {' and '.join(_reasons(group))} only; "
        f"they are different {what}. Write them alike."
    )


def _reasons(group: list[str]) -> tuple[str, ...]:
    """Returns the fewest differences that tell texts apart."""
    every = [some for size in range(1, len(_DIFFERENCES) + 1) for some in itertools.combinations(_DIFFERENCES, size)]
    return next(some for some in every if len({_bare(text, some) for text in group}) == 1)
