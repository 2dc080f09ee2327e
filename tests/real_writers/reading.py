"""Reads what a writer wrote as the pipeline does, and holds it against the source table, cell by cell."""

import csv
import dataclasses
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow.parquet
import tensorflow as tf
from tfx_bsl.cc.tfx_bsl_extension.coders import ExampleToNumpyDict

from components.example_gen.ingest import ingest
from components.example_gen.spec import SPLITS, IngestSpec, expand
from components.shared.errors import InputError
from tests.real_writers.source import CATEGORIES, KINDS, LENGTH, NO_VALUE, flat
from tests.real_writers.writers.typed import typed

REGRESSION, CLASSIFICATION, KEY, VECTOR = "amount", "outcome", "row", "vector"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one table.

    Args:
        rows: rows in the examples.
        cells: cells that were compared, labels and splits included.
        differing: those that differ, each as a sentence.
        error: why the table was refused, else empty.
    """

    rows: int
    cells: int
    differing: list[str]
    error: str = ""


class Reader:
    """Holds tables against the source.

    Args:
        table: the source table.
        folder: where the source itself is written, for the splits and the spelling of times.

    Attributes:
        file: the source as plain CSV.
    """

    def __init__(self, table, folder):
        self.file, self._parquet = Path(folder) / "source.csv", Path(folder) / "source.parquet"
        self._table = table
        self._references = {}
        _write_csv(flat(table), self.file)
        pyarrow.parquet.write_table(typed(table), self._parquet)

    def outcome(self, path, columns):
        """Returns what became of the source table in a file or folder.

        Args:
            path: the file or folder.
            columns: the columns of the source that were written.
        """
        names = [name for name in KINDS if name != KEY and covers(columns, name)]
        try:
            got = examples(path, columns)
        except InputError as error:
            return Outcome(0, len(self._table[KEY]) * len(names), [], str(error))
        reference = self._reference(tuple(columns))
        differing = [f"row {row} is not in the source" for row in got.keys() - set(self._table[KEY])]
        for place, row in enumerate(self._table[KEY]):
            if row not in got:
                differing.append(f"row {row} is lost")
                continue
            split, cells = got[row]
            if split != reference[row][0]:
                differing.append(f"row {row} is in {split}, not in {reference[row][0]}")
            for name in names:
                fault = _fault(name, self._table[name][place], cells.get(name), reference[row][1].get(name))
                if fault:
                    differing.append(f"row {row}: {name} {fault}")
        return Outcome(len(got), len(self._table[KEY]) * (len(names) + 1), differing)

    def _reference(self, columns):
        if columns not in self._references:
            path, present = (self._parquet, KINDS) if VECTOR in columns else (self.file, flat(self._table))
            ignored = tuple(name for name in present if name not in columns)
            self._references[columns] = examples(path, columns, ignored)
        return self._references[columns]


def covers(columns, name):
    """Returns whether a column of the source is among the columns of a table, be it number by number."""
    return name in columns or f"{name}_{LENGTH}" in columns


def examples(path, columns, ignored=()):
    """Returns row -> (split, column -> value) as the examples hold them.

    Args:
        path: a table with some columns of the source.
        columns: those that are read.
        ignored: the others.
    """
    flattened = VECTOR not in columns
    spec = IngestSpec(
        expand(path),
        REGRESSION,
        CLASSIFICATION,
        categorical=CATEGORIES,
        vectors={VECTOR: f"{VECTOR}_*"} if flattened else {},
        ignore=ignored,
    )
    with tempfile.TemporaryDirectory() as folder:
        ingest(spec, folder)
        return {row.pop(KEY): (split, row) for split in SPLITS for row in _rows(folder, split)}


def _rows(folder, split):
    files = sorted(str(path) for path in Path(folder, f"Split-{split}").iterdir())
    for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        row = {name: None if value is None else value.tolist() for name, value in ExampleToNumpyDict(record).items()}
        yield {name: value if value is None or len(value) > 1 else value[0] for name, value in row.items()}


def _write_csv(table, path):
    """Writes a table as text by hand: durations in seconds, times in ISO 8601, `true` and `false`."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*([_text(value) for value in values] for values in table.values()), strict=True))


def _text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return "" if value is None else value


def _fault(name, value, got, reference):
    """Returns how a cell differs from the source, None where it is the same."""
    kind = KINDS[name]
    if kind == "vector":
        wanted = np.full(LENGTH, np.nan) if value is None else np.array(value)
        same = got is not None and np.array_equal(np.float32(got), np.float32(wanted), equal_nan=True)
        return None if same else f"must be {value}, got {got}"
    if value in NO_VALUE:
        value = None
    if value is None or got is None:
        return None if value is got else f"must be {value!r}, got {got!r}"
    if kind in ("text", "category"):
        same = got == value.strip().encode()
    elif kind == "boolean":
        same = got == str(value).lower().encode()
    elif name in CATEGORIES:
        same = got == f"{Decimal(value).normalize():f}".encode()
    elif kind in ("date", "timestamp", "instant"):
        # How it is spelt is the pipeline's own affair, as long as it is one spelling.
        same = _instant(got) == _instant(str(value)) and got == reference
    elif isinstance(got, bytes):
        same = False
    elif kind == "int":
        same = got == value
    else:
        number = value.total_seconds() if isinstance(value, timedelta) else float(value)
        same = np.float32(got) == np.float32(number)
    return None if same else f"must be {value!r}, got {got!r}" + ("" if got == reference else f", not {reference!r}")


def _instant(text):
    try:
        time = datetime.fromisoformat(text.decode() if isinstance(text, bytes) else text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
