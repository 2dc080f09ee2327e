"""Which split a row falls into."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from example_tables import ROWS, contents, csv_file, frame, read, spec

from components.example_gen.ingest import ingest
from components.example_gen.spec import SPLITS, IngestSpec
from components.formats.summary import Summary
from components.shared.errors import InputError


def test_the_split_is_the_same_for_any_order_format_and_way_of_reading(tmp_path):
    data = frame()
    mixed = data.sample(frac=1, random_state=1)[list(data.columns[::-1])]
    mixed.iloc[:150].to_csv(tmp_path / "a.csv", index=False)
    mixed.iloc[150:].to_csv(tmp_path / "b.csv", index=False)
    data.to_parquet(tmp_path / "t.parquet")
    many = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    specs = {
        "csv": spec(csv_file(tmp_path, data)),
        "other": spec(csv_file(tmp_path, data, "s.csv", sep=";", encoding="utf-8-sig", na_rep="NA")),
        "many": IngestSpec(tuple(many), "price", "grade"),
        "parquet": spec(tmp_path / "t.parquet"),
    }
    for name, each in specs.items():
        ingest(each, str(tmp_path / name))
    assert contents(tmp_path / "csv") == contents(tmp_path / "other") == contents(tmp_path / "many")
    assert contents(tmp_path / "csv") == contents(tmp_path / "parquet")
    ingest(spec(tmp_path / "t.csv", types={"count": "FLOAT"}, categorical=("p_1",)), str(tmp_path / "retyped"))
    for split in SPLITS:
        assert [row["price"] for row in read(tmp_path / "retyped", split)] == [
            row["price"] for row in read(tmp_path / "csv", split)
        ]


def test_examples_and_splits_are_the_same_in_every_form_of_the_cells(tmp_path):
    """Booleans, instants and durations of a typed Parquet table, and what pandas, PostgreSQL and others write of it."""
    draw = np.random.default_rng(3)
    data = frame()
    data["flag"] = draw.random(ROWS) < 0.3
    data["at"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(draw.integers(0, 9, ROWS), unit="h")
    data["wait"] = pd.to_timedelta(draw.integers(0, 90, ROWS), unit="s")
    data.to_parquet(tmp_path / "typed.parquet")
    forms = {
        "pandas": data,
        "other": data.assign(
            flag=np.where(data["flag"], "t", " f"),
            at=data["at"].dt.tz_convert("Asia/Kolkata").map(lambda time: time.isoformat()),
            wait=data["wait"].map(lambda one: one.isoformat()),
            grade=data["grade"] + " ",
        ),
    }
    ingest(spec(tmp_path / "typed.parquet"), str(tmp_path / "typed"))
    for name, form in forms.items():
        summary = ingest(spec(csv_file(tmp_path, form, f"{name}.csv")), str(tmp_path / name))
        assert contents(tmp_path / name) == contents(tmp_path / "typed")
        assert Summary.read(tmp_path / name) == summary
        assert (summary.columns["flag"], summary.columns["wait"]) == ("BYTES", "FLOAT")


def test_a_split_does_not_depend_on_the_process(tmp_path):
    path = csv_file(tmp_path, frame())
    here = ingest(spec(path), str(tmp_path / "here"))
    code = (
        "import sys; from components.example_gen.ingest import ingest; "
        "from components.example_gen.spec import IngestSpec; "
        "ingest(IngestSpec((sys.argv[1],), 'price', 'grade'), sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", code, str(path), str(tmp_path / "there")], check=True, capture_output=True)
    assert Summary.read(tmp_path / "there") == here
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_identical_rows_share_a_split_and_new_rows_move_none(tmp_path):
    data = frame()
    ingest(spec(csv_file(tmp_path, pd.concat([data, data]))), str(tmp_path / "twice"))
    ingest(spec(csv_file(tmp_path, pd.concat([frame(seed=1), data]))), str(tmp_path / "grown"))
    ingest(spec(csv_file(tmp_path, data)), str(tmp_path / "once"))
    once = contents(tmp_path / "once")
    assert contents(tmp_path / "twice") == sorted(once * 2)
    assert set(once) <= set(contents(tmp_path / "grown"))


@pytest.mark.parametrize("options", [{}, {"split": "time", "column": "day"}])
def test_calibration_takes_from_eval_alone_and_may_be_left_out(tmp_path, options):
    path = csv_file(tmp_path, frame().assign(row=range(ROWS), day=range(ROWS)))
    written = {}
    for name, fractions in {"with": (0.64, 0.16, 0.08, 0.12), "without": (0.64, 0.16, 0.0, 0.2)}.items():
        chosen = spec(path, fractions=fractions, **options)
        summary = ingest(chosen, str(tmp_path / name))
        splits = sorted(folder.name.removeprefix("Split-") for folder in (tmp_path / name).glob("Split-*"))
        assert splits == sorted(chosen.shares) == sorted(summary.splits) == sorted(summary.classes)
        written[name] = {split: [row["row"] for row in read(tmp_path / name, split)] for split in splits}
    assert sorted(written["without"]) == ["eval", "train", "validation"]
    assert sorted(written["with"]) == ["calibration", "eval", "train", "validation"]
    for split in ("train", "validation"):
        assert written["with"][split] == written["without"][split]
    assert sorted(written["with"]["calibration"] + written["with"]["eval"]) == written["without"]["eval"]
    assert 15 <= len(written["with"]["calibration"]) <= 49  # 32 of 400 and three standard deviations


def test_an_empty_calibration_split_says_how_to_do_without(tmp_path):
    keys = csv_file(tmp_path, frame().assign(key=[f"k{row % 3}" for row in range(ROWS)]))
    sentences = set()
    for salt in range(40):
        try:
            ingest(spec(keys, split="column", column="key", salt=str(salt)), str(tmp_path / "out"))
        except InputError as error:
            sentences.add(str(error))
    assert (
        'The calibration split needs at least 1 row, got 0 of 400 rows. Only 3 different values of "key" are in the '
        "400 rows, and rows of one key stay together, so a split may be uneven or empty. Split by a key with more "
        "values, or set data.split.by to row. Or set data.split.calibration to 0." in sentences
    )


def test_one_class_in_train_is_refused_however_the_rows_are_split(tmp_path):
    rows = frame().assign(key=[f"k{row % 200}" for row in range(ROWS)])
    kept = ingest(spec(csv_file(tmp_path, rows), split="column", column="key"), str(tmp_path / "out"))
    assert min(kept.classes["train"].values()) > 0
    held = {row["key"].decode() for split in ("validation", "eval") for row in read(tmp_path / "out", split)}
    rows["grade"] = np.where(rows["key"].isin(held), "late", "early")
    with pytest.raises(
        InputError, match=r'at least two classes of "grade", got "early" in all [\d,]+ of its rows\. Cho'
    ):
        ingest(spec(csv_file(tmp_path, rows), split="column", column="key"), str(tmp_path / "out"))


def test_a_key_never_sits_in_two_splits(tmp_path):
    data = frame().assign(customer=[f"c{row % 90}" for row in range(ROWS)])
    ingest(spec(csv_file(tmp_path, data), split="column", column="customer"), str(tmp_path / "out"))
    customers = [{row["customer"] for row in read(tmp_path / "out", split)} for split in SPLITS]
    assert len(set.union(*customers)) == 90 == sum(map(len, customers))


def test_a_split_by_time_trains_on_the_oldest_rows(tmp_path):
    days = pd.date_range("2020-01-01", periods=ROWS).strftime("%d/%m/%y").to_numpy()
    data = frame().assign(row=range(ROWS), day=days).sample(frac=1, random_state=0)
    options = {"split": "time", "column": "day", "ignore": ("day",), "fractions": (0.7, 0.1, 0.05, 0.15)}
    ingest(spec(csv_file(tmp_path, data), **options), str(tmp_path / "out"))
    got = {split: sorted(row["row"] for row in read(tmp_path / "out", split)) for split in SPLITS}
    assert got == {
        "train": list(range(280)),
        "validation": list(range(280, 320)),
        "calibration": list(range(320, 340)),
        "eval": list(range(340, 400)),
    }


def test_long_splits_are_cut_into_files(tmp_path):
    path = csv_file(tmp_path, frame())
    summary = ingest(spec(path), str(tmp_path / "one"))
    ingest(spec(path), str(tmp_path / "many"), rows_per_file=50)
    parts = -(-summary.splits["train"] // 50)
    names = sorted(path.name for path in (tmp_path / "many" / "Split-train").iterdir())
    assert names == [f"data_tfrecord-{index:05d}-of-{parts:05d}.gz" for index in range(parts)]
    assert [read(tmp_path / "many", split) for split in SPLITS] == [read(tmp_path / "one", split) for split in SPLITS]


def test_too_little_data_is_refused(tmp_path):
    with pytest.raises(InputError, match=re.escape("at least 13 rows with both labels to fill its splits, got 6.")):
        ingest(spec(csv_file(tmp_path, frame(6))), str(tmp_path / "out"))
    one_key = csv_file(tmp_path, frame().assign(key="same"))
    with pytest.raises(InputError, match=r"split needs at least 1 row, got 0 of 400 rows\. Only 1 different value of"):
        ingest(spec(one_key, split="column", column="key"), str(tmp_path / "out"))
