"""What a person should know about how the cells of a table were read, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from components.example_gen.cells import durations, number_text
from components.example_gen.cells.cells import Kind
from components.example_gen.cells.forms import PLAIN, Form, Meaning
from components.example_gen.cells.marked_numbers import decimal_comma, is_marked
from components.example_gen.cells.readings import categorical
from components.example_gen.cells.spelling import alike
from components.example_gen.profiling.column import ColumnProfile
from components.example_gen.profiling.profile import Profile
from components.example_gen.profiling.texts import MOST
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec

_MOSTLY = 0.9  # share of numbers from which other text in a column looks like a slip
_HALF = 0.5  # share of numbers, those with a mark among them, from which a column looks like one of numbers
_MAX_NAMED = 3


def label_notes(found: Profile, roles: Roles) -> list[str]:
    """Returns what was made of the labels."""
    number, classes = found.labels[roles.regression], found.labels[roles.classification]
    form = found.forms.get(roles.classification, PLAIN)
    return [
        *_read_as(roles.regression, number, found.forms.get(roles.regression, PLAIN)),
        *_read_as(roles.classification, classes, form),
        *(_one_number(roles.classification, found.spellings, "class") if form.meaning == Meaning.NUMBERS else []),
        *alike(roles.classification, found.classes, "classes"),
    ]


def missing_notes(columns: Mapping[str, ColumnProfile]) -> list[str]:
    """Returns which cells were taken as missing by what they say."""
    sentences = []
    spelled = [
        f"{name} " + ", ".join(f'"{text}" ({count:,})' for text, count in column.spelled.most_common(_MAX_NAMED))
        for name, column in columns.items()
        if column.spelled
    ]
    if spelled:
        sentences.append(f"Cells taken as missing by their spelling (data.missing): {'; '.join(spelled)}.")
    for name, column in columns.items():
        if column.beyond:
            sentences.append(
                f"{name}: {column.beyond:,} dates without end or beyond the years 1 to 9999 count as missing."
            )
    return sentences


def feature_notes(name: str, column: ColumnProfile, kind: Kind, spec: IngestSpec, form: Form) -> list[str]:
    """Returns what was made of a feature whose kind is settled."""
    sentences = [*_marked(name, column, kind, spec), *_read_as(name, column, form)]
    if column.large and kind == Kind.FLOAT:
        sentences.append(
            f"{name}: {column.large:,} whole number{'s' * (column.large > 1)} of 2^63 or more cannot be told apart in "
            "floating point. List the column under features.categorical if they are identifiers."
        )
    if kind == Kind.BYTES:
        if form.meaning != Meaning.BOOLEAN and len(column.odd) < MOST:
            sentences += alike(name, column.odd, "categories")
        if form.meaning == Meaning.NUMBERS:
            sentences += _one_number(name, _by_number(column.spellings), "category")
    return sentences


def number_like(name: str, column: ColumnProfile, spec: IngestSpec) -> bool:
    """Returns whether a text column looks like one of numbers, some of them with a mark."""
    if categorical(name, spec) or column.meaning != Meaning.PLAIN or not column.marked:
        return False
    return column.numbers + column.marked >= _HALF * column.present


def _marked(name: str, column: ColumnProfile, kind: Kind, spec: IngestSpec) -> list[str]:
    if kind != Kind.BYTES or categorical(name, spec) or column.meaning != Meaning.PLAIN or not column.odd:
        return []
    if not number_like(name, column, spec):
        return _slips(name, column)
    texts = list(column.odd)
    signed = [text for text, like in zip(texts, is_marked(pa.array(texts, pa.string())), strict=True) if like]
    example = max(signed, key=lambda text: column.odd[text], default=texts[0])
    marked = f"{column.marked:,} of {column.present:,} values ({_share(column.marked, column)})"
    if column.numbers:
        plain = f"{column.numbers:,} of {column.present:,} values ({_share(column.numbers, column)}) are numbers"
        what = f'{plain}, but "{example}" is not: {marked} are numbers with signs, separators or units'
    else:
        what = f'{marked} are numbers with signs, separators or units, such as "{example}"'
    commas = sum(decimal_comma(text) for text in signed) > _HALF * len(signed)
    return [
        f"{name}: {what}, so the column is read as text. "
        + ('Set data.decimal to "," if the comma is the decimal mark, or write' if commas else "Write")
        + " them plainly, such as 1234.5, or list the column under features.categorical."
    ]


def _slips(name: str, column: ColumnProfile) -> list[str]:
    if column.numbers < _MOSTLY * column.present:
        return []
    shown = column.odd.most_common(_MAX_NAMED)
    values = ", ".join(f'"{text}" ({count:,} time{"s" * (count > 1)})' for text, count in shown)
    are, them = ("is", "it") if len(column.odd) == 1 else ("are", "them")
    return [
        f"{name}: {column.numbers:,} of {column.present:,} values are numbers, but {values} {are} not. "
        f"Add {them} to data.missing, or list the column under features.categorical."
    ]


def _read_as(name: str, column: ColumnProfile, form: Form) -> list[str]:
    """Returns a sentence where the meaning of a column is not what its texts look like."""
    texts = sorted(column.odd, key=lambda text: (-column.odd[text], text))
    if form.meaning == Meaning.DURATION and texts:
        seconds = number_text.text_of(pa.array(durations.read(pa.array(texts[:1], pa.string()))))[0].as_py()
        return [f'{name}: durations and times of day such as "{texts[0]}" are read as seconds ({seconds}).']
    if column.seconds:
        return [f"{name}: durations and times of day are read as seconds."]
    if form.meaning in (Meaning.BOOLEAN, Meaning.BIT):
        words = sorted({text for text in texts if text.lower() not in ("true", "false")})
        if words or (column.numbers and texts):
            listed = ", ".join(f'"{text}"' for text in [*texts, *(("1", "0") if column.numbers else ())])
            return [f"{name}: {listed} are read as the booleans true and false."]
    return []


def _one_number(name: str, spellings: Mapping[str, Mapping[str, int]], what: str) -> list[str]:
    several = {one: found for one, found in spellings.items() if len(found) > 1}
    if not several:
        return []
    one, found = next(iter(several.items()))
    listed = " and ".join(f'"{text}" ({count:,} rows)' for text, count in found.items())
    more = f", and so are those of {len(several) - 1:,} more" if len(several) > 1 else ""
    return [f'{name}: {listed} are one number, so they are one {what}, "{one}"{more}.']


def _by_number(spellings: Mapping[str, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for text, one in zip(spellings, number_text.whole(pa.array(list(spellings), pa.string())).to_pylist(), strict=True):
        found.setdefault(one, {})[text] = spellings[text]
    return found


def _share(count: int, column: ColumnProfile) -> str:
    return f"{100 * count / max(column.present, 1):.0f} %"
