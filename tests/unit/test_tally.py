"""Tallies of the blocks of a table, merged in any order, against that of the table read in one go."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_gen.features import choose_features
from components.example_gen.labelled import labelled_batches
from components.example_gen.profiling import profile as profile_module
from components.example_gen.profiling.profile import Profile, profile, profile_of
from components.example_gen.profiling.tally import Tally
from components.example_gen.roles import Roles, assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting import time_sample
from components.example_gen.tables import parquet_files
from components.example_gen.tables.blocks import blocks_of
from components.example_gen.tables.csv_text import csv_files
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import Span, Table
from components.shared.errors import InputError

ROWS = 4_000


def column(rng: np.random.Generator) -> list[Any]:
    """The cells of a column as somebody might write them, not the same in the beginning as at the end."""
    kinds = [
        lambda: rng.integers(-50, 50, ROWS).tolist(),
        lambda: rng.normal(0, 10, ROWS).round(3).tolist(),
        lambda: (1.7e9 + rng.normal(0, 9_000, ROWS)).tolist(),
        lambda: rng.standard_cauchy(ROWS).tolist(),
        lambda: [f"id {number}" for number in rng.integers(0, 5_000, ROWS)],
        lambda: rng.choice(["True", "false", "t", "0", "1"], ROWS).tolist(),
        lambda: rng.choice(["true", "false"], ROWS).tolist(),
        lambda: [f"{number:03}" for number in rng.integers(0, 2_000, ROWS)],
        lambda: rng.choice(["<5", "7", "1,234.5 €", "12", "8", "<6"], ROWS).tolist(),
        lambda: rng.choice(["00:01:30", "PT1M", "1 days 00:00:01"], ROWS).tolist(),
        lambda: pd.Timestamp("2024-01-01").floor("s") + pd.to_timedelta(rng.integers(0, 10**6, ROWS), unit="s"),
        lambda: rng.choice([1, 2.5, 1e19, 2**63, float("inf"), 1e300], ROWS).tolist(),
        lambda: rng.choice(["1.0", "1", "2.0", "3"], ROWS).tolist(),
        lambda: rng.choice(["9999-12-31", "infinity", "2024-02-01", "10000-01-01"], ROWS).tolist(),
    ]
    cells = [str(cell) for cell in rng.choice(kinds)()]
    if rng.random() < 0.4:  # another kind from some row on
        start = int(rng.integers(1, ROWS))
        cells[start:] = [str(cell) for cell in rng.choice(kinds)()][start:]
    for odd in rng.choice(["", "NA", "-9999", "nan", "unknown", "1e30"], rng.integers(0, 4)):
        share = rng.choice([0.001, 0.05, 0.5, 0.999])
        cells = np.where(rng.random(ROWS) < share, odd, cells).tolist()
    return cells


def table(rng: np.random.Generator) -> pd.DataFrame:
    columns = {f"x{number}": column(rng) for number in range(10)}
    fixed = {
        "y": rng.choice([0, 1.5, 2, 3.25, 4], ROWS),
        "c": rng.choice(["a", "b", " a", "true", "1.0", "1"], ROWS),
        "key": rng.choice([f"k{number}" for number in range(30)] + [""], ROWS),
        "day": (pd.Timestamp("2023-11-01") + pd.to_timedelta(rng.integers(0, 90, ROWS), unit="D")).strftime("%d/%m/%Y"),
        "few": np.where(np.isin(np.arange(ROWS), rng.integers(0, ROWS, 12)), "v", ""),
    }
    frame = pd.DataFrame(fixed | columns).astype(str)
    frame.loc[rng.random(ROWS) < 0.01, "y"] = ""
    frame.loc[rng.random(ROWS) < 0.01, "c"] = ""
    return frame


def merged(table: Table, spec: IngestSpec, roles: Roles, spans: list[tuple[Span, ...]], order: Any) -> Profile:
    """The profile of blocks, each counted on its own and sent on, merged in some order."""
    styles = time_sample.first_styles(table, spec, roles)
    tallies = []
    for some in spans:
        tally = Tally(spec, roles, styles)
        for batch in labelled_batches(table, spec, roles, spans=some):
            tally.add(batch)
        tallies.append(pickle.loads(pickle.dumps(tally)))
    while len(tallies) > 1:  # any two of them
        first, second = sorted(order.choice(len(tallies), 2, replace=False))
        other = tallies.pop(second)
        mine = tallies.pop(first)
        pair = (mine, other) if order.random() < 0.5 else (other, mine)
        pair[0].merge(pair[1])
        tallies.append(pair[0])
    return profile_of(tallies[0], spec, roles, table.dialect)


def assert_same(found: Profile, expected: Profile, table: Table, spec: IngestSpec, roles: Roles) -> None:
    for name in expected.columns:
        assert found.columns[name] == expected.columns[name], name
    assert found == expected
    assert list(found.spellings) == list(expected.spellings)
    assert choose_features(table, found, spec, roles) == choose_features(table, expected, spec, roles)
    for name in expected.columns:
        assert found.scarce.knows([name]) == expected.scarce.knows([name])
        assert kept(found, name) == kept(expected, name)
        assert found.first_times.of(name) == expected.first_times.of(name)
    assert found.first_times.varied == expected.first_times.varied


def kept(found: Profile, name: str) -> list[str]:
    return sorted(str(row) for data in found.scarce.rows([name]) for row in data.to_pylist())


SPLITS = [{}, {"split": "column", "column": "key"}, {"split": "time", "column": "day"}]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("split", SPLITS, ids=["row", "column", "time"])
def test_any_partition_of_a_table_has_one_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, split: dict
):
    rng = np.random.default_rng([seed, len(split), len(split.get("column", ""))])
    frame = table(rng)
    ends = [0, *np.sort(rng.integers(1, ROWS, 2)), ROWS]
    for name, start, end in zip("abc", ends[:-1], ends[1:], strict=True):
        frame[start:end].to_csv(tmp_path / f"{name}.csv", index=False)
    spec = IngestSpec(
        tuple(str(tmp_path / f"{name}.csv") for name in "abc"),
        "y",
        "c",
        categorical=("x0",),
        types={"x1": "FLOAT"},
        ignore=() if split.get("split") != "time" else ("key",),
        **split,
    )
    opened = open_table(spec.paths, spec.dialect)
    roles = assign_roles(spec, opened.columns)
    expected = profile(opened, spec, roles)
    monkeypatch.setattr(csv_files, "BLOCK", 1 << 16)
    assert_same(profile(opened, spec, roles), expected, opened, spec, roles)
    spans = [(Span(path),) for path in opened.paths]
    assert_same(merged(opened, spec, roles, spans, rng), expected, opened, spec, roles)


def typed(rng: np.random.Generator) -> pa.Table:
    lists = [None if rng.random() < 0.1 else rng.normal(0, 1, 3).tolist() for _ in range(ROWS)]
    sparse = [1.5 if rng.random() < 0.001 else None for _ in range(ROWS)]
    late = [None] * (ROWS - 100) + rng.normal(0, 1, 100).tolist()
    return pa.table(
        {
            "y": rng.normal(3, 1, ROWS),
            "c": rng.choice(["a", "b"], ROWS),
            "t": pa.array(np.sort(rng.integers(0, 10**9, ROWS)), pa.timestamp("s")),
            "whole": pa.array(rng.integers(0, 2**62, ROWS)),
            "fraction": rng.choice([1.0, 2.5, np.nan, np.inf, -9999.0], ROWS),
            "lists": pa.array(lists, pa.list_(pa.float64())),
            "sparse": sparse,
            "late": late,
            "seconds": pa.array(rng.integers(0, 10**6, ROWS), pa.duration("s")),
            "flag": rng.random(ROWS) < 0.5,
            "text": [f"{number}" for number in rng.integers(0, 3_000, ROWS)],
        }
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("split", [{}, {"split": "column", "column": "text"}, {"split": "time", "column": "t"}])
def test_any_row_groups_of_a_file_have_one_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, split: dict
):
    rng = np.random.default_rng([seed, 7])
    data = typed(rng)
    pq.write_table(data, tmp_path / "t.parquet", row_group_size=int(rng.integers(200, 900)))
    spec = IngestSpec((str(tmp_path / "t.parquet"),), "y", "c", **split)
    opened = open_table(spec.paths)
    roles = assign_roles(spec, opened.columns)
    expected = profile(opened, spec, roles)
    monkeypatch.setattr(parquet_files, "_ROWS", 333)
    assert_same(profile(opened, spec, roles), expected, opened, spec, roles)
    blocks = blocks_of(opened, size=int(rng.integers(10_000, 100_000)))
    assert len(blocks) > 2
    found = merged(opened, spec, roles, [block.spans for block in blocks], rng)
    assert_same(found, expected, opened, spec, roles)


def test_a_row_of_totals_is_found_whatever_row_groups_are_above_it(tmp_path: Path):
    rng = np.random.default_rng(3)
    rows = {"units": rng.integers(1, 40, 800), "y": rng.lognormal(4, 1, 800).round(2), "c": rng.choice(["a", "b"], 800)}
    frame = pd.DataFrame(rows)
    frame.loc[800] = [frame["units"].sum(), frame["y"].sum(), None]
    for name in ("a", "b"):
        frame.to_parquet(tmp_path / f"{name}.parquet", row_group_size=50, index=False)
    spec = IngestSpec(tuple(str(tmp_path / f"{name}.parquet") for name in "ab"), "y", "c")
    opened = open_table(spec.paths)
    roles = assign_roles(spec, opened.columns)
    spans = [block.spans for block in blocks_of(opened, size=1_000)]
    assert len(spans) > 10
    for seed in range(5):
        found = merged(opened, spec, roles, spans, np.random.default_rng(seed))
        assert list(found.totals.items()) == [
            ("a.parquet", (801, ("y", "units"))),
            ("b.parquet", (801, ("y", "units"))),
        ]


def test_the_times_of_many_rows_cut_the_same_whatever_the_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time_sample, "SAMPLE", 500)
    rng = np.random.default_rng(0)
    for name, distinct in (("few", 400), ("many", 10**6)):
        column = rng.integers(0, distinct, ROWS)
        data = {"y": rng.normal(size=ROWS), "c": rng.choice(["a", "b"], ROWS), "t": column}
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table(data), path, row_group_size=700)
        spec = IngestSpec((str(path),), "y", "c", split="time", column="t", fractions=(0.5, 0.25, 0.0, 0.25))
        opened = open_table(spec.paths)
        roles = assign_roles(spec, opened.columns)
        spans = [block.spans for block in blocks_of(opened, size=1_000)]
        cuts = {merged(opened, spec, roles, spans, np.random.default_rng(seed)).time_cuts for seed in range(4)}
        assert cuts == {profile(opened, spec, roles).time_cuts}
        [found] = cuts
        ordered = np.sort(column)
        if name == "few":  # counted, so exact
            assert found == (ordered[ROWS // 2], ordered[3 * ROWS // 4])
        else:
            assert [np.mean(column < cut) for cut in found] == pytest.approx([0.5, 0.75], abs=0.087)  # 1.95 / √500


@pytest.mark.parametrize(
    ("first", "second", "fields", "message"),
    [
        ([[1.0, 2.0]], [[1.0]], {}, r'The lists of "v" must have 2 numbers as in the first row, got 1 in row 1 of "b'),
        ([[1.0, 2.0]], [1.0], {}, r'The column "v" must hold lists in all files or in none, got both\.'),
        (
            ["2024-01-31"],
            ["soon"],
            {"split": "time", "column": "v"},
            r'must hold ISO dates, epoch numbers or dates of one form, got "soon" in row 1 of "b.parquet"\.',
        ),
        (
            ["13/01/2024"],
            ["01/13/2024"],
            {"split": "time", "column": "v"},
            r'must hold ISO dates, epoch numbers or dates of one form, got "01/13/2024" in row 1 of "b.parquet"\.',
        ),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_blocks_that_do_not_go_together_are_refused_as_the_table_is(
    tmp_path: Path, first: list, second: list, fields: dict, message: str, seed: int
):
    for name, cells in (("a", first), ("b", second)):
        data = {"y": np.arange(20.0), "c": ["a", "b"] * 10, "v": cells * 20, "x": range(20)}
        pq.write_table(pa.table(data), tmp_path / f"{name}.parquet")
    spec = IngestSpec(tuple(str(tmp_path / f"{name}.parquet") for name in "ab"), "y", "c", **fields)
    opened = open_table(spec.paths)
    roles = assign_roles(spec, opened.columns)
    with pytest.raises(InputError, match=message):
        profile(opened, spec, roles)
    with pytest.raises(InputError, match=message):
        merged(opened, spec, roles, [(Span(path),) for path in opened.paths], np.random.default_rng(seed))


def test_a_block_without_a_row_that_is_written_changes_nothing(tmp_path: Path):
    for name, label in (("a", 1.0), ("b", None)):
        data = {"y": pa.array([label] * 20, pa.float64()), "c": ["a", "b"] * 10 if label else [None] * 20}
        pq.write_table(pa.table(data | {"x": range(20)}), tmp_path / f"{name}.parquet")
    spec = IngestSpec(tuple(str(tmp_path / f"{name}.parquet") for name in "ab"), "y", "c")
    opened = open_table(spec.paths)
    roles = assign_roles(spec, opened.columns)
    found = merged(opened, spec, roles, [(Span(path),) for path in opened.paths], np.random.default_rng(0))
    assert found == profile_module.profile(opened, spec, roles)
    assert (found.read, found.left_out) == (40, {"both labels missing": 20})
