"""Artifacts as the steps of a made-up run would leave them: what a report and a verdict are made from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from judged_rows import trivial_of

from components.evaluator.analysis.coverage import uncertainty
from components.evaluator.analysis.evaluation import evaluate
from components.evaluator.analysis.figures import figures
from components.evaluator.analysis.rows import Predictions, Rows
from components.formats.columns import Column, Columns, ColumnStatistics
from components.formats.evaluation import Evaluation, Judgement, Training
from components.formats.importance import ColumnImportance, Importance
from components.formats.json_file import JsonFile
from components.formats.report import Report, RunPart
from components.model_format.manifest import Calibration, TrainLabels
from components.report.collect import Origin, Sources, collect

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(1)> # *b* `c`'
RNG = np.random.default_rng(5)
SUMMARY = {
    "files": ["/data/t.csv"],
    "fingerprint": "f" * 64,
    "rows_in": 700,
    "rows_out": 690,
    "left_out": {"no label": 10},
    "splits": {"train": 400, "validation": 90, "eval": 200},
    "regression": "price",
    "classification": "kind",
    "dialect": {"format": "csv", "delimiter": ",", "missing": [""]},
    "classes": {},
    "columns": {"x": "FLOAT"},
    "missing": {"x": 0},
    "non_finite": {"x": 3},
    "vectors": {},
    "vector_columns": {},
    "split_by": "row",
    "warnings": ["x: 3 infinite values were written as missing."],
}
STATS = ColumnStatistics(n=400, missing=4, missing_share=0.01)
COLUMNS = Columns(
    tuple(
        Column(name, role, "number", {"train": STATS, "eval": STATS})
        for name, role in ((HOSTILE, "feature"), ("price", "regression label"))
    )
)
CLEAN = {"notes": [], "anomalies": [], "comparisons": [], "against": None, "passed": True}
FAILED = {
    "notes": ["a note."],
    "anomalies": [
        {"split": "eval", "column": "x", "kind": "K", "level": "warn", "sentence": "x is odd."},
        {"split": "eval", "column": "x", "kind": "K", "level": "fail", "sentence": "x must be 1, got 2."},
        {"split": "eval", "column": "y", "kind": "K", "level": "fail", "sentence": "y must be 1, got 2."},
    ],
}
RUN = RunPart("1", "2026", "pushed", seconds=1.0)


def evaluation(n=200, classes=("a", "b", "c"), gate=None, noise=0.3):
    number = RNG.normal(10, 2, n)
    code = RNG.integers(len(classes), size=n)
    label = np.array(classes)[code]
    probabilities = np.full((n, len(classes)), 0.2 / (len(classes) - 1))
    probabilities[np.arange(n), code] = 0.8
    rows = Rows(number, label, {"city": RNG.choice(["x", "y"], n)})
    predicted = number + RNG.normal(0, noise, n)
    bounds = np.column_stack([predicted - 2 * noise, predicted + 2 * noise])
    answers = Predictions(predicted, probabilities, tuple(classes), bounds)
    found = evaluate(rows, answers, trivial_of(number, label), gate=gate, slices=["city"], resamples=50)
    calibration = Calibration(90, 90, 1.25, 0.9, "split", 2 * noise, None)
    about = evaluation_of(found, uncertainty=uncertainty(rows, answers, calibration))
    return about, figures(rows, answers)


def evaluation_of(found: Judgement, **more: Any) -> Evaluation:
    """The judgement as the Evaluator would write it."""
    about = {
        "labels": {"regression": "price", "classification": "kind"},
        "training": Training(parameters=1234, epochs=9, best_epoch=4),
        "train": TrainLabels(400, 10.0, 10.0, {"a": 400}),
        "uncertainty": None,
    }
    return Evaluation.of_judgement(found, **about | more)


def history(epochs=9):
    names = [f"{prefix}{head}_output_loss" for prefix in ("", "val_") for head in ("regression", "classification")]
    return {name: [1 / (epoch + 1) for epoch in range(epochs - 1)] + [float("nan")] for name in names}


# Field of `Sources` -> step, output, and the files in it.
PLACES = {
    "examples": ("ExampleGen", "examples", ["summary"]),
    "anomalies": ("DataValidator", "anomalies", ["gate"]),
    "columns": ("DataReport", "report", ["columns"]),
    "model_run": ("Trainer", "model_run", ["history"]),
    "evaluation": ("Evaluator", "evaluation", ["evaluation", "figures", "importance"]),
    "pushed_model": ("Pusher", "pushed_model", ["push"]),
}


def write_artifacts(folder: Path, files: dict[str, Any]) -> dict[str, str]:
    """Writes the given files where the steps would, and returns field of `Sources` -> artifact."""
    sources = {}
    for source, (_, _, names) in PLACES.items():
        for name in set(names) & set(files):
            (folder / source).mkdir(exist_ok=True)
            if isinstance(files[name], JsonFile):
                files[name].write(folder / source)
            else:
                (folder / source / f"{name}.json").write_text(json.dumps(files[name]))
            sources[source] = str(folder / source)
    return sources


def report(folder: Path, run: RunPart | None = None, **files: Any) -> Report:
    """Writes the given files as artifacts, and collects them."""
    origin = Origin(
        "t", {"name": "t", "training": {"epochs": 9}}, {"name": "inferred"}, [("Trainer", "model", "/m")], run
    )
    return collect(Sources(**write_artifacts(folder, files)), origin)


def good_files(push: bool = True, **more: Any) -> dict[str, Any]:
    """What the steps of a whole run leave; `more` goes to `evaluation`."""
    found, drawn = evaluation(**more)
    return {
        "summary": SUMMARY,
        "gate": CLEAN,
        "columns": COLUMNS,
        "history": history(),
        "evaluation": found,
        "figures": drawn,
        "importance": Importance({"regression": (ColumnImportance("x", 0.3, 0.2, 0.4),), "classification": ()}),
        "push": {"pushed": True, "version": 3, "unchanged": False, "path": "/serving/3"} if push else {"pushed": False},
    }


def good(folder: Path, push: bool = True, **more: Any) -> Report:
    """Collects the report of a whole run."""
    return report(folder, RUN, **good_files(push, **more))
