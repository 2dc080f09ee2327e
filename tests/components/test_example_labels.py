"""Labels and weights in the examples, and rows that lack some."""

import re
from collections import Counter

import numpy as np
import pytest
from example_tables import ROWS, contents, csv_file, frame, read, spec

from components.example_gen.ingest import ingest
from components.example_gen.spec import SPLITS
from components.formats.summary import Summary
from components.shared.errors import InputError


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([0, 1], {b"0", b"1"}),
        ([True, False], {b"true", b"false"}),
        ([0.0, 1.0], {b"0", b"1"}),
        (["1.0", "2"], {b"1", b"2"}),
        (["1.0", "x"], {b"1.0", b"x"}),
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
    assert Summary.read(tmp_path / "out") == summary


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
