"""The table that every writer writes: plain values of the standard library, kept as JSON, so no writer made them.

The writers' own environments import this module too, so it must need nothing but Python.
"""

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

ROWS = 480
SEED = 14

KINDS = {
    "row": "int",
    "amount": "float",
    "outcome": "text",
    "visits": "int",
    "ticket": "int",
    "account": "int",
    "token": "uint",
    "rate": "decimal(3, 1)",
    "price": "decimal(10, 2)",
    "height": "float",
    "share": "float32",
    "member": "boolean",
    "active": "boolean",
    "born": "date",
    "seen": "timestamp",
    "until": "timestamp",
    "sent": "instant",
    "wait": "duration",
    "delay": "duration",
    "note": "text",
    "place": "text",
    "colour": "category",
    "country": "text",
    "year": "int",
    "vector": "vector",
}
"""Column -> what it holds. A timestamp has no zone, an instant is in UTC."""

CATEGORIES = ("account", "token", "rate")
"""Columns of numbers that name something."""

PARTITIONS = ("country", "year")
"""Columns that stand in the folders' names of a partitioned table."""

LENGTH = 3
"""Numbers in each vector."""

OUTCOMES = ("kept", 'sent "back"', "lost, again", "größer")
COLOURS = ("red", "dark green", "blau")
COUNTRIES = ("de", "são tomé", "x/y", None)
NOTES = (
    "plain",
    "two words",
    '"Great product, would',
    'says "hi" twice "hi"',
    'ends with a quote"',
    '"quoted"',
    "a, b, c",
    "a; b",
    "a | b",
    "a\tb",
    "first line\nsecond line",
    "C:\\new\\table",
    "ends with a backslash\\",
    'backslash and quote \\"',
    "comma, backslash\\",
    "it's",
    "größer als 5 €",
    "日本語",
    "null and void",
    "NA",
    "",
    "null",
    "#hash",
    "'single'",
    "=1+1",
    " blanks around ",
    "0x1F",
    None,
)
NO_VALUE = (None, "", "NA", "N/A", "null", "None")
"""What means that a value is missing, by the pipeline's documentation."""

PLACES = ("Köln", "Ulm", "São Paulo", "NA", "N/A", "", "None", None)


def make(rows=ROWS, seed=SEED):
    """Returns column -> values, None where one is missing."""
    draw = random.Random(seed)
    table = {name: [] for name in KINDS}
    for row in range(1, rows + 1):
        height = round(draw.gauss(170, 9), 1)
        share = draw.randrange(1, 20) / 20
        outcome = OUTCOMES[(height > 165) + (height > 170) + (height > 175)]
        seen = datetime(2024, 1, 1) + timedelta(seconds=draw.randrange(40) * 90_000)
        values = {
            "row": row,
            "amount": round(2 * height + 30 * share + draw.gauss(0, 3), 2),
            "outcome": outcome,
            "visits": _seldom(draw, draw.randrange(10)),
            "ticket": 2**53 + 1 + 2 * draw.randrange(10**6),
            "account": 2**53 + 1 + draw.randrange(4),
            "token": draw.choice((2**64 - 1, 2**64 - 2, 2**63, 2**63 - 1, 12)),
            "rate": Decimal(draw.choice(("1.7", "2.3", "1.0", "0.5"))),
            "price": _seldom(draw, Decimal(draw.randrange(1, 10**6)).scaleb(-2)),
            "height": _seldom(draw, height),
            "share": share,
            "member": _seldom(draw, draw.random() < 0.4),
            "active": draw.random() < 0.5,
            "born": _seldom(draw, date(1950, 1, 1) + timedelta(days=draw.randrange(60) * 400)),
            "seen": seen,
            "until": draw.choice((datetime(9999, 12, 31), datetime(2025, 6, 30, 12), datetime(2026, 1, 1))),
            "sent": _seldom(draw, (seen + timedelta(milliseconds=draw.randrange(2) * 500)).replace(tzinfo=UTC)),
            "wait": _seldom(draw, timedelta(milliseconds=500 * draw.randrange(10**6))),
            "delay": _seldom(draw, timedelta(milliseconds=250 * draw.randrange(-5000, 5000))),
            "note": draw.choice(NOTES),
            "place": draw.choice(PLACES),
            "colour": _seldom(draw, draw.choice(COLOURS)),
            "country": draw.choice(COUNTRIES),
            "year": draw.choice((2023, 2024)),
            "vector": _seldom(draw, [draw.randrange(-99, 99) / 10 for _ in range(LENGTH)]),
        }
        for name, value in values.items():
            table[name].append(value)
    return table


def save(table, path):
    """Writes a table as JSON: decimals and times as text, durations in milliseconds."""
    text = {name: [_plain(value) for value in values] for name, values in table.items()}
    Path(path).write_text(json.dumps(text, ensure_ascii=False, indent=0), "utf-8")


def load(path):
    """Returns the table that `save` wrote."""
    text = json.loads(Path(path).read_text("utf-8"))
    return {
        name: [None if value is None else _value(value, KINDS[name]) for value in values]
        for name, values in text.items()
    }


def flat(table):
    """Returns a table for formats without lists: the vectors as one column for each of their numbers."""
    scalars = {name: values for name, values in table.items() if KINDS[name] != "vector"}
    for name in table.keys() - scalars.keys():
        for place in range(LENGTH):
            scalars[f"{name}_{place + 1}"] = [None if value is None else value[place] for value in table[name]]
    return scalars


def kind_of(name):
    """Returns what a column holds; an element of a vector is a float32."""
    return KINDS.get(name, "float32")


def stale(table):
    """Returns other rows of the same columns, as an older version of the table held them."""
    return {name: [-value for value in values] if name == "row" else values[::-1] for name, values in table.items()}


def _seldom(draw, value):
    return None if draw.random() < 0.07 else value


def _plain(value):
    if isinstance(value, timedelta):
        return value // timedelta(milliseconds=1)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _value(value, kind):
    if kind.startswith("decimal"):
        return Decimal(value)
    if kind == "date":
        return date.fromisoformat(value)
    if kind in ("timestamp", "instant"):
        return datetime.fromisoformat(value)
    return timedelta(milliseconds=value) if kind == "duration" else value
