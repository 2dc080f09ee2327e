"""Rows keep their split when columns come and go, and a pushed version knows which rows it has seen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from example_tables import read

from components.example_gen.ingest import ingest
from components.example_gen.spec import SPLITS, IngestSpec
from components.example_gen.splitting.recall import Pushed
from components.example_gen.splitting.row_identity import Identity
from components.example_gen.splitting.split_record import Record
from components.formats.summary import Summary

ROWS, COLUMNS = 2_000, 25


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    random = np.random.default_rng(22)
    frame = pd.DataFrame(random.normal(size=(ROWS, COLUMNS)).round(4), columns=[f"x{i}" for i in range(COLUMNS)])
    frame["children"] = random.integers(0, 6, ROWS)
    frame["price"] = 100 + random.permutation(ROWS) / 8  # exact in 32 bits, another in each row
    frame["kind"] = random.choice(["a", "b"], ROWS)
    return frame


def written(
    folder: Path, table: pd.DataFrame, name: str, pushed: Summary | None = None, record: Path | None = None, **fields
) -> Summary:
    """The summary of a table's ingest into the folder `name`."""
    path = folder / f"{name}.csv"
    table.to_csv(path, index=False)
    spec = replace(IngestSpec((str(path),), "price", "kind"), **fields)
    if pushed is None:
        return ingest(spec, str(folder / name))
    load = (lambda: None) if record is None else record.read_bytes
    return ingest(spec, str(folder / name), pushed=Pushed(Identity.from_dict(pushed.identity), pushed.inherited, load))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, orders: pd.DataFrame) -> tuple[Path, Summary]:
    """A first ingest, and the record of it as a version keeps it."""
    folder = tmp_path_factory.mktemp("first")
    summary = written(folder, orders, "examples")
    (folder / "record").write_bytes(Record.of(str(folder / "examples")).to_bytes())
    return folder, summary


def seen(record: Path, examples: Path) -> np.ndarray | None:
    return Record.from_bytes(record.read_bytes()).seen(str(examples))


def split_of(folder: Path) -> pd.Series:
    """Price, which tells the rows apart, to split."""
    return pd.Series({round(row["price"], 3): split for split in SPLITS for row in read(folder, split)})


def truth(folder: Path, before: Path) -> np.ndarray:
    """Which eval rows were not in eval before, by their price, for rows that were there."""
    old = split_of(before)
    return np.array([old.get(round(row["price"], 3), "eval") != "eval" for row in read(folder, "eval")])


def changes(orders: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, dict[str, object]]]:
    noise = np.random.default_rng(1).normal(size=ROWS).round(3)
    slip = orders.astype({"x7": object})
    slip.loc[5, "x7"] = "unknown"
    return {
        "added": (orders.assign(promo=noise, campaign="none"), {}),
        "ignored": (orders, {"ignore": ("x3", "x4")}),
        "both, in another order": (orders.assign(promo=noise)[::-1], {"ignore": ("x0",)}),
        "2 written 2.0": (orders.astype({"children": float}), {}),
        "a text": (orders, {"categorical": ("children",)}),
        "one slip": (slip, {}),
    }


@pytest.mark.parametrize(
    "change", ["added", "ignored", "both, in another order", "2 written 2.0", "a text", "one slip"]
)
def test_rows_keep_their_split(tmp_path, orders, first, change):
    folder, before = first
    table, fields = changes(orders)[change]
    after = written(tmp_path, table, "after", before, **fields)
    moved = split_of(tmp_path / "after") != split_of(folder / "examples").reindex(split_of(tmp_path / "after").index)
    assert moved.sum() <= (change == "one slip")
    assert after.gone == []
    if change != "one slip":
        assert (after.judged, after.splits) == (before.judged, before.splits)
    assert seen(folder / "record", tmp_path / "after").sum() <= (change == "one slip")


def test_without_a_pushed_model_the_split_is_what_it_was(tmp_path, orders, first):
    folder, before = first
    alone = written(tmp_path, orders, "alone")
    assert alone == replace(before, files=alone.files)
    other = written(tmp_path, orders.assign(promo=1.5), "other")
    assert truth(tmp_path / "other", folder / "examples").mean() > 0.8
    assert other.judged != before.judged
    assert seen(folder / "record", tmp_path / "other") is None  # told apart in another way, and nobody could tell


@pytest.mark.parametrize(
    "fields",
    [
        {"salt": "other"},
        {"fractions": (0.4, 0.2, 0.1, 0.3)},
        {"split": "column", "column": "x1"},
        {"split": "time", "column": "x2"},
    ],
)
def test_another_way_of_splitting_is_seen_through(tmp_path, orders, first, fields):
    folder, before = first
    written(tmp_path, orders, "after", before, **fields)
    known = truth(tmp_path / "after", folder / "examples")
    assert known.any()
    np.testing.assert_array_equal(seen(folder / "record", tmp_path / "after"), known)


def test_rows_seen_are_known_without_the_columns_that_are_gone(tmp_path, orders, first):
    folder, before = first
    fresh = orders.sample(500, random_state=2).assign(price=lambda rows: rows["price"] + 1_000)
    table = pd.concat([orders, fresh], ignore_index=True).drop(columns=["x3", "x12"]).assign(promo=2.5)
    after = written(tmp_path, table, "after", before)
    assert after.gone == ["x12", "x3"]
    assert after.warnings[-1] == (
        'The rows could not be kept in their splits: those of the production model were split by "x12", "x3" too, '
        "which cannot be read as then."
    )
    known = truth(tmp_path / "after", folder / "examples")
    assert 0.5 < known.mean() < 0.9
    np.testing.assert_array_equal(seen(folder / "record", tmp_path / "after"), known)


def test_a_table_without_most_of_the_columns_tells_nothing(tmp_path, orders, first):
    folder, before = first
    written(tmp_path, orders[["x1", "price", "kind"]], "after", before)
    assert seen(folder / "record", tmp_path / "after") is None


@pytest.mark.parametrize("gone", [["x3"], ["x3", "x12", "children"]])
def test_rows_keep_their_split_without_the_columns_that_are_gone(tmp_path, orders, first, gone):
    folder, before = first
    more = orders.sample(400, random_state=2).assign(price=lambda rows: rows["price"] + 1_000)
    table = pd.concat([orders, more], ignore_index=True).drop(columns=gone).assign(promo=2.5)
    after = written(tmp_path, table, "after", before, folder / "record")
    assert (after.gone, after.inherited, after.warnings) == (sorted(gone), True, [])
    old, now = split_of(folder / "examples"), split_of(tmp_path / "after")
    pd.testing.assert_series_equal(now[old.index], old)
    fresh = now.drop(old.index)
    assert len(fresh) == 400
    assert 20 < (fresh == "eval").sum() < 80
    assert not seen(folder / "record", tmp_path / "after").any()

    # The version after that knows the rows as they are now, and they stay when nothing goes any more.
    (tmp_path / "record").write_bytes(Record.of(str(tmp_path / "after")).to_bytes())
    later = written(tmp_path, table.assign(next=1), "later", after, tmp_path / "record")
    assert (later.gone, later.inherited, later.judged) == ([], True, after.judged)
    pd.testing.assert_series_equal(split_of(tmp_path / "later")[now.index], now)
    assert not seen(tmp_path / "record", tmp_path / "later").any()


def test_another_salt_moves_rows_although_they_are_known(tmp_path, orders, first):
    folder, before = first
    after = written(tmp_path, orders.drop(columns="x3"), "after", before, folder / "record", salt="other")
    assert not after.inherited
    known = truth(tmp_path / "after", folder / "examples")
    assert known.mean() > 0.8
    np.testing.assert_array_equal(seen(folder / "record", tmp_path / "after"), known)


def test_many_rows_are_remembered_in_four_bytes_each(tmp_path, orders, first):
    folder, before = first
    whole, short = (Record.of(str(folder / "examples"), rows) for rows in (ROWS, ROWS - 1))
    remembered = before.rows_out - before.splits["eval"]
    assert (whole.rows.nbytes + whole.splits.nbytes, short.rows.nbytes) == (17 * ROWS, 4 * remembered)
    (tmp_path / "record").write_bytes(short.to_bytes())
    written(tmp_path, orders, "after", before, salt="other")
    known = truth(tmp_path / "after", folder / "examples")
    np.testing.assert_array_equal(seen(tmp_path / "record", tmp_path / "after"), known)
    without = written(tmp_path, orders.drop(columns="x3"), "without", before, tmp_path / "record")
    assert not without.inherited
    assert without.warnings[-1].startswith("The rows could not be kept in their splits")
    assert seen(tmp_path / "record", tmp_path / "without") is None


def test_equal_rows_are_remembered_once(tmp_path, orders):
    twice = written(tmp_path, pd.concat([orders, orders]), "twice")
    once = written(tmp_path, orders, "once")
    assert twice.judged != once.judged  # another number of rows is judged
    assert Record.of(str(tmp_path / "twice")).to_bytes() == Record.of(str(tmp_path / "once")).to_bytes()
