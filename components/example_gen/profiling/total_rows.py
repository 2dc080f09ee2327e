"""The row of totals that a spreadsheet adds at the bottom: its numbers are the sums of those above."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np

from components.example_gen.labelled import LabelledBatch

_LEAST_ROWS = 10  # with a number, above
_TOLERANCE = 1e-5  # of the sum, for what was rounded before or after it was added
_ABOVE_MEAN = 3.0  # times the mean size, which a number that happens to equal the sum is not
_WORDS = frozenset(
    {"total", "totals", "grand total", "sum", "sums", "summe", "summen", "gesamt", "gesamtsumme", "insgesamt"}
    | {"somme", "totale", "totaal", "suma", "toplam", "total general", "total général"}
)


@dataclasses.dataclass
class _Last:
    """The last row of a file so far.

    Args:
        place: its number.
        numbers: column → its number there, NaN where there is none.
        marked: whether a cell of it is missing or says that it is a total.
    """

    place: int = 0
    numbers: dict[str, float] = dataclasses.field(default_factory=dict)
    marked: bool = False


@dataclasses.dataclass
class _File:
    """Sums over the rows of a file but the last one, by column, and that one.

    Args:
        number: the file's place among those of the table.
        last: the last row.
        rows: column → rows with a number other than 0.
        sums: column → the sum of the numbers.
        sizes: column → the sum of their sizes.
        texts: columns with something else than numbers.
    """

    number: int
    last: _Last = dataclasses.field(default_factory=_Last)
    rows: dict[str, int] = dataclasses.field(default_factory=dict)
    sums: dict[str, float] = dataclasses.field(default_factory=dict)
    sizes: dict[str, float] = dataclasses.field(default_factory=dict)
    texts: set[str] = dataclasses.field(default_factory=set)

    def add(self, name: str, values: np.ndarray) -> None:
        """Adds numbers, float64 `[n]`, that do not stand in the last row."""
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(values.sum())
            if not np.isfinite(total):
                values = values[np.isfinite(values)]
                total = float(values.sum())
            self._add(name, int(np.count_nonzero(values)), total, float(np.abs(values).sum()))

    def end(self, row: _Last) -> None:
        """Takes in a row that ends some rows of the file; of several, that with the largest number ends the file."""
        above, self.last = sorted([self.last, row], key=lambda one: one.place)
        for name, value in above.numbers.items():
            self.add(name, np.array([value]))

    def merge(self, other: _File) -> None:
        """Takes in other rows of the file."""
        for name in other.rows:
            self._add(name, other.rows[name], other.sums[name], other.sizes[name])
        self.texts |= other.texts
        self.end(other.last)

    def matching(self) -> tuple[str, ...]:
        """Returns the columns in which the last row holds the sum of those above."""
        return tuple(name for name, value in self.last.numbers.items() if self._is_sum(name, value))

    def _add(self, name: str, rows: int, total: float, size: float) -> None:
        self.rows[name] = self.rows.get(name, 0) + rows
        self.sums[name] = self.sums.get(name, 0.0) + total
        self.sizes[name] = self.sizes.get(name, 0.0) + size

    def _is_sum(self, name: str, value: float) -> bool:
        rows, total = self.rows.get(name, 0), self.sums.get(name, 0.0)
        if name in self.texts or rows < _LEAST_ROWS or not np.isfinite([value, total]).all():
            return False
        large = abs(total) > _ABOVE_MEAN * self.sizes[name] / rows
        return large and abs(value - total) <= _TOLERANCE * abs(total)


class Totals:
    """Looks for a last row of a file whose numbers are the sums of those above it.

    Two such numbers make it one, or one number beside a cell that is missing or says "Total".
    """

    def __init__(self) -> None:
        self._open: dict[str, _File] = {}
        self._found: dict[str, tuple[int, int, tuple[str, ...]]] = {}

    def add(self, batch: LabelledBatch, numbers: Mapping[str, np.ndarray], texts: Collection[str]) -> None:
        """Takes in the next rows of a file, all of them after those of other files that began before.

        Args:
            batch: the rows.
            numbers: column → its numbers, float64 `[n]`, NaN where there is none; of every column of numbers.
            texts: the columns that could be of numbers and are not.
        """
        if batch.batch.first_row == 1:
            self._close()
        file = self._open.setdefault(batch.batch.file, _File(batch.batch.number))
        file.texts.update(texts)
        if not len(batch.places):
            return
        for name, values in numbers.items():
            file.add(name, values[:-1])
        last = {name: float(values[-1]) for name, values in numbers.items()}
        file.end(_Last(batch.place(-1)[1], last, self._says_total(batch)))

    def merge(self, other: Totals) -> None:
        """Takes in other rows, of the same files or of others."""
        self._found |= other._found
        for name, file in other._open.items():
            self._open.setdefault(name, _File(file.number)).merge(file)

    def found(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        """Returns file → number of its last row and the columns whose sums it holds, where that is a row of totals."""
        self._close()
        ordered = sorted(self._found.items(), key=lambda item: item[1][0])
        return {name: (place, columns) for name, (_, place, columns) in ordered}

    def _close(self) -> None:
        """Judges the last rows of the files that were read."""
        for name, file in self._open.items():
            matching = file.matching()
            if len(matching) > 1 or (matching and file.last.marked):
                self._found[name] = (file.number, file.last.place, matching)
        self._open = {}

    def _says_total(self, batch: LabelledBatch) -> bool:
        """Returns whether a cell of the last row is missing or says that it is a total."""
        if not batch.has_class[-1] or not batch.has_number[-1]:
            return True
        texts = [str(batch.classes[-1].as_py())]
        for cells in batch.cells.values():
            if cells.missing[-1]:
                return True
            if not cells.is_vector and cells.number_kind is None:
                texts.append(str(cells.text()[-1].as_py()))
        return any(text.strip().rstrip(":.").casefold() in _WORDS for text in texts)


def totals_note(file: str, row: int, columns: tuple[str, ...]) -> str:
    """Returns the sentence about a row that was left out as one of totals.

    Args:
        file: the file's name, empty where the table has one file.
        row: its number under the header.
        columns: the columns whose sums it holds.
    """
    where = f"Row {row:,}{f' of {file!r}' if file else ''}, the last one,".replace("'", '"')
    sums = ", ".join(f'"{name}"' for name in columns[:3]) + (" …" if len(columns) > 3 else "")
    return (
        f"{where} holds the sum of all rows above in {sums}: it is taken for a row of totals and left out. "
        "Remove it from the file."
    )
