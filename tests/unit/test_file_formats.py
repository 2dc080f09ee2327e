"""Each file between two steps, as format 1 had it, is read; one of a newer format is refused by a sentence."""

import json
from pathlib import Path

import pytest

from components.example_gen.cells.forms import Form, Meaning
from components.example_gen.tables.dialect import Dialect
from components.formats.history import History
from components.formats.json_file import JsonFile
from components.formats.summary import Summary
from components.shared.errors import InputError

FILES = {History: "history.json", Summary: "summary.json"}


@pytest.mark.parametrize("kind", FILES, ids=FILES.values())
def test_a_newer_format_is_refused_in_one_sentence_that_says_what_to_do(tmp_path: Path, kind: type[JsonFile]):
    path = tmp_path / FILES[kind]
    path.write_text(json.dumps({"format": kind.FORMAT + 1, "dialect": {}}))
    with pytest.raises(InputError) as raised:
        kind.read(tmp_path)
    assert str(raised.value) == (
        f"{path} must be of format {kind.FORMAT}, got format {kind.FORMAT + 1}. "
        "Run again with --no-cache, which writes it anew."
    )


def test_a_history_of_format_1_is_read(tmp_path: Path):
    """It had every series by itself, and NaN where the loss was none."""
    (tmp_path / "history.json").write_text(
        '{"loss": [3.0, 2.0], "regression_output_loss": [1.0, 0.5], "val_regression_output_loss": [2.0, NaN],'
        ' "val_regression_output_mae": [0.5, 0.25], "val_headline": [1.5, 1.0], "gradient_cosine": [0.1, -0.2],'
        ' "weight_classification_output": [1.5, 0.5], "alone_regression_output": [0.75]}'
    )
    history = History.read(tmp_path)
    assert history.loss("regression", "train") == [1.0, 0.5]
    assert history.loss("regression", "validation") == pytest.approx([2.0, float("nan")], nan_ok=True)
    assert history.validation("regression", "mae") == [0.5, 0.25]
    assert history.series["val_headline"] == [1.5, 1.0]
    assert (history.weights("regression"), history.weights("classification")) == ([], [1.5, 0.5])
    assert (history.alone("regression"), history.alone("classification")) == ([0.75], [])
    assert history.gradient_cosine == [0.1, -0.2]
    history.write(tmp_path)
    assert History.read(tmp_path) == history


SUMMARY_1 = {
    "files": ["t.csv"],
    "fingerprint": "f",
    "rows_in": 4,
    "rows_out": 3,
    "left_out": {"no label": 1},
    "splits": {"train": 2, "eval": 1},
    "regression": "y",
    "classification": "k",
    "classes": {"train": {"a": 2}, "eval": {"a": 1}},
    "columns": {"x": "FLOAT"},
    "missing": {"x": 0},
    "non_finite": {},
    "vectors": {},
    "vector_columns": {},
    "split_by": "row",
    "warnings": ["A note."],
}


def test_a_summary_of_format_1_is_read(tmp_path: Path):
    more = {
        "dialect": {"format": "csv", "delimiter": ";", "missing": ["", "NA"], "quoting": "none"},
        "unlabelled": {"train": {"y": 1, "k": 0}, "eval": {"y": 1, "k": 0}},
        "forms": {"x": {"meaning": "NUMBERS"}},
        "judged": "j",
    }
    (tmp_path / "summary.json").write_text(json.dumps(SUMMARY_1 | more))
    summary = Summary.read(tmp_path)
    assert (summary.rows_in, summary.splits, summary.judged) == (4, {"train": 2, "eval": 1}, "j")
    assert summary.dialect == Dialect("csv", ";", ("", "NA"), "none")
    assert summary.forms == {"x": Form(Meaning.NUMBERS)}
    assert (summary.without("y"), summary.without("k")) == (2, 0)


def test_a_summary_of_the_time_before_dialects_is_read(tmp_path: Path):
    (tmp_path / "summary.json").write_text(json.dumps(SUMMARY_1 | {"format": "csv", "delimiter": "|"}))
    assert Summary.read(tmp_path).dialect == Dialect("csv", "|")
