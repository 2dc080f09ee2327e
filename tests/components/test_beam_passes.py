"""A table read and written by an engine's workers, against the same table read and written by this process."""

import dataclasses
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from example_tables import frame, read
from tfx.types.standard_artifacts import Examples

from components.example_gen.beam_passes import BeamPasses
from components.example_gen.component import ExampleGen
from components.example_gen.examples.row_files import read_fingerprints
from components.example_gen.ingest import ingest
from components.example_gen.passes import InTurn
from components.example_gen.plan import make_plan
from components.example_gen.spec import SPLITS, IngestSpec, expand
from components.example_gen.splitting.recall import Pushed
from components.example_gen.splitting.row_identity import Identity
from components.example_gen.splitting.split_record import Record
from components.example_gen.tables import blocks
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.writing import Writing
from components.formats.summary import Summary
from components.shared.errors import InputError
from pipeline.config.runtime import Runtime
from pipeline.workers.arguments import beam_arguments

ROWS = 3_000


def pipeline(**settings: Any) -> beam.Pipeline:
    return beam.Pipeline(options=PipelineOptions(beam_arguments(Runtime(**settings))))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_LEAST", 3_000)
    monkeypatch.setattr(blocks, "_MOST", 3_000)


def table() -> pd.DataFrame:
    data = frame(ROWS)
    rng = np.random.default_rng(2)
    data["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(ROWS), unit="h")
    data["shop"] = [f"s{shop}" for shop in rng.integers(0, 300, ROWS)]
    data["far"] = 1.7e9 + rng.normal(0, 9_000, ROWS)
    data.loc[5::9, "price"] = None
    data.loc[5::18, "grade"] = None
    return data


def row_groups(folder: Path) -> tuple[str, ...]:
    pq.write_table(pa.Table.from_pandas(table(), preserve_index=False), folder / "t.parquet", row_group_size=250)
    return (str(folder / "t.parquet"),)


def csv_files(folder: Path) -> tuple[str, ...]:
    folder.joinpath("csv").mkdir()
    for number, part in enumerate(np.array_split(np.arange(ROWS), 7)):
        table().iloc[part].to_csv(folder / "csv" / f"{number}.csv", index=False)
    table()[:0].to_csv(folder / "csv" / "empty.csv", index=False)
    return expand(folder / "csv")


def with_totals(folder: Path) -> tuple[str, ...]:
    paths = csv_files(folder)
    one = pd.read_csv(paths[2])
    one.loc[len(one)] = one.sum(numeric_only=True)
    one.to_csv(paths[2], index=False)
    return paths


def seldom_filled(folder: Path) -> tuple[str, ...]:
    """A column with a value in the rows of the newest times alone, and one in the newest row."""
    data = table()
    newest = data["day"] > data["day"].sort_values().iloc[int(0.9 * ROWS)]
    data["late"] = np.where(newest, 1.5, np.nan)
    data["few"] = np.where(data["day"] == data["day"].max(), "v", None)
    pq.write_table(pa.Table.from_pandas(data, preserve_index=False), folder / "t.parquet", row_group_size=250)
    return (str(folder / "t.parquet"),)


CASES: dict[str, tuple[Callable[[Path], tuple[str, ...]], dict]] = {
    "row groups": (row_groups, {"vectors": {"p": "p_*"}}),
    "a folder of CSVs": (csv_files, {}),
    "by time": (row_groups, {"split": "time", "column": "day"}),
    "by column": (csv_files, {"split": "column", "column": "shop", "ignore": ("shop",), "partial": False}),
    "a row of totals": (with_totals, {"ignore": ("day", "shop")}),
    "no value in train": (seldom_filled, {"split": "time", "column": "day"}),
}


def assert_same(found: Path, expected: Path) -> Summary:
    """Rows and their order, fingerprints and the account of all of it; returns the latter."""
    summary = Summary.read(expected)
    assert Summary.read(found) == summary
    for split in summary.splits:
        assert rows(found, split) == rows(expected, split)
    for split in (*summary.splits, "recalled"):
        np.testing.assert_array_equal(read_fingerprints(str(found), split), read_fingerprints(str(expected), split))
    assert {path.name for path in found.iterdir()} == {path.name for path in expected.iterdir()}
    left = [path for path in found.rglob("*") if path.is_file() and path.suffix not in (".gz", ".u8", ".json")]
    assert left == []
    return summary


def rows(folder: Path, split: str) -> list[str]:
    """The rows as texts, in which one NaN is like another."""
    return [repr(sorted(row.items())) for row in read(folder, split)]


def both(folder: Path, case: str, on: beam.Pipeline, **given: Any) -> Summary:
    write, fields = CASES[case]
    spec = IngestSpec(write(folder), "price", "grade", **fields)
    ingest(spec, str(folder / "here"), **given)
    ingest(spec, str(folder / "there"), passes=BeamPasses(on, str(folder / "there")), **given)
    return assert_same(folder / "there", folder / "here")


@pytest.mark.parametrize("case", CASES)
def test_blocks_make_the_examples_of_the_table(tmp_path: Path, case: str):
    summary = both(tmp_path, case, pipeline())
    files = sorted(path.name for path in (tmp_path / "there" / "Split-train").iterdir())
    assert len({name.split("-")[1] for name in files}) > 3  # blocks
    assert summary.rows_in == summary.rows_out + sum(summary.left_out.values())
    assert ("row of totals" in summary.left_out) == (case == "a row of totals")
    if case == "no value in train":
        assert {"late", "few"}.isdisjoint(summary.columns)


def test_rows_of_the_production_model_are_recalled(tmp_path: Path):
    """The version went by a column that is gone, so its rows are looked up."""
    spec = IngestSpec(row_groups(tmp_path), "price", "grade")
    before = ingest(spec, str(tmp_path / "before"))
    record = Record.of(str(tmp_path / "before")).to_bytes()
    pushed = Pushed(Identity.from_dict(before.identity), load=lambda: record)
    CASES["without town"] = (
        lambda folder: (_without(folder, "town"),),
        {},
    )
    try:
        summary = both(tmp_path, "without town", pipeline(), pushed=pushed)
    finally:
        del CASES["without town"]
    assert (summary.gone, summary.inherited) == (["town"], True)
    assert len(read_fingerprints(str(tmp_path / "there"), "recalled")) == summary.splits["eval"]
    assert summary.splits == before.splits
    apart = [Record.of(str(tmp_path / name)).to_bytes() for name in ("here", "there")]
    assert apart[0] == apart[1]


def _without(folder: Path, column: str) -> str:
    pq.write_table(pq.read_table(folder / "t.parquet").drop([column]), folder / "u.parquet", row_group_size=250)
    return str(folder / "u.parquet")


@pytest.mark.parametrize(
    ("column", "cell", "fields", "message"),
    [
        ("price", "dear", {}, r'The regression label "price" must be a number, got "dear" in row 300 of "4.csv"'),
        (
            "day",
            "soon",
            {"split": "time", "column": "day"},
            r'got "soon" in row 300 of "4.csv"\. Write all times alike',
        ),
        ("count", "two", {"numeric": ("count",)}, r'must hold numbers, got "two" in row 300 of "4.csv"'),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_row(
    tmp_path: Path, column: str, cell: str, fields: dict, message: str
):
    paths = csv_files(tmp_path)
    part = pd.read_csv(paths[4], dtype=str)
    part.loc[299, column] = cell
    part.to_csv(paths[4], index=False)
    spec = IngestSpec(paths, "price", "grade", **fields)
    with pytest.raises(InputError, match=message):
        ingest(spec, str(tmp_path / "here"))
    with pytest.raises(InputError, match=message):
        ingest(spec, str(tmp_path / "there"), passes=BeamPasses(pipeline(), str(tmp_path / "there")))
    assert list((tmp_path / "there").iterdir()) == []


def test_data_that_changes_between_the_passes_is_refused(tmp_path: Path):
    paths = csv_files(tmp_path)
    spec = IngestSpec(paths, "price", "grade")
    plan = make_plan(spec, hashed=True)
    Path(paths[2]).write_text("".join(Path(paths[2]).read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match="must stay as it was when the run began"):
        ingest(spec, str(tmp_path / "out"), plan=plan, passes=BeamPasses(pipeline(), str(tmp_path / "out")))


def test_a_block_that_is_written_twice_and_one_that_is_given_up_leave_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write = Writing.write

    def stumbling(writing, table, folder, block=None, temporary=""):
        if block is not None:
            done = write(writing, table, folder, block, temporary)
            Path(temporary, f"part-{block.number}.tmp").write_bytes(b"of a worker that was killed")
            assert write(writing, table, folder, block, temporary).files == done.files
        return write(writing, table, folder, block, temporary)

    monkeypatch.setattr(Writing, "write", stumbling)
    both(tmp_path, "row groups", pipeline())


def test_what_an_earlier_try_of_the_step_left_is_not_read(tmp_path: Path):
    for split in ("train", "eval"):
        (tmp_path / "there" / f"Split-{split}").mkdir(parents=True)
        (tmp_path / "there" / f"Split-{split}" / "data_tfrecord-000999-00000.gz").write_bytes(b"old")
    (tmp_path / "there" / "rows").mkdir()
    (tmp_path / "there" / "rows" / "eval-000999.u8").write_bytes(bytes(16))
    both(tmp_path, "row groups", pipeline())


def test_files_that_this_machine_does_not_see_are_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write = Writing.write

    def elsewhere(writing, table, folder, block=None, temporary=""):
        written = write(writing, table, folder, block, temporary)
        if block is not None and block.number == 2:
            os.remove(os.path.join(folder, written.files[0]))
        return written

    monkeypatch.setattr(Writing, "write", elsewhere)
    with pytest.raises(InputError, match=r'got no "Split-train/data_tfrecord-000002-00000.gz" in .*/there\. Put'):
        both(tmp_path, "row groups", pipeline())


def component(folder: Path, spec: IngestSpec, on: beam.Pipeline) -> Examples:
    artifact = Examples()
    artifact.uri = str(folder)
    folder.mkdir()
    ExampleGen.test_call(
        examples=artifact, spec=spec.to_json(), fingerprint=fingerprint(spec.paths), code="c", beam_pipeline=on
    )
    return artifact


def test_the_component_stays_in_this_process_with_one_worker_and_with_one_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    made = []
    for name in ("look", "write"):
        here = getattr(InTurn, name)
        monkeypatch.setattr(InTurn, name, lambda *given, here=here, name=name: made.append(name) or here(*given))
    spec = IngestSpec(row_groups(tmp_path), "price", "grade")
    artifact = component(tmp_path / "local", spec, pipeline())
    assert made == ["look", "write"]
    monkeypatch.setattr(blocks, "_LEAST", 1 << 30)
    monkeypatch.setattr(blocks, "_MOST", 1 << 30)
    other = component(tmp_path / "block", spec, pipeline(workers=2))
    assert made == ["look", "write"] * 2
    assert_same(Path(other.uri), Path(artifact.uri))


ENGINES = ["two processes", "Prism"]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> beam.Pipeline:
    if request.param == "two processes":
        return pipeline(workers=2)
    return pipeline(engine="portable", endpoint=f"localhost:{request.getfixturevalue('prism')}")


@pytest.mark.slow
@pytest.mark.parametrize("case", ["by time", "by column"])
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_other_processes_make_the_same_examples(tmp_path: Path, engine: beam.Pipeline, case: str):
    """Of a Parquet file of several row groups, and of a folder of CSVs."""
    write, fields = CASES[case]
    spec = IngestSpec(write(tmp_path), "price", "grade", **fields)
    ingest(spec, str(tmp_path / "here"))
    artifact = component(tmp_path / "there", spec, engine)
    assert_same(Path(artifact.uri), tmp_path / "here")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_other_processes_recall_the_rows_of_the_production_model_and_refuse_what_cannot_be_used(
    tmp_path: Path, engine: beam.Pipeline
):
    spec = IngestSpec(row_groups(tmp_path), "price", "grade")
    before = ingest(spec, str(tmp_path / "before"))
    record = Record.of(str(tmp_path / "before")).to_bytes()
    pushed = Pushed(Identity.from_dict(before.identity), load=lambda: record)
    less = dataclasses.replace(spec, paths=(_without(tmp_path, "town"),))
    ingest(less, str(tmp_path / "here"), pushed=pushed)
    ingest(less, str(tmp_path / "there"), pushed=pushed, passes=BeamPasses(engine, str(tmp_path / "there")))
    assert assert_same(tmp_path / "there", tmp_path / "here").splits == before.splits
    forced = dataclasses.replace(spec, numeric=("shop",))
    with pytest.raises(InputError, match=r'must hold numbers, got "s\d+" in row 1\.'):
        ingest(forced, str(tmp_path / "refused"), passes=BeamPasses(engine, str(tmp_path / "refused")))


def test_what_a_worker_is_told_travels(tmp_path: Path):
    plan = make_plan(IngestSpec(row_groups(tmp_path), "price", "grade", split="time", column="day"))
    there = pickle.loads(pickle.dumps(plan))
    assert (there.table, there.profile, there.roles) == (plan.table, plan.profile, plan.roles)
    assert sorted(SPLITS) == sorted(there.spec.shares)
