"""The entries of a vocabulary file of text columns: which column each belongs to, and its text.

Nothing here needs Beam or knows how a vocabulary is made, so that what reads one does not depend on that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

# What cannot stand in a line of a text file: what stands for it, the escape itself first.
ESCAPES = {b"%": b"%25", b"\n": b"%0A", b"\r": b"%0D", b"\x00": b"%00"}


@dataclass(frozen=True)
class Word:
    """One entry of a vocabulary.

    Args:
        column: position of the column that it belongs to.
        text: the text.
    """

    column: int
    text: bytes

    @property
    def token(self) -> bytes:
        """The line that stands for it."""
        text = self.text
        for character, escaped in ESCAPES.items():
            text = text.replace(character, escaped)
        return b"%d:%s" % (self.column, text)

    @classmethod
    def of(cls, token: bytes) -> Word:
        """Returns the entry that a line stands for."""
        column, _, text = token.partition(b":")
        return cls(int(column), unquote_to_bytes(text))


def read_words(transform: Any, name: str) -> list[Word]:
    """Returns the entries of a vocabulary, by index.

    Args:
        transform: the `tft.TFTransformOutput` that has it.
        name: the vocabulary's file.
    """
    return [Word.of(token) for token in transform.vocabulary_by_name(name)]


def missing_place(column: Any, count: int) -> Any:
    """Returns what `preprocessing.encode` writes for a missing text.

    Args:
        column: position of the column, or a tensor of positions.
        count: number of text columns C.
    """
    return count + column


def owners(words: Sequence[Word], count: int) -> list[int]:
    """Returns the column that each place of `preprocessing.encode` belongs to.

    Args:
        words: the entries of the vocabulary.
        count: number of text columns C; without any there is no place.
    """
    return [*range(count), *range(count), *(word.column for word in words)] if count else []
