"""The rows that are kept of columns with few values."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_gen.labelled import labelled_batches
from components.example_gen.profiling import scarce
from components.example_gen.profiling.profile import profile
from components.example_gen.profiling.scarce import Scarce
from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.opening import open_table

ROWS = 60_000  # several blocks


def kept(path: Path, key: str | None = None) -> Scarce:
    by = {} if key is None else {"split": "column", "column": key}
    spec = IngestSpec((str(path),), "y", "c", **by)
    table = open_table(spec.paths)
    roles = assign_roles(spec, table.columns)
    found = Scarce(key)
    for batch in labelled_batches(table, spec, roles):
        found.add(batch)
    return found


def table(folder: Path, **columns: list[str]) -> Path:
    fixed = {"y": np.arange(ROWS) / 2, "c": ["a", "b"] * (ROWS // 2), "x": [f"number {row}" for row in range(ROWS)]}
    path = folder / "t.csv"
    pd.DataFrame(fixed | columns).to_csv(path, index=False)
    return path


def at(*places: int) -> list[str]:
    return ["v" if row in set(places) else "" for row in range(ROWS)]


def xs(found: Scarce, *columns: str) -> list[str]:
    return [text for data in found.rows(columns) for text in data.column("x").to_pylist()]


def test_all_rows_with_one_of_few_values_are_kept(tmp_path: Path):
    spread = range(5, ROWS, ROWS // 16)
    found = kept(table(tmp_path, two=at(3, ROWS - 1), sixteen=at(*spread), seventeen=at(*spread, 6), none=at()))
    assert found.knows(["two", "sixteen", "none"])
    assert not found.knows(["two", "seventeen"])
    assert not found.knows(["x"])
    assert xs(found, "two") == ["number 3", f"number {ROWS - 1}"]
    assert xs(found, "sixteen") == [f"number {row}" for row in spread]
    assert xs(found, "two", "none", "seventeen", "x") == ["number 3", f"number {ROWS - 1}"]


def test_of_rows_with_one_key_the_first_is_kept(tmp_path: Path):
    keys = [f"k{row % 1_000}" if row % 7 else "" for row in range(ROWS)]
    many = ["v" if row % 1_000 in (1, 2) and row % 7 else "" for row in range(ROWS)]
    found = kept(table(tmp_path, key=keys, two=many, lone=at(0, 7, 14, 1)), "key")
    assert found.knows(["two", "lone"])
    assert not found.knows(["key"])
    assert xs(found, "two") == ["number 1", "number 2"]
    assert xs(found, "lone") == ["number 0", "number 1", "number 7", "number 14"]  # three rows without a key


def test_files_with_columns_of_other_types_make_a_batch_each(tmp_path: Path):
    rows = 40
    for name, late in {"1": pa.array([None] * rows, pa.null()), "2": pa.array([[1.0]] + [None] * (rows - 1))}.items():
        data = {"y": np.arange(rows) / 2, "c": ["a", "b"] * (rows // 2), "few": [1] + [None] * (rows - 1), "late": late}
        pq.write_table(pa.table(data), tmp_path / f"{name}.parquet")
    spec = IngestSpec(tuple(str(tmp_path / f"{name}.parquet") for name in "12"), "y", "c")
    opened = open_table(spec.paths)
    found = profile(opened, spec, assign_roles(spec, opened.columns)).scarce
    assert [data.num_rows for data in found.rows(["few"])] == [1, 1]
    assert [data.column("late").to_pylist() for data in found.rows(["late"])] == [[[1.0]]]


def test_no_more_than_a_million_cells_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scarce, "_CELLS", 4 * 5)  # five columns
    found = kept(table(tmp_path, one=at(1, 2, 3), other=at(4, 5)))
    assert found.knows(["one"])
    assert not found.knows(["other"])
