"""The row of totals that a spreadsheet adds at the bottom: its numbers are the sums of those above."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

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
class _Sums:
    """Sums over the rows before the last one, by column."""

    rows: dict[str, int]
    sums: dict[str, float]
    sizes: dict[str, float]


class Totals:
    """Looks for a last row of a file whose numbers are the sums of those above it.

    Two such numbers make it one, or one number beside a cell that is missing or says "Total".
    """

    def __init__(self) -> None:
        self.found: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._file = ""
        self._sums = _Sums({}, {}, {})
        self._last: dict[str, float] = {}
        self._marked = False
        self._place = 0

    def add(self, batch: LabelledBatch, numbers: Mapping[str, np.ndarray]) -> None:
        """Takes in the next rows.

        Args:
            batch: the rows.
            numbers: column → its numbers, float64 `[n]`, NaN where there is none; of every column of numbers so far.
        """
        if batch.batch.first_row == 1:
            self.end()
            self._file, self._sums, self._last = batch.batch.file, _Sums({}, {}, {}), {}
        if not len(batch.places):
            return
        for name, value in self._last.items():
            self._above(name, np.array([value]))
        for name, values in numbers.items():
            self._above(name, values[:-1])
        self._last = {name: float(values[-1]) for name, values in numbers.items()}
        self._marked = self._says_total(batch)
        self._place = batch.batch.first_row + int(batch.places[-1])

    def end(self) -> None:
        """Judges the last row of the file that was read."""
        matching = tuple(name for name, value in self._last.items() if self._is_sum(name, value))
        if len(matching) > 1 or (matching and self._marked):
            self.found[self._file] = (self._place, matching)
        self._last = {}

    def _above(self, name: str, values: np.ndarray) -> None:
        sums = self._sums
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(values.sum())
            if not np.isfinite(total):
                values = values[np.isfinite(values)]
                total = float(values.sum())
            sums.rows[name] = sums.rows.get(name, 0) + int(np.count_nonzero(values))
            sums.sums[name] = sums.sums.get(name, 0.0) + total
            sums.sizes[name] = sums.sizes.get(name, 0.0) + float(np.abs(values).sum())

    def _is_sum(self, name: str, value: float) -> bool:
        rows, total = self._sums.rows.get(name, 0), self._sums.sums.get(name, 0.0)
        if rows < _LEAST_ROWS or not np.isfinite([value, total]).all():
            return False
        large = abs(total) > _ABOVE_MEAN * self._sums.sizes[name] / rows
        return large and abs(value - total) <= _TOLERANCE * abs(total)

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
