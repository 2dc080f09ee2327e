"""When a split by time first sees something, against pandas over the whole table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.example_gen.labelled import labelled_batches
from components.example_gen.profiling import sufficiency
from components.example_gen.profiling.profile import profile
from components.example_gen.profiling.sufficiency import check_time_split
from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.first_times import FirstTimes
from components.example_gen.tables.csv_text import csv_files
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError

NONE = np.inf


def by_time(path: Path) -> IngestSpec:
    return IngestSpec((str(path),), "y", "c", split="time", column="t")


def seen(path: Path) -> FirstTimes:
    spec = by_time(path)
    table = open_table(spec.paths)
    found = FirstTimes()
    for batch in labelled_batches(table, spec, assign_roles(spec, table.columns)):
        found.add(batch, batch.cells["t"].floats())
    return found


def second(data: pd.DataFrame, label: str) -> float:
    first = data.dropna(subset=[label]).groupby(label)["t"].min().sort_values()
    return float(first.iloc[1]) if len(first) > 1 else NONE


@pytest.mark.parametrize("seed", range(8))
def test_first_times_are_those_of_the_whole_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int):
    monkeypatch.setattr(csv_files, "BLOCK", 400)  # many batches
    draw = np.random.default_rng(seed)
    rows = 500
    data = pd.DataFrame({"t": draw.permutation(rows), "x": draw.random(rows).round(3)})
    late, values = int(draw.integers(1, rows)), draw.integers(0, 3, rows)
    data["y"] = np.where(data["t"] < late, 1.5, values)
    data["c"] = np.where(data["t"] < int(draw.integers(1, rows)), "a", draw.choice(["a", "b", "d"], rows))
    data["x"] = data["x"].where(data["t"] > late)
    data["z"] = np.nan
    for name in ("y", "c"):
        data.loc[draw.random(rows) < 0.2, name] = None
    data.to_csv(tmp_path / "t.csv", index=False)
    written = data.dropna(subset=["y", "c"], how="all")
    found = seen(tmp_path / "t.csv")
    assert found.varied == max(second(written, "y"), second(written, "c"))
    assert found.of("x") == written.loc[written["x"].notna(), "t"].min()
    assert (found.of("t"), found.of("z")) == (written["t"].min(), NONE)


@pytest.mark.parametrize("label", ["y", "c", None])
def test_the_table_is_read_again_for_the_sentence_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: str | None
):
    rows = 200
    data = pd.DataFrame({"t": range(rows), "x": range(rows), "y": np.arange(rows) / 2, "c": ["a", "b"] * (rows // 2)})
    if label is not None:
        data.loc[: rows * 3 // 4, label] = data[label][0]
    data.to_csv(tmp_path / "t.csv", index=False)
    spec = by_time(tmp_path / "t.csv")
    table = open_table(spec.paths)
    roles = assign_roles(spec, table.columns)
    found = profile(table, spec, roles)
    again = []
    real = sufficiency.labelled_batches
    monkeypatch.setattr(sufficiency, "labelled_batches", lambda *given: again.append(1) or real(*given))
    if label is None:
        check_time_split(table, spec, roles, found)
        assert again == []
    else:
        with pytest.raises(InputError, match=r"^The train split needs at least two"):
            check_time_split(table, spec, roles, found)
