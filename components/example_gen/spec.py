"""What to ingest and how: one frozen object that travels through the pipeline as JSON.

The paths in it are files, sorted and absolute, and URIs of objects; `expand` makes them from what a user writes
(files, folders, globs, here or in an object store).
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from components.example_gen.cells.forms import Form
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.find import find_files, find_objects
from components.objects.place import is_remote
from components.shared.errors import InputError
from components.shared.splits import CALIBRATION, EVAL, TRAIN, VALIDATION

SPLITS = (TRAIN, VALIDATION, CALIBRATION, EVAL)


@dataclasses.dataclass(frozen=True)
class IngestSpec:
    """Which tables to read, what their columns mean, and how rows go to splits.

    Args:
        paths: the files, as `expand` returns them.
        regression: column of the regression label.
        classification: column of the class label.
        dialect: how the tables are written, as far as it is known.
        ignore: columns that are not written.
        numeric: columns that must hold numbers.
        categorical: columns that are text even where they look like numbers.
        vectors: feature name → glob pattern over columns that form one vector feature.
        types: column → `INT`, `FLOAT` or `BYTES`, from a reviewed schema.
        forms: text column → what the texts of its domain in a reviewed schema stand for.
        split: `row` (hash of the row's content), `column` (hash of a key), or `time` (oldest rows train).
        column: the key or the time, for the last two.
        fractions: shares of train, validation, calibration and eval; they add up to 1. That of calibration may be 0.
        salt: changes which rows a hash split picks.
        date: what `{date}` in a path stands for, for paths that nobody has looked up yet.
        weight: column with the weight of each row; None where all count alike.
        partial: whether rows with only one of the labels are written too.
    """

    paths: tuple[str, ...]
    regression: str
    classification: str
    dialect: Dialect = dataclasses.field(default_factory=Dialect)
    ignore: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    vectors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    types: Mapping[str, str] = dataclasses.field(default_factory=dict)
    forms: Mapping[str, Form] = dataclasses.field(default_factory=dict)
    split: str = "row"
    column: str | None = None
    fractions: tuple[float, float, float, float] = (0.64, 0.16, 0.08, 0.12)
    salt: str = ""
    date: str = ""
    weight: str | None = None
    partial: bool = True

    def __post_init__(self) -> None:
        if self.split not in ("row", "column", "time"):
            raise InputError(f'The split must be by row, column or time, got "{self.split}".')
        if (self.split == "row") != (self.column is None):
            raise InputError(
                f"The split column must be named for a split by column or time only, "
                f"got {self.column!r} for a split by {self.split}."
            )
        needed = all(share > 0 or split == CALIBRATION for split, share in zip(SPLITS, self.fractions, strict=True))
        if not needed or min(self.fractions) < 0 or not math.isclose(sum(self.fractions), 1.0, abs_tol=1e-6):
            raise InputError(
                "The fractions of train, validation, calibration and eval must be above 0 (calibration: at least 0) "
                f"and add up to 1, got {', '.join(f'{share:g}' for share in self.fractions)}."
            )

    @property
    def shares(self) -> dict[str, float]:
        """The splits that are made, in the order in which rows fill them, with their shares of the rows."""
        return {split: share for split, share in zip(SPLITS, self.fractions, strict=True) if share}

    @property
    def split_settings(self) -> str:
        """What of the spec decides the split of a row, as JSON."""
        return json.dumps([self.split, self.column, list(self.shares.items()), self.salt])

    def to_json(self) -> str:
        """Returns the spec as JSON with sorted keys: equal specs give equal text."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> IngestSpec:
        """Returns the spec that `to_json` wrote."""
        fields = json.loads(text)
        fields["dialect"] = Dialect.from_dict(fields["dialect"])
        fields["forms"] = {name: Form.from_dict(form) for name, form in fields["forms"].items()}
        for name in ("paths", "ignore", "numeric", "categorical", "fractions"):
            fields[name] = tuple(fields[name])
        return cls(**fields)


def expand(paths: str | Path | Iterable[str | Path]) -> tuple[str, ...]:
    """Returns the files that paths, folders and globs stand for, sorted, absolute, each one once.

    A folder stands for the tables in it (CSV, Parquet, Arrow, ORC and JSON lines, told by their endings), or for those
    in its folders `key=value`; names that start with `.` or `_` are left aside, as Spark and Hadoop write them. The
    same holds for URIs of object stores. The folder of a Delta or Iceberg table stands for its present state, named by
    its version, and with `@v3` behind it for that version.

    Raises:
        InputError: nothing is there, or nothing is in it.
    """
    if isinstance(paths, (str, Path)):
        paths = [paths]
    sizes: dict[str, int] = {}
    for given in paths:
        sizes |= find_objects(str(given)) if is_remote(given) else find_files(str(given))
    if not sizes:
        raise InputError("The data must name at least one file, got none. Set data.path.")
    if not any(sizes.values()):
        raise InputError(f'"{min(sizes)}" must hold a header and rows, got an empty file.')
    return tuple(sorted(sizes))
