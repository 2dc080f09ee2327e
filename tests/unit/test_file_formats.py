"""Each file between two steps, as format 1 had it, is read; one of a newer format is refused by a sentence."""

import json
from pathlib import Path

import numpy as np
import pytest

from components.example_gen.cells.forms import Form, Meaning
from components.example_gen.tables.dialect import Dialect
from components.formats.distributions import Distributions, Numbers, Texts
from components.formats.findings import Anomaly, Comparison, Example, Findings
from components.formats.history import History
from components.formats.json_file import JsonFile
from components.formats.push import Push
from components.formats.relatedness import Cost, Network, Price, Relatedness
from components.formats.summary import Summary
from components.formats.tuning import Trial, Tuning
from components.formats.version import REMEDY, Labels, Rows, Version
from components.model_format.manifest import GO_BACK, Calibration, InputColumn, Manifest, TrainLabels
from components.shared.errors import InputError
from components.shared.kept_files import Damaged

FILES = {
    History: "history.json",
    Summary: "summary.json",
    Findings: "findings.json",
    Distributions: "distributions.json",
    Tuning: "tuning.json",
    Manifest: "assets.extra/model.json",
    Push: "push.json",
    Relatedness: "relatedness.json",
}


@pytest.mark.parametrize("kind", FILES, ids=FILES.values())
def test_a_newer_format_is_refused_in_one_sentence_that_says_what_to_do(tmp_path: Path, kind: type[JsonFile]):
    path = tmp_path / FILES[kind]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"format": kind.FORMAT + 1, "dialect": {}}))
    with pytest.raises(InputError) as raised:
        kind.read(tmp_path)
    remedy = GO_BACK if kind is Manifest else "Run again with --no-cache, which writes it again."
    assert str(raised.value) == f"{path} must be of format {kind.FORMAT}, got format {kind.FORMAT + 1}. {remedy}"


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


GATE = {
    "notes": ["A note."],
    "anomalies": [
        {
            "split": "eval",
            "column": "x",
            "kind": "K",
            "level": "fail",
            "sentence": "x must be 1, got 2.",
            "method": "share",
            "value": 0.5,
            "threshold": 0.1,
            "examples": [{"file": "t.csv", "line": 7, "value": "2"}],
            "remedy": "data.ignore",
        },
        {"split": "", "column": "c", "kind": "L", "level": "warn", "sentence": "c is odd."},
    ],
    "comparisons": [
        {
            "kind": "drift",
            "column": "x",
            "split": "train",
            "against": "pushed version 3",
            "method": "ks",
            "value": None,
            "threshold": 0.1,
            "level": "ok",
        }
    ],
    "against": "pushed version 3",
    "passed": False,
}


def test_findings_of_format_1_are_read_from_the_file_they_were_in(tmp_path: Path):
    (tmp_path / "gate.json").write_text(json.dumps(GATE))
    failed = Anomaly(
        "eval", "x", "K", "fail", "x must be 1, got 2.", "share", 0.5, 0.1, (Example("t.csv", 7, "2"),), "data.ignore"
    )
    found = Findings(
        ("A note.",),
        (failed, Anomaly("", "c", "L", "warn", "c is odd.")),
        (Comparison("drift", "x", "train", "pushed version 3", "ks", None, 0.1, "ok"),),
        "pushed version 3",
    )
    assert Findings.read(tmp_path) == Findings.find(tmp_path) == found
    assert found.problems == ["x must be 1, got 2."]
    Findings().write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["findings.json", "gate.json"]
    assert Findings.read(tmp_path) == Findings()


def test_the_older_file_is_named_where_it_cannot_be_read(tmp_path: Path):
    (tmp_path / "gate.json").write_text(json.dumps(GATE | {"anomalies": 3}))
    with pytest.raises(Damaged, match=r"gate\.json must hold what mtl wrote, got `anomalies`: "):
        Findings.read(tmp_path)


COUNTS = {"rows": 5, "missing": 1, "independent": 5}
DISTRIBUTIONS = {
    "train": {
        "x": COUNTS | {"points": [1.0, 2.5], "below": [0.0, 0.5], "upto": [0.5, 1.0]},
        "c": COUNTS | {"counts": {"a": 3}, "other": 1},
        "none": {"rows": 5, "missing": 5, "independent": 5, "points": [], "below": [], "upto": []},
    },
    "eval": {},
}


def test_distributions_of_format_1_are_read(tmp_path: Path):
    (tmp_path / "distributions.json").write_text(json.dumps(DISTRIBUTIONS))
    found = Distributions.read(tmp_path).splits
    assert found["eval"] == {}
    assert found["train"]["c"] == Texts(5, 1, 5, {"a": 3}, 1)
    numbers, empty = found["train"]["x"], found["train"]["none"]
    assert isinstance(numbers, Numbers)
    assert (numbers.rows, numbers.missing, numbers.independent) == (5, 1, 5)
    assert [numbers.points.tolist(), numbers.below.tolist(), numbers.upto.tolist()] == [[1, 2.5], [0, 0.5], [0.5, 1]]
    assert isinstance(empty, Numbers)
    assert (empty.points.dtype, empty.points.shape) == (np.float64, (0,))
    Distributions.read(tmp_path).write(tmp_path)
    assert json.loads((tmp_path / "distributions.json").read_text()) == {"format": 2, "splits": DISTRIBUTIONS}


def test_distributions_that_are_damaged_are_named(tmp_path: Path):
    values = {"splits": {"train": {"x": DISTRIBUTIONS["train"]["x"] | {"points": {"a": 1}}}}, "format": 2}
    (tmp_path / "distributions.json").write_text(json.dumps(values))
    with pytest.raises(Damaged, match=r"`splits\.train\.x\.Numbers\.points`: .*list of numbers"):
        Distributions.read(tmp_path)


def test_what_a_search_found_is_read(tmp_path: Path):
    """Format 1, as it was before it had a number."""
    heads = {"regression": 0.5, "classification": 1.0}
    values = {"model.hidden": [8, 8], "training.learning_rate": 0.01, "model.trunk": "ple"}
    completed = {"number": 1, "values": values, "objective": 0.75, "ratios": heads, "losses": heads}
    failed = dict.fromkeys(("objective", "ratios", "losses", "seconds", "epochs", "parameters"))
    found = {
        "method": "random",
        "seed": 0,
        "epochs": 3,
        "metrics": {"regression": "MAE", "classification": "log loss"},
        "references": heads,
        "space": {"model.hidden": [[8], [8, 8]], "training.learning_rate": {"min": 0.1, "max": 1, "log": True}},
        "start": values,
        "trials": [
            completed | {"seconds": 1.5, "epochs": 3, "parameters": 99, "problem": None},
            failed | {"number": 2, "values": values, "problem": "It diverged."},
            completed | {"number": 3, "objective": 0.25, "seconds": 2.5, "epochs": 2, "parameters": 9, "problem": None},
        ],
    }
    (tmp_path / "tuning.json").write_text(json.dumps(found))
    tuning = Tuning.read(tmp_path)
    assert tuning.trials == (
        Trial(1, values, 0.75, heads, heads, 1.5, 3, 99),
        Trial(2, values, None, problem="It diverged."),
        Trial(3, values, 0.25, heads, heads, 2.5, 2, 9),
    )
    assert [trial.number for trial in tuning.completed] == [1, 3]
    assert (tuning.best.number, tuning.best.score) == (3, 0.25)
    assert tuning.space["training.learning_rate"] == {"min": 0.1, "max": 1, "log": True}


def test_what_relatedness_found_is_read(tmp_path: Path):
    """Format 1, as it was before it had a number."""
    change = {"value": -0.1, "low": -0.2, "high": None, "level": 0.95, "resamples": 500, "dropped": 0}
    head = {
        "metric": "mae",
        "title": "MAE",
        "n": 200,
        "multi_task": 9.0,
        "single_task": 10.0,
        "change": change,
        "by_seed": [-0.12, None],
        "rows_width": 0.1,
        "seeds_width": None,
        "verdict": "not clear",
        "sentence": "MAE fell.",
    }
    found = {
        "seeds": [3, 4],
        "level": 0.95,
        "tolerance": 0.01,
        "rule": "By the interval.",
        "heads": {"regression": head},
        "gradient_cosine": [0.5, None],
        "networks": {"multi_task": {"parameters": 9, "seconds": [1.5, 2.5], "epochs": [3, 4]}},
        "cost": {
            "parameters": {"one": 9, "two": 18},
            "seconds": {"one": 2.0, "two": 4.0},
            "latency": {"one": 0.25, "two": 0.5},
        },
        "labels": {"regression": "price", "classification": "kind"},
    }
    (tmp_path / "relatedness.json").write_text(json.dumps(found))
    relatedness = Relatedness.read(tmp_path)
    sharing = relatedness.heads["regression"]
    assert (sharing.change.value, sharing.change.high, sharing.by_seed) == (-0.1, None, (-0.12, None))
    assert relatedness.networks == {"multi_task": Network(9, (1.5, 2.5), (3, 4))}
    assert relatedness.cost == Cost(Price(9, 18), Price(2.0, 4.0), Price(0.25, 0.5))
    assert isinstance(relatedness.cost.parameters.one, int)
    relatedness.write(tmp_path)
    assert json.loads((tmp_path / "relatedness.json").read_text()) == {"format": 1} | found


def test_what_a_push_did_is_read(tmp_path: Path):
    """Format 1, as it was before it had a number; of a rejected model nothing else was written."""
    path = tmp_path / "push.json"
    path.write_text('{"pushed": false}')
    assert Push.read(tmp_path) == Push(pushed=False)
    done = {"version": 3, "path": "/serving/3", "unchanged": False, "previous": 2, "pruned": [1]}
    path.write_text(json.dumps({"pushed": True, "smoke": {"rows": 32, "load_seconds": 0.5}} | done))
    assert Push.read(tmp_path) == Push(True, 3, "/serving/3", False, 2, (1,), {"rows": 32, "load_seconds": 0.5})


def test_the_manifest_of_a_model_that_was_pushed_before_is_read(tmp_path: Path):
    """Format 1, as it was before it had a number."""
    calibration = {"numbers": 5, "classes": 6, "temperature": 1.25, "coverage": 0.9, "method": "cqr", "margin": -0.5}
    manifest = {
        "regression": "y",
        "classification": "k",
        "classes": ["a", "b"],
        "columns": [
            {"name": "x", "input": "column_0", "kind": "FLOAT", "length": 1, "always_present": True},
            {"name": "v", "input": "column_1", "kind": "VECTOR", "length": 3, "always_present": False},
        ],
        "dialect": {"format": "csv", "delimiter": ",", "missing": ["NA"], "quoting": "auto", "escape": "auto"},
        "vectors": {"v": "v_*"},
        "train": {"rows": 10, "mean": 1.5, "median": 1.0, "class_counts": {"a": 4, "b": 6}},
        "parameters": 99,
        "epochs": 9,
        "best_epoch": 3,
        "trunk": "ple",
        "calibration": calibration | {"problem": None, "class_weights": [1.0, 2.0]},
        "number_type": "float64",
        "notes": ["A note."],
    }
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "model.json").write_text(json.dumps(manifest))
    assert Manifest.read(tmp_path) == Manifest(
        regression="y",
        classification="k",
        classes=["a", "b"],
        columns=[InputColumn("x", "column_0", "FLOAT", 1, True), InputColumn("v", "column_1", "VECTOR", 3)],
        dialect=Dialect("csv", ",", ("NA",)),
        vectors={"v": "v_*"},
        train=TrainLabels(10, 1.5, 1.0, {"a": 4, "b": 6}),
        parameters=99,
        epochs=9,
        best_epoch=3,
        trunk="ple",
        calibration=Calibration(5, 6, 1.25, 0.9, "cqr", -0.5, None, [1.0, 2.0]),
        number_type="float64",
        notes=["A note."],
    )


def test_what_was_kept_with_a_version_before_is_read():
    """Format 1, as it was before it had a number."""
    kept = {
        "attempt": "a1",
        "baseline": 2,
        "content": "c1",
        "digest": "d1",
        "pipeline": "wine",
        "rows": {"given": "", "key": "k1", "identity": {"x": "FLOAT"}, "inherited": True},
        "labels": {"regression": "größe", "classification": "k"},
        "columns": [{"name": "x", "input": "x", "kind": "FLOAT", "length": 1, "always_present": True}],
        "metrics": {"regression": {"mae": 0.5, "r2": None}},
        "time": "2026-01-01T00:00:00+00:00",
        "fingerprint": "f1",
    }
    version = Version.parsed("/serving/3/assets.extra/mtl.json", json.dumps(kept).encode())
    assert version is not None
    assert version.labels == Labels("größe", "k")
    assert version.rows == Rows({"x": "FLOAT"}, True, "", "k1")
    assert (version.digest, version.baseline, version.content, version.attempt) == ("d1", 2, "c1", "a1")
    assert (version.metrics["regression"]["r2"], version.fingerprint) == (None, "f1")
    assert version.to_dict() == {"format": 1} | kept


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"[1]", b"{"])
def test_what_another_tool_kept_with_its_model_is_nothing(content: bytes | None):
    assert Version.parsed("s3://bucket/1/assets.extra/mtl.json", content) is None


def test_what_a_newer_mtl_kept_with_a_version_is_refused_in_one_sentence():
    with pytest.raises(InputError) as raised:
        Version.parsed("s3://bucket/3/assets.extra/mtl.json", b'{"format": 2, "rows": 5}')
    assert str(raised.value) == f"s3://bucket/3/assets.extra/mtl.json must be of format 1, got format 2. {REMEDY}"
