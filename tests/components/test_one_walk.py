"""How often a run reads its data: looked up once, read to look at it and to write it, and hashed on both ways."""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from example_tables import read
from tfx.types.standard_artifacts import Examples

from components.example_gen import component
from components.example_gen.component import ExampleGen
from components.example_gen.ingest import ingest
from components.example_gen.plan import Plan, at_hand, make_plan, plan_at_hand
from components.example_gen.spec import IngestSpec, expand
from components.example_gen.splitting.recall import Pushed
from components.example_gen.splitting.row_identity import Identity
from components.example_gen.tables.csv_text import csv_files, layout
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.fingerprint import fingerprint
from components.formats.summary import Summary
from components.shared.errors import InputError
from pipeline.config import run as config_of_run
from pipeline.config.resolve import Resolved, resolve
from pipeline.local.runner import run
from pipeline.verbs import check
from pipeline.verbs.check import check_before_run

ROWS = 3_000
CHANGED = "The data must stay as it was when the run began, got other content. Run again."


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=ROWS // 10).strftime("%Y-%m-%d").repeat(10)
    return pd.DataFrame(
        {
            "x": draw.normal(size=ROWS).round(4),
            "town": draw.choice(["Ulm", "Köln"], ROWS),
            "day": days,
            "shop": [f"s{row % 200}" for row in range(ROWS)],
            "y": draw.normal(size=ROWS).round(3),
            "c": draw.choice(["a", "b"], ROWS),
        }
    )


def write(folder: Path, data: pd.DataFrame) -> None:
    data.iloc[: ROWS // 2].to_csv(folder / "1.csv", index=False)
    data.iloc[ROWS // 2 :].to_csv(folder / "2.csv", index=False)


def resolved(folder: Path, *overrides: str) -> Resolved:
    flags = {"data.path": str(folder / "*.csv"), "labels.regression": "y", "labels.classification": "c", "name": "t"}
    return resolve(None, flags | {"runtime.output": str(folder / "out")}, overrides)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what is done with the data, by file where it is done by file."""
    counts: Counter[str] = Counter()

    def count(place: object, name: str, called: str, path_of: Callable[..., str] = lambda *_: "") -> None:
        real = getattr(place, name)

        def counting(*arguments: object) -> object:
            counts[f"{called} {Path(path_of(*arguments)).name}".strip()] += 1
            return real(*arguments)

        monkeypatch.setattr(place, name, counting)

    count(config_of_run, "expand", "looked up")
    count(component, "expand", "looked up")
    count(layout, "_beginning", "beginning of", lambda path: path)
    count(csv_files, "_batches", "rows of", lambda laid_out, *_: laid_out.path)
    count(Digests, "watched", "rows hashed of", lambda _, path, file: path)
    count(hashlib, "file_digest", "read for its hash alone")
    return counts


def once_looked_at_and_once_written(counts: Counter[str]) -> bool:
    names = ("1.csv", "2.csv")
    expected = {"looked up": 1} | {f"beginning of {name}": 1 for name in names}
    expected |= {f"rows of {name}": 2 for name in names} | {f"rows hashed of {name}": 2 for name in names}
    return counts == expected


def unseen(data: pd.DataFrame, by: str) -> pd.DataFrame:
    """Adds a column whose values are all in rows that do not fall into train."""
    match by:
        case "row":  # one value, in a row that the salt below sends elsewhere
            return data.assign(late=["here" if row == 7 else "" for row in range(ROWS)])
        case "time":
            return data.assign(late=["here" if row >= 0.7 * ROWS else "" for row in range(ROWS)])
    return data.assign(late=["here" if shop == "s3" else "" for shop in data["shop"]])


SPLITS = {
    "row": ("data.ignore=[shop,day]",),
    "time": ("data.split.by=time", "data.split.column=day", "data.ignore=[shop]"),
    "column": ("data.split.by=column", "data.split.column=shop", "data.ignore=[day]"),
}


@pytest.mark.parametrize("by", ["row", "time", "column"])
def test_a_column_unseen_in_train_does_not_make_the_records_be_written_twice(
    tmp_path: Path, counted: Counter[str], by: str
):
    write(tmp_path, unseen(frame(), by))
    found = []
    for salt in range(6):
        counted.clear()
        spec = resolved(tmp_path, *SPLITS[by], f"data.split.salt=s{salt}").config.ingest_spec()
        out = tmp_path / f"out{salt}"
        summary = ingest(spec, str(out))
        assert {counted["rows of 1.csv"], counted["rows of 2.csv"]} == {2}
        gone = [warning for warning in summary.warnings if "no value falls into train" in warning]
        there = [row.get("late") for split in spec.shares for row in read(out, split)]
        in_train = any(row["late"] for row in read(out, "train")) if "late" in summary.columns else False
        assert gone == ([] if in_train else ["late: no value falls into train, so it is not written."])
        assert any(there) == in_train
        found.append(in_train)
    assert set(found) == ({False} if by == "time" else {False, True})


def test_beside_a_pushed_model_the_records_are_written_once_too(tmp_path: Path, counted: Counter[str]):
    write(tmp_path, unseen(frame(), "row"))
    written = []
    for salt in range(6):
        spec = resolved(tmp_path, *SPLITS["row"], f"data.split.salt=s{salt}").config.ingest_spec()
        alone = ingest(spec, str(tmp_path / "alone"))
        counted.clear()
        pushed = Pushed(Identity.from_dict(alone.identity))
        assert ingest(spec, str(tmp_path / "beside"), pushed=pushed) == alone
        assert counted["rows of 2.csv"] == 2
        written.append("late" in alone.columns)
    assert set(written) == {False, True}


def test_a_column_unseen_in_many_rows_is_left_out_all_the_same(tmp_path: Path, counted: Counter[str]):
    """More shops than are remembered, none of them in train: found out when all is written, and written again."""
    spec = resolved(tmp_path, *SPLITS["column"])
    data = frame()
    write(tmp_path, data)
    ingest(spec.config.ingest_spec(), str(tmp_path / "first"))
    train = {(row["x"], row["y"]) for row in read(tmp_path / "first", "train")}
    values = zip(data["x"].astype(np.float32).tolist(), data["y"].astype(np.float32).tolist(), strict=True)
    shops = {shop for shop, value in zip(data["shop"], values, strict=True) if value not in train}
    assert len(shops) > 20
    write(tmp_path, data.assign(late=["here" if shop in shops else "" for shop in data["shop"]]))
    counted.clear()
    summary = ingest(spec.config.ingest_spec(), str(tmp_path / "second"))
    assert "late: no value falls into train, so it is not written." in summary.warnings
    assert counted["rows of 1.csv"] == 3
    assert all("late" not in row for split in summary.splits for row in read(tmp_path / "second", split))


@pytest.mark.parametrize("by", ["row", "time", "column"])
def test_a_run_reads_its_data_twice(tmp_path: Path, counted: Counter[str], by: str):
    write(tmp_path, unseen(frame(), by))
    given = resolved(tmp_path, *SPLITS[by])
    source = check_before_run(given.config)
    assert counted == {"looked up": 1} | {
        f"{done} {name}": 1 for name in ("1.csv", "2.csv") for done in ("beginning of", "rows of", "rows hashed of")
    }
    assert source.plan is not None
    record = run(given, until="ExampleGen", source=source)
    assert once_looked_at_and_once_written(counted), counted
    folder = record.artifact("ExampleGen", "examples")
    assert folder is not None
    summary = Summary.read(folder)
    assert summary.fingerprint == source.plan.fingerprint == fingerprint(expand(str(tmp_path / "*.csv")))
    assert (summary.rows_in, summary.rows_out) == (ROWS, ROWS)

    counted.clear()
    again = run(given, until="ExampleGen", source=check_before_run(given.config))
    assert again.steps[-1].state == "cached"
    assert counted["rows of 1.csv"] == counted["looked up"] == 1

    counted.clear()
    alone = run(given, until="ExampleGen")  # the same cache key without a check before
    assert alone.steps[-1].state == "cached"
    assert counted == {"looked up": 1, "read for its hash alone": 2}


def test_a_table_that_is_too_large_to_look_at_is_hashed_before_and_read_twice(
    tmp_path: Path, counted: Counter[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(check, "_SMALL", 1_000)
    write(tmp_path, frame())
    given = resolved(tmp_path, *SPLITS["row"])
    source = check_before_run(given.config)
    assert source.plan is None
    assert (counted["looked up"], counted["rows of 1.csv"]) == (1, 0)
    run(given, until="ExampleGen", source=source)
    assert (counted["looked up"], counted["rows of 1.csv"], counted["rows hashed of 1.csv"]) == (1, 2, 1)
    assert counted["read for its hash alone"] == 2  # of each file, for the cache key


def planned(folder: Path, *overrides: str) -> tuple[IngestSpec, Plan]:
    source = check_before_run(resolved(folder, *SPLITS["row"], *overrides).config)
    assert source.plan is not None
    return source.spec, source.plan


def generated(folder: Path, spec: IngestSpec, plan: Plan) -> Examples:
    artifact = Examples()
    artifact.uri = str(folder / "examples")
    with at_hand(plan):
        ExampleGen.test_call(examples=artifact, spec=spec.to_json(), fingerprint=plan.fingerprint, code="c")
    return artifact


@pytest.mark.parametrize("change", ["numbers", "text", "columns", "shorter", "quotes", "gone"])
def test_a_change_after_the_check_is_noticed(tmp_path: Path, change: str):
    """Whatever the plan makes of the new content."""
    data = frame()
    write(tmp_path, data)
    spec, plan = planned(tmp_path)
    path = tmp_path / "2.csv"
    match change:
        case "numbers":
            write(tmp_path, data.assign(x=data["x"] + 1))
        case "text":
            write(tmp_path, data.assign(x="five"))
        case "columns":
            write(tmp_path, data.drop(columns="town"))
        case "shorter":
            write(tmp_path, data.iloc[:-7])
        case "quotes":
            data.iloc[ROWS // 2 :].to_csv(path, index=False, quoting=csv.QUOTE_ALL, sep=";")
        case "gone":
            path.unlink()
    expected = (
        CHANGED if change != "gone" else f'The data file "{path}" must be readable, got: No such file or directory.'
    )
    with pytest.raises(InputError) as raised:
        generated(tmp_path, spec, plan)
    assert str(raised.value) == expected


def test_a_plan_writes_what_is_written_without_one(tmp_path: Path):
    write(tmp_path, frame())
    spec, plan = planned(tmp_path)
    by_plan = Summary.read(generated(tmp_path, spec, plan).uri)
    assert by_plan == ingest(spec, str(tmp_path / "alone"))
    for split in spec.shares:
        assert read(tmp_path / "examples", split) == read(tmp_path / "alone", split)


def test_a_plan_is_taken_for_its_own_data_and_spec_alone(tmp_path: Path):
    write(tmp_path, frame())
    spec, plan = planned(tmp_path)
    other, _ = planned(tmp_path, "features.categorical=[x]")
    assert plan_at_hand(spec, plan.fingerprint) is None
    with at_hand(plan), at_hand(None):
        assert plan_at_hand(spec, plan.fingerprint) is plan
        assert plan_at_hand(IngestSpec.from_json(spec.to_json()), plan.fingerprint) is plan
        assert plan_at_hand(other, plan.fingerprint) is None
        assert plan_at_hand(spec, "0" * 64) is None
    assert plan_at_hand(spec, plan.fingerprint) is None
    unhashed = make_plan(spec)
    assert unhashed.fingerprint == ""
    with at_hand(unhashed):
        assert plan_at_hand(spec, "") is None


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl"])
def test_other_formats_go_by_a_plan_too(tmp_path: Path, name: str):
    data = frame()
    path = tmp_path / name
    data.to_parquet(path) if name == "t.parquet" else data.to_json(path, orient="records", lines=True)
    flags = {"data.path": str(path), "labels.regression": "y", "labels.classification": "c", "name": "t"}
    source = check_before_run(resolve(None, flags | {"runtime.output": str(tmp_path / "out")}, []).config)
    assert source.plan is not None
    assert source.plan.fingerprint == fingerprint([str(path)])
    assert Summary.read(generated(tmp_path, source.spec, source.plan).uri) == ingest(source.spec, str(tmp_path / "a"))
    data = data.assign(x=data["x"] + 1)
    data.to_parquet(path) if name == "t.parquet" else data.to_json(path, orient="records", lines=True)
    with pytest.raises(InputError, match=CHANGED):
        generated(tmp_path, source.spec, source.plan)
