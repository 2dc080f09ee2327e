"""Names of columns as people see them: two that look the same are the same."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence


def plain_name(name: str) -> str:
    """Returns a name in Unicode's composed form (NFC), without invisible characters and blanks around it.

    A no-break or any other blank inside becomes an ordinary one. So a header by macOS, in the decomposed form, names
    the same columns as a configuration that was typed.
    """
    visible = "".join(character for character in name if unicodedata.category(character) != "Cf")
    blank = "".join(" " if character.isspace() else character for character in visible)
    return unicodedata.normalize("NFC", blank).strip()


def plain_names(names: Sequence[str]) -> list[str]:
    """Returns the plain names of a header; those that only differ in what cannot be seen stay as they are written."""
    plain = [plain_name(name) for name in names]
    counts = Counter(plain)
    return [one if counts[one] == 1 else name for name, one in zip(names, plain, strict=True)]


def other_letters(name: str, other: str) -> str:
    """Returns a sentence about letters of another script that make a name look like another one, or an empty string."""
    if len(name) != len(other):
        return ""
    for own, its in zip(name, other, strict=True):
        scripts = [unicodedata.name(character, "").partition(" ")[0] for character in (own, its)]
        if own != its and scripts[0] != scripts[1] and own.isalpha() and its.isalpha():
            return f' Its "{its}" is {unicodedata.name(its)}, not {unicodedata.name(own)}.'
    return ""
