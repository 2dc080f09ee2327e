"""Tables to examples, read back by what other steps read them with."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples
from tfx_bsl.cc.tfx_bsl_extension.coders import ExampleToNumpyDict

from components.errors import InputError
from components.example_gen.component import ExampleGen
from components.example_gen.fingerprint import fingerprint
from components.example_gen.ingest import ingest
from components.example_gen.spec import SPLITS, IngestSpec
from components.example_gen.summary import read_summary

ROWS = 400


def frame(rows=ROWS, seed=0):
    """Rows with each kind of column and gaps in all of them but the labels."""
    draw = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "price": draw.normal(size=rows).round(4),
            "grade": draw.choice(["low", "mid", "high, or so"], rows),
            "count": pd.array(draw.integers(0, 9, rows), "Int64"),
            "size (mm)": draw.normal(size=rows).round(3),
            "town": draw.choice(["Ulm", "Köln"], rows),
            "p_1": draw.normal(size=rows).round(2),
            "p_2": draw.normal(size=rows).round(2),
        }
    )
    for place, name in enumerate(data.columns[2:]):
        data.loc[place::17, name] = None
    return data


def spec(path, **fields):
    return IngestSpec((str(path),), **({"regression": "price", "classification": "grade"} | fields))


def csv_file(tmp_path, data, name="t.csv", **options):
    data.to_csv(tmp_path / name, index=False, **options)
    return tmp_path / name


def read(folder, split):
    """The rows of a split as plain Python values, in file order."""
    files = sorted(str(path) for path in Path(folder, f"Split-{split}").iterdir())
    rows = []
    for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        row = {name: None if value is None else value.tolist() for name, value in ExampleToNumpyDict(record).items()}
        rows.append({name: value if value is None or len(value) > 1 else value[0] for name, value in row.items()})
    return rows


def contents(folder):
    """All rows with their split, sorted: equal for equal data whatever the order of the rows."""
    return sorted(repr((split, sorted(row.items()))) for split in SPLITS for row in read(folder, split))


def test_every_cell_arrives_in_exactly_one_split(tmp_path):
    data = frame()
    summary = ingest(spec(csv_file(tmp_path, data), vectors={"p": "p_*"}), str(tmp_path / "out"))
    got = [row for split in SPLITS for row in read(tmp_path / "out", split)]
    expected = [
        {
            "price": float(np.float32(row["price"])),
            "grade": row["grade"].encode(),
            "count": None if pd.isna(row["count"]) else int(row["count"]),
            "size (mm)": None if pd.isna(row["size (mm)"]) else float(np.float32(row["size (mm)"])),
            "town": None if pd.isna(row["town"]) else row["town"].encode(),
            "p": [float(np.float32(row["p_1"])), float(np.float32(row["p_2"]))],
        }
        for row in data.to_dict("records")
    ]

    def key(row):
        return repr(sorted(row.items()))

    assert sorted(map(key, got)) == sorted(map(key, expected))
    assert summary.rows_in == summary.rows_out == ROWS == sum(summary.splits.values())
    assert summary.columns == {"count": "INT", "size (mm)": "FLOAT", "town": "BYTES", "p": "VECTOR"}
    absent = data[["count", "size (mm)", "town"]].isna().sum().to_dict()
    assert summary.missing == absent | {"p": int(data[["p_1", "p_2"]].isna().all(axis=1).sum())}
    assert (summary.vectors, summary.vector_columns) == ({"p": 2}, {"p": ["p_1", "p_2"]})
    assert summary == read_summary(str(tmp_path / "out"))
    for split in SPLITS:
        named = pd.Series([row["grade"].decode() for row in read(tmp_path / "out", split)]).value_counts()
        assert summary.classes[split] == named.to_dict()


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


def test_a_split_does_not_depend_on_the_process(tmp_path):
    path = csv_file(tmp_path, frame())
    here = ingest(spec(path), str(tmp_path / "here"))
    code = (
        "import sys; from components.example_gen.ingest import ingest; "
        "from components.example_gen.spec import IngestSpec; "
        "ingest(IngestSpec((sys.argv[1],), 'price', 'grade'), sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", code, str(path), str(tmp_path / "there")], check=True, capture_output=True)
    assert read_summary(str(tmp_path / "there")) == here
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
        "The calibration split needs at least 1 row, got 0 of 400 rows. Add rows, or set data.split.calibration to 0."
        in sentences
    )


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


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([0, 1], {b"0", b"1"}),
        ([True, False], {b"true", b"false"}),
        ([0.0, 1.0], {b"0", b"1"}),
        (["1.0", "2"], {b"1.0", b"2"}),
    ],
)
def test_class_labels_are_text(tmp_path, values, written):
    frame().assign(grade=values * (ROWS // 2)).to_parquet(tmp_path / "t.parquet")
    ingest(spec(tmp_path / "t.parquet"), str(tmp_path / "out"))
    assert {row["grade"] for row in read(tmp_path / "out", "train")} == written


def test_a_class_of_one_row_and_a_column_of_one_value_break_nothing(tmp_path):
    data = frame()
    data.loc[0, "grade"] = "rare"
    for row in range(ROWS):
        data["once"] = [1.0 if row == place else None for place in range(ROWS)]
        summary = ingest(spec(csv_file(tmp_path, data)), str(tmp_path / "out"))
        if "once" not in summary.columns:
            break
    assert summary.warnings == ["once: no value falls into train, so it is not written."]
    assert sorted(counts["rare"] for counts in summary.classes.values()) == [0, 0, 0, 1]
    assert not any("once" in row for split in SPLITS for row in read(tmp_path / "out", split))


def with_label_gaps():
    data = frame()
    data.loc[:9, "price"] = None
    data.loc[5:19, "grade"] = None
    return data


def test_rows_with_one_label_are_written_and_accounted_for(tmp_path):
    data = with_label_gaps()
    summary = ingest(spec(csv_file(tmp_path, data)), str(tmp_path / "out"))
    assert (summary.rows_in, summary.rows_out) == (ROWS, ROWS - 5)
    assert summary.left_out == {"both labels missing": 5}
    assert (summary.without("price"), summary.without("grade")) == (5, 10)
    assert summary.warnings == ["5 of 400 rows were left out: both labels missing in 5."]
    for split in SPLITS:
        rows = read(tmp_path / "out", split)
        without = {label: sum(row[label] is None for row in rows) for label in ("price", "grade")}
        assert summary.unlabelled[split] == without
        grades = Counter(row["grade"].decode() for row in rows if row["grade"] is not None)
        assert {name: count for name, count in summary.classes[split].items() if count} == grades
    assert read_summary(str(tmp_path / "out")) == summary


def test_a_label_that_goes_missing_moves_no_other_row(tmp_path):
    """The splits of the rows with both labels are those of the table in which nothing is missing."""
    ingest(spec(csv_file(tmp_path, frame())), str(tmp_path / "all"))
    ingest(spec(csv_file(tmp_path, with_label_gaps())), str(tmp_path / "some"))
    ingest(spec(csv_file(tmp_path, with_label_gaps()), partial=False), str(tmp_path / "both"))
    assert set(contents(tmp_path / "both")) <= set(contents(tmp_path / "all"))
    assert set(contents(tmp_path / "both")) < set(contents(tmp_path / "some"))


def test_weights_are_written_beside_the_features_and_move_no_row(tmp_path):
    data = frame()
    ingest(spec(csv_file(tmp_path, data)), str(tmp_path / "plain"))
    data["w"] = np.where(data["price"] > 0, 2.5, 0.5)
    summary = ingest(spec(csv_file(tmp_path, data), weight="w"), str(tmp_path / "out"))
    assert (summary.weight, "w" in summary.columns) == ("w", False)
    for split in SPLITS:
        rows, plain = read(tmp_path / "out", split), read(tmp_path / "plain", split)
        assert [row.pop("w") for row in rows] == [2.5 if row["price"] > 0 else 0.5 for row in rows]
        assert rows == plain


@pytest.mark.parametrize(
    ("label", "weight", "message"),
    [
        ("grade", 1.0, 'The eval split needs at least 1 row with the label "grade", got 0. Add rows with this label'),
        ("price", 1.0, 'The eval split needs at least 1 row with the label "price", got 0. Add rows with this label'),
        (None, 0.0, 'The weight "w" must be above 0 in a row of the validation split that has the label "price"'),
    ],
)
def test_splits_without_a_label_or_a_weight_are_refused(tmp_path, label, weight, message):
    data = frame().assign(day=np.arange(ROWS), w=1.0)
    if label:
        data.loc[300:, label] = None
    data.loc[200:, "w"] = weight
    chosen = spec(csv_file(tmp_path, data), split="time", column="day", weight="w")
    with pytest.raises(InputError, match=re.escape(message)):
        ingest(chosen, str(tmp_path / "out"))


def test_rows_without_both_labels_are_left_out_on_request(tmp_path):
    summary = ingest(spec(csv_file(tmp_path, with_label_gaps()), partial=False), str(tmp_path / "out"))
    assert (summary.rows_in, summary.rows_out) == (ROWS, ROWS - 20)
    assert summary.left_out == {
        "regression label missing": 5,
        "class label missing": 10,
        "both labels missing": 5,
    }
    assert summary.warnings == [
        "20 of 400 rows were left out: regression label missing in 5, class label missing in 10, "
        "both labels missing in 5."
    ]


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
    with pytest.raises(InputError, match=r"split needs at least 1 row, got 0 of 400 rows\. Add rows, or choose"):
        ingest(spec(one_key, split="column", column="key"), str(tmp_path / "out"))


STATISTICS = """
import json, pathlib, sys
from tfx.components.statistics_gen.executor import Executor
from tfx.components.util import examples_utils
from tfx.types.standard_artifacts import Examples, ExampleStatistics
import tensorflow_data_validation as tfdv
examples, statistics = Examples(), ExampleStatistics()
examples.uri, statistics.uri, properties = sys.argv[1:]
examples.split_names = '["train", "validation", "calibration", "eval"]'
for name, value in json.loads(properties).items():
    examples.set_string_custom_property(name, value)
assert examples_utils.get_payload_format_string(examples) == "FORMAT_TF_EXAMPLE"
assert examples_utils.get_file_format(examples) == "tfrecords_gzip"
Executor().Do({"examples": [examples]}, {"statistics": [statistics]}, {"exclude_splits": "[]"})
found = {}
for split in ("train", "validation", "calibration", "eval"):
    path = pathlib.Path(statistics.uri, f"Split-{split}", "FeatureStats.pb")
    dataset = tfdv.load_stats_binary(str(path)).datasets[0]
    missing = {f.path.step[0]: dataset.num_examples - f.num_stats.common_stats.num_non_missing
               - f.string_stats.common_stats.num_non_missing for f in dataset.features}
    found[split] = [dataset.num_examples, {name: count for name, count in missing.items() if count}]
print(json.dumps(found))
"""


def test_the_component_fills_an_artifact_that_stock_statistics_gen_reads(tmp_path):
    path = csv_file(tmp_path, frame())
    artifact = Examples()
    artifact.uri = str(tmp_path / "out")
    chosen = spec(path)
    ExampleGen.test_call(examples=artifact, spec=chosen.to_json(), fingerprint=fingerprint(chosen.paths), code="c")
    summary = read_summary(artifact.uri)
    assert artifact_utils.decode_split_names(artifact.split_names) == list(SPLITS)
    assert (artifact.span, artifact.version) == (0, 0)
    assert artifact.get_string_custom_property("input_fingerprint") == summary.fingerprint

    names = ("payload_format", "file_format")
    properties = {name: artifact.get_string_custom_property(name) for name in names}
    run = [sys.executable, "-c", STATISTICS, artifact.uri, str(tmp_path / "stats"), json.dumps(properties)]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert {split: rows for split, (rows, _) in found.items()} == summary.splits
    missing = sum((Counter(counts) for _, counts in found.values()), Counter())
    assert missing == {name: count for name, count in summary.missing.items() if count}


def test_data_that_changed_since_the_run_began_is_refused(tmp_path):
    path = csv_file(tmp_path, frame())
    artifact = Examples()
    artifact.uri = str(tmp_path / "out")
    with pytest.raises(InputError, match="must stay as it was when the run began, got other content"):
        ExampleGen.test_call(examples=artifact, spec=spec(path).to_json(), fingerprint="0" * 64, code="c")


# VmHWM begins anew with the program; ru_maxrss would begin at the size of the process that started it.
PEAK = """
import pathlib, re, sys
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec
ingest(IngestSpec((sys.argv[1],), "price", "grade"), sys.argv[2])
print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    """Eight times the rows cost less than half of the added bytes; the allocator's own noise is ±30 MiB."""
    path = tmp_path / "t.csv"
    draw = np.random.default_rng(0)
    part = pd.DataFrame(draw.random((300_000, 9)).round(6), columns=[f"x{place}" for place in range(9)])
    part = part.assign(price=part["x0"], grade=draw.integers(0, 3, len(part)))
    peaks, sizes = [], []
    for parts in (1, 7):  # the second time appends to the first
        for _ in range(parts):
            part.to_csv(path, mode="a", index=False, header=not path.exists())
        run = [sys.executable, "-c", PEAK, str(path), str(tmp_path / "out")]
        done = subprocess.run(run, check=True, capture_output=True, text=True)
        peaks.append(int(done.stdout) * 1024)
        sizes.append(path.stat().st_size)
    assert read_summary(str(tmp_path / "out")).rows_out == 2_400_000
    assert peaks[1] - peaks[0] < (sizes[1] - sizes[0]) / 2, (peaks, sizes)
