"""The rows that carry both labels, batch by batch: what every pass over the data works on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from components.errors import InputError
from components.example_gen.cells import Cells, NotNumericError, UnsupportedTypeError
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables import Batch, Table


@dataclasses.dataclass(frozen=True)
class LabelledBatch:
    """Rows with both labels.

    Args:
        read: rows read, also those left out.
        left_out: reason → rows left out.
        target: regression label, float64 `[n]`, finite.
        classes: class label, string `[n]`, no null.
        cells: column name → its cells of the n rows (features, vector elements, the split column).
        batch: where the rows come from.
        places: int64 `[n]`, position of each row in that batch.
    """

    read: int
    left_out: dict[str, int]
    target: np.ndarray
    classes: pa.Array
    cells: dict[str, Cells]
    batch: Batch
    places: np.ndarray

    def where(self, index: int) -> str:
        """Returns the place of a row as a user finds it: `row 12 of "b.csv"`."""
        return self.batch.where(int(self.places[index]))


def labelled_batches(table: Table, spec: IngestSpec, roles: Roles) -> Iterator[LabelledBatch]:
    """Yields the rows that have both labels, in file order.

    Raises:
        InputError: the regression label is no finite number, or a column's type cannot be used.
    """
    for batch in table.batches(roles.columns):
        regression = _cells(batch.data, roles.regression, spec)
        classification = _cells(batch.data, roles.classification, spec)
        target = _target(regression, roles.regression, batch)
        if classification.is_vector:
            raise InputError(
                f'The class label "{roles.classification}" must be text, a number or a boolean, got a list.'
            )
        no_number, no_class = np.isnan(target), classification.missing
        reasons = {
            "regression label missing": no_number & ~no_class,
            "class label missing": no_class & ~no_number,
            "both labels missing": no_number & no_class,
        }
        keep = ~(no_number | no_class)
        mask = pa.array(keep)
        data = batch.data if keep.all() else batch.data.filter(mask)
        names = [name for name in roles.columns if name not in (roles.regression, roles.classification)]
        yield LabelledBatch(
            read=len(keep),
            left_out={reason: int(rows.sum()) for reason, rows in reasons.items() if rows.any()},
            target=target[keep],
            classes=classification.text().filter(mask),
            cells={name: _cells(data, name, spec) for name in names},
            batch=batch,
            places=np.flatnonzero(keep),
        )


def _cells(data: pa.RecordBatch, name: str, spec: IngestSpec) -> Cells:
    try:
        return Cells(data.column(name), spec.missing)
    except UnsupportedTypeError as error:
        raise InputError(
            f'The column "{name}" must hold numbers, text, booleans, dates or lists of numbers, '
            f"got {error}. List it under data.ignore, or convert it."
        ) from error


def _target(cells: Cells, label: str, batch: Batch) -> np.ndarray:
    try:
        target = cells.floats()
    except NotNumericError as error:
        raise InputError(
            f'The regression label "{label}" must be a number, got "{error.text}" in '
            f"{batch.where(error.index)}. Write numbers as 1234.5, without signs or separators; "
            "if it stands for no value, add it to data.missing."
        ) from error
    with np.errstate(over="ignore"):
        infinite = np.isinf(target.astype(np.float32))
    if infinite.any():
        index = int(np.flatnonzero(infinite)[0])
        raise InputError(
            f'The regression label "{label}" must be finite in 32 bits, got {target[index]:g} in '
            f"{batch.where(index)}. Correct it, or leave it empty."
        )
    return target
