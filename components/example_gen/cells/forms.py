"""What the texts of one column stand for, decided over the whole column or by the texts that are known of it."""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from components.example_gen.cells import booleans, instants, number_text


class Meaning(enum.StrEnum):
    """What the cells of a column stand for.

    `PLAIN` is text as it is written, or ordinary numbers; `NUMBERS` numbers as categories (`1.0` is `1`); `BOOLEAN`
    the categories `true` and `false`; `BIT` numbers where a boolean is 1 or 0; `DURATION` seconds; `INSTANT` points in
    time, where `infinity` is no value.
    """

    PLAIN = "PLAIN"
    NUMBERS = "NUMBERS"
    BOOLEAN = "BOOLEAN"
    BIT = "BIT"
    DURATION = "DURATION"
    INSTANT = "INSTANT"


@dataclasses.dataclass(frozen=True)
class Form:
    """How the cells of a column are read.

    Args:
        meaning: what they stand for.
        spelled: canonical text → the text that a schema or a model knows it by, where these differ.
    """

    meaning: Meaning = Meaning.PLAIN
    spelled: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Form:
        """Returns the form that `dataclasses.asdict` made a dictionary, and JSON lists of its tuples."""
        return cls(Meaning(fields["meaning"]), tuple((text, known) for text, known in fields["spelled"]))


PLAIN = Form()


def form_of(known: Collection[str]) -> Form:
    """Returns how a text column is read of which these texts are known: a domain, classes, or counted categories.

    Texts that an earlier version, a person or another program wrote in another form (`True`, `1.0`,
    `2024-01-01T10:00:00Z`) stay what the column says.
    """
    return _form_of(tuple(known))


def form_of_numbers(values: Collection[float]) -> Form:
    """Returns how a column of numbers is read of which these values are known: booleans are 1 and 0 beside 0/1."""
    return Form(Meaning.BIT) if len(values) and all(value in (0, 1) for value in values) else PLAIN


@functools.lru_cache(maxsize=1_024)
def _form_of(known: tuple[str, ...]) -> Form:
    texts = pa.array(known, pa.string())
    for meaning in _meanings(known, texts):
        canonical = _canonical(texts, meaning)
        if len(set(canonical)) == len(known):
            pairs = zip(canonical, known, strict=True)
            return Form(meaning, tuple((text, one) for text, one in pairs if text != one))
    return PLAIN


def _meanings(known: tuple[str, ...], texts: pa.Array) -> list[Meaning]:
    """Returns what these texts can stand for, the strongest first."""
    found: list[Meaning] = []
    if not known:
        return found
    if booleans.are_words(known) or set(known) == {"0", "1"}:
        found.append(Meaning.BOOLEAN)
    elif number_text.is_number(texts).all() and not number_text.any_padded(texts):
        found.append(Meaning.NUMBERS)
    elif instants.is_instant(texts).all():
        found.append(Meaning.INSTANT)
    return [*found, Meaning.PLAIN]


def _canonical(texts: pa.Array, meaning: Meaning) -> list[str]:
    if meaning == Meaning.BOOLEAN:
        return [booleans.TRUE if booleans.value(text) else booleans.FALSE for text in texts.to_pylist()]
    if meaning == Meaning.NUMBERS:
        return list(number_text.whole(texts).to_pylist())
    return [text.strip() for text in instants.canonical(texts).to_pylist()]
