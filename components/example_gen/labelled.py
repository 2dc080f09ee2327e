"""The rows that carry a label, batch by batch: what every pass over the data works on."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from components.example_gen.cells.cells import Cells, NotNumericError, UnsupportedTypeError
from components.example_gen.cells.forms import PLAIN, Form
from components.example_gen.cells.marked_numbers import remedy
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.splits import mix
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.table import Batch, Span, Table
from components.shared.errors import InputError


@dataclasses.dataclass(frozen=True)
class LabelledBatch:
    """Rows with a label, of whatever head.

    Args:
        read: rows read, also those left out.
        left_out: reason → rows left out.
        target: regression label, float64 `[n]`, finite, NaN where the row has none.
        classes: class label, string `[n]`, null where the row has none.
        weight: weight of each row, float64 `[n]`, finite and at least 0; None where all rows count alike.
        cells: column name → its cells of the n rows (features, vector elements, the split column).
        labels: the two labels → their cells of the n rows.
        batch: where the rows come from.
        places: int64 `[n]`, position of each row in that batch.
    """

    read: int
    left_out: dict[str, int]
    target: np.ndarray
    classes: pa.Array
    weight: np.ndarray | None
    cells: dict[str, Cells]
    labels: dict[str, Cells]
    batch: Batch
    places: np.ndarray

    @property
    def has_number(self) -> np.ndarray:
        """Which rows have the regression label, bool `[n]`."""
        return ~np.isnan(self.target)

    @property
    def has_class(self) -> np.ndarray:
        """Which rows have the class label, bool `[n]`."""
        return self.classes.is_valid().to_numpy(zero_copy_only=False)

    @functools.cached_property
    def priorities(self) -> np.ndarray:
        """Which rows go before others into samples, uint64 `[n]`: pseudo-random, by the file and the row in it."""
        rows = (self.batch.first_row + self.places).astype(np.uint64)
        return mix(rows + mix(np.full(1, self.batch.number, np.uint64)))

    def place(self, index: int) -> tuple[int, int]:
        """Returns the file of a row and its number there, which order rows as the table does."""
        return self.batch.number, self.batch.first_row + int(self.places[index])

    def where(self, index: int) -> str:
        """Returns the place of a row as a user finds it: `row 12 of "b.csv"`."""
        return self.batch.where(int(self.places[index]))


def labelled_batches(
    table: Table,
    spec: IngestSpec,
    roles: Roles,
    forms: Mapping[str, Form] | None = None,
    spans: Sequence[Span] | None = None,
) -> Iterator[LabelledBatch]:
    """Yields the rows that have a label, or both where the spec takes no partial rows, in file order.

    Args:
        table: the table.
        spec: which rows are taken.
        roles: what the columns are for.
        forms: column → what its cells stand for, as far as it is known; see `readings`.
        spans: the rows of the table that are looked at, all for None; there may be none in them.

    Raises:
        InputError: the table has no rows, the regression label or the weight is no number that can be used, or a
            column's type cannot be.
    """
    some = False
    for batch in table.batches(roles.columns, spans):
        some = True
        yield labelled(batch, spec, roles, table.dialect, forms)
    if not some and spans is None:
        raise table.no_rows()


def labelled(
    batch: Batch, spec: IngestSpec, roles: Roles, dialect: Dialect, forms: Mapping[str, Form] | None = None
) -> LabelledBatch:
    """Returns the rows of a batch that have a label; see `labelled_batches`.

    Args:
        batch: the rows, with all columns that have a role.
        spec: which rows are taken.
        roles: what the columns are for.
        dialect: how the table is written.
        forms: column → what its cells stand for, as far as it is known.
    """
    known = forms or {}
    labels = {name: _cells(batch.data, name, dialect, known) for name in roles.labels}
    regression, classification = labels[roles.regression], labels[roles.classification]
    target = _target(regression, roles.regression, batch)
    if classification.is_vector:
        raise InputError(f'The class label "{roles.classification}" must be text, a number or a boolean, got a list.')
    no_number, no_class = np.isnan(target), classification.missing
    reasons = {"both labels missing": no_number & no_class}
    if not spec.partial:
        reasons = {
            "regression label missing": no_number & ~no_class,
            "class label missing": no_class & ~no_number,
        } | reasons
    keep = ~np.logical_or.reduce(list(reasons.values()))
    mask = pa.array(keep)
    data = batch.data if keep.all() else batch.data.filter(mask)
    if not keep.all():
        labels = {name: _cells(data, name, dialect, known) for name in labels}
    roles_apart = (roles.regression, roles.classification, roles.weight)
    return LabelledBatch(
        read=len(keep),
        left_out={reason: int(rows.sum()) for reason, rows in reasons.items() if rows.any()},
        target=target[keep],
        classes=labels[roles.classification].text(),
        weight=None if roles.weight is None else _weight(batch, roles.weight, dialect, keep),
        cells={name: _cells(data, name, dialect, known) for name in roles.columns if name not in roles_apart},
        labels=labels,
        batch=batch,
        places=np.flatnonzero(keep),
    )


def _cells(data: pa.RecordBatch, name: str, dialect: Dialect, forms: Mapping[str, Form]) -> Cells:
    try:
        return Cells(data.column(name), dialect, forms.get(name, PLAIN))
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
            f"{batch.where(error.index)}. {remedy(error.text)}"
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


def _weight(batch: Batch, name: str, dialect: Dialect, keep: np.ndarray) -> np.ndarray:
    """Returns the weights of the rows that are kept; only these must have one."""
    cells = _cells(batch.data, name, dialect, {})
    try:
        weight = cells.floats()
    except NotNumericError as error:
        raise InputError(
            f'The weight "{name}" must be a number, got "{error.text}" in {batch.where(error.index)}. '
            "Write numbers as 1234.5, without signs or separators."
        ) from error
    with np.errstate(over="ignore"):
        usable = np.isfinite(weight.astype(np.float32)) & (weight >= 0)
    if not usable[keep].all():
        index = int(np.flatnonzero(keep & ~usable)[0])
        got = "none" if np.isnan(weight[index]) else f"{weight[index]:g}"
        raise InputError(
            f'The weight "{name}" must be a finite number of at least 0 in every row, got {got} in '
            f"{batch.where(index)}. Correct it; 0 keeps a row out of the training."
        )
    return weight[keep]
