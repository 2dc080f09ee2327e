"""Reports to draw: a pushed run, one stopped by the data gate, a rejected model, and one that is ugly in every way."""

from typing import Any

import numpy as np

from components.formats.estimates import Estimate
from components.report.parts.runs import (
    ChangedSetting,
    ChangedStatistic,
    DataChanges,
    ListedRun,
    MetricChange,
    RunComparison,
    SplitRows,
)
from tests.report.parts.data import NO_NUMBERS, data_part, number_column, text_column
from tests.report.parts.heads import interval
from tests.report.parts.model import model_part
from tests.report.parts.relatedness import relatedness_part
from tests.report.parts.tuning import tuning_part

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "n" * 300,
    "x " * 150,
    "🍷 größe 数量",
    "العمود الأول",
    "</style></title><svg onload=alert(1)>",
    "{{ 7 * 7 }} & 'quotes' \"too\"",
)


def pushed(seed: int = 0) -> dict[str, Any]:
    """A sound run of a table of wines."""
    rng = np.random.default_rng(seed)
    names = ["malic_acid", "ash", "alcalinity", "magnesium", "phenols", "flavanoids", "color", "hue", "proline"]
    columns = [number_column(name, rng) for name in names]
    columns.insert(2, text_column("region", ["north", "south", "east", "west", "(other)"], rng))
    columns.append(number_column("alcohol", rng, role="regression label"))
    columns.append(text_column("cultivar", ["barbera", "barolo", "grignolino"], rng, role="class label"))
    return {
        "format": 2,
        "pipeline": "wine",
        "verdict": [
            verdict("data", "Data", "passed", "3,250 rows are as the schema says."),
            verdict(
                "regression",
                "alcohol (number)",
                "passed",
                "MAE 0.412 [0.371, 0.455], better than the mean of train and no worse than version 3.",
            ),
            verdict(
                "classification",
                "cultivar (class)",
                "warned",
                "Log loss 0.281 [0.24, 0.33], better than the majority class; 1 slice is clearly worse.",
                "Look at region=west in the slices.",
            ),
            verdict(
                "push",
                "Push",
                "passed",
                "Version 4 is current.",
                "Ask it: mtl predict --input rows.csv --output answers.csv",
            ),
        ],
        "run": run_part("pushed"),
        "config": config_part(),
        "versions": [
            {"name": name, "version": version}
            for name, version in (
                ("mtl-pipeline", "0.1.0"),
                ("tfx", "1.21.0"),
                ("tensorflow", "2.21.0"),
                ("keras", "3.15.0"),
                ("python", "3.11.9"),
            )
        ],
        "lineage": [
            {"step": "Trainer", "output": "model", "path": "/data/runs/wine/pipeline/Trainer/model/7"},
            {"step": "Evaluator", "output": "evaluation", "path": "/data/runs/wine/pipeline/Evaluator/evaluation/8"},
        ],
        "data": data_part(columns, checks=[WARNING]),
        "tuning": None,
        "model": model_part(rng, ["barbera", "barolo", "grignolino"], [*names, "region"]),
        "relatedness": relatedness_part(),
    }


def stopped() -> dict[str, Any]:
    """A run that the data gate stopped: there is no model."""
    report = pushed(1)
    report["verdict"] = [
        verdict(
            "data",
            "Data",
            "failed",
            '3 checks failed, the first: "cultivar" must be one of 3 classes, got "merlot" in 41 rows.',
            "Correct the data, or accept the change with mtl schema accept.",
        ),
        verdict("regression", "alcohol (number)", "not reached", "The data gate stopped the run."),
        verdict("classification", "cultivar (class)", "not reached", "The data gate stopped the run."),
        verdict("push", "Push", "not reached", "Nothing was trained, so nothing was pushed; version 3 stays current."),
    ]
    report["run"] = run_part("stopped", upto=5)
    report["model"] = report["relatedness"] = None
    report["data"]["checks"] = [
        WARNING,
        {
            "split": "eval",
            "column": "cultivar",
            "kind": "domain",
            "level": "fail",
            "method": "allowed values",
            "value": 0.0126,
            "threshold": 0.0,
            "sentence": '"cultivar" must be one of "barbera", "barolo", "grignolino", got "merlot" in 41 rows.',
            "examples": [
                {"file": "data/wine.csv", "line": line, "value": "merlot"} for line in (17, 202, 341, 588, 1204)
            ],
            "remedy": 'string_domain { name: "cultivar" value: "merlot" }',
        },
        {
            "split": "train",
            "column": "proline",
            "kind": "missing",
            "level": "fail",
            "method": None,
            "value": 0.413,
            "threshold": 0.05,
            "sentence": '"proline" must be present in at least 95 % of rows, is missing in 41.3 % of train.',
            "examples": [],
            "remedy": "presence { min_fraction: 0.58 }",
        },
        {
            "split": "eval",
            "column": "hue",
            "kind": "drift",
            "level": "fail",
            "method": "Jensen–Shannon divergence",
            "value": 0.31,
            "threshold": 0.042,
            "sentence": '"hue" must be distributed as in pushed version 3, has drifted: 0.31 is above 0.042.',
            "examples": [],
            "remedy": None,
        },
    ]
    return report


def tuned(trials: int = 30) -> dict[str, Any]:
    """A search for settings: the data was judged, no model was."""
    report = pushed(4)
    report["verdict"][1:] = [
        verdict(subject, subject.capitalize(), "not reached", "This run only searched for settings.")
        for subject in ("regression", "classification", "push")
    ]
    report["run"] = run_part("tuned", upto=6)
    report["model"] = None
    report["tuning"] = tuning_part(np.random.default_rng(4), trials)
    return report


def rejected() -> dict[str, Any]:
    """A run whose class head is worse than the production model."""
    report = pushed(2)
    report["verdict"][2] = verdict(
        "classification",
        "cultivar (class)",
        "failed",
        "Log loss 0.34 is worse than version 3 by 0.061 [0.022, 0.101].",
        "Compare with the run of version 3: mtl compare 20261101-090000 20261122-151621.",
    )
    report["verdict"][3] = verdict(
        "push", "Push", "not reached", "The model was rejected, so nothing was pushed; version 3 stays current."
    )
    report["run"] = run_part("rejected")
    report["run"]["problems"] = [report["verdict"][2]["reason"]]
    report["model"]["balancing"] = "fixed"
    report["model"]["curves"]["weights"] = None
    evaluation = report["model"]["evaluation"]
    evaluation["verdict"]["checks"][3] |= {"passed": False, "sentence": report["verdict"][2]["reason"]}
    evaluation["heads"]["classification"]["baseline"]["log_loss"] |= {"value": 0.061, "low": 0.022, "high": 0.101}
    return report


def ugly(columns: int = 50, classes: int = 30, slices: int = 20) -> dict[str, Any]:
    """Many columns, classes and slices, with names that try to break the page, and parts that are empty."""
    rng = np.random.default_rng(9)
    report = pushed(3)
    names = [
        HOSTILE[position] if position < len(HOSTILE) else f"measurement_number_{position}"
        for position in range(columns)
    ]
    made = [
        text_column(name, [f"{text} {position}" for text in HOSTILE], rng)
        if position % 3 == 0
        else number_column(name, rng)
        for position, name in enumerate(names)
    ]
    made[7]["splits"]["train"]["histogram"] = None
    made[8]["splits"]["eval"] |= {
        "n": 0,
        "missing": 1000,
        "missing_share": 1.0,
        **NO_NUMBERS,
    }
    made[10]["role"] = "left out"
    made[11]["splits"]["train"]["unique"] = 1
    labels = [*HOSTILE, *(f"class {position}" for position in range(classes - len(HOSTILE)))]
    report["pipeline"] = HOSTILE[0]
    report["data"] = data_part(
        made,
        checks=[
            {
                "split": "eval",
                "column": name,
                "kind": "domain",
                "level": "fail" if position % 2 else "warn",
                "method": None,
                "value": None,
                "threshold": None,
                "sentence": f'"{name}" must be something else, got "{HOSTILE[-1 - position]}".',
                "examples": [{"file": f"data/{name}.csv", "line": 3, "value": HOSTILE[-1 - position]}],
                "remedy": f'domain {{ value: "{name}" }}',
            }
            for position, name in enumerate(HOSTILE)
        ],
    )
    report["data"]["labels"] = {"regression": HOSTILE[1], "classification": HOSTILE[5]}
    report["data"]["notes"] = list(HOSTILE)
    report["data"]["rows"]["left_out"] = {HOSTILE[0]: 3}
    report["model"] = model_part(rng, labels, names, slices=slices, number=HOSTILE[1], label=HOSTILE[5])
    evaluation = report["model"]["evaluation"]
    evaluation["slices"][0]["name"] = f"{HOSTILE[0]}={HOSTILE[1]}"
    evaluation["slices"][1]["name"] = f"{HOSTILE[2]}={HOSTILE[5]}"
    evaluation["heads"]["regression"] |= {"trivial": {}, "baseline": None, "baseline_problem": HOSTILE[4]}
    report["model"]["importance"]["heads"]["regression"] = []
    report["config"] = [
        {"key": f"data.{position}", "value": text, "origin": text} for position, text in enumerate(HOSTILE)
    ]
    report["relatedness"]["heads"]["regression"]["label"] = HOSTILE[1]
    report["relatedness"]["heads"]["classification"] |= {"label": HOSTILE[5], "sentence": HOSTILE[6]}
    report["relatedness"]["heads"]["classification"]["change"] = dict.fromkeys(("value", "low", "high"))
    report["run"]["problems"] = list(HOSTILE)
    report["run"]["log"] = f"/tmp/{HOSTILE[2]}.log"
    report["lineage"][0]["path"] = f"/{HOSTILE[2]}"
    for part, text in zip(report["verdict"], HOSTILE, strict=False):
        part |= {"title": text, "reason": text, "next": text}
    return report


def empty() -> dict[str, Any]:
    """All that may be null is null, all lists are empty."""
    return {
        "format": 2,
        "pipeline": "t",
        "verdict": [],
        "run": None,
        "config": [],
        "versions": [],
        "lineage": [],
        "data": None,
        "tuning": None,
        "model": None,
        "relatedness": None,
    }


def verdict(subject: str, title: str, state: str, reason: str, following: str = "") -> dict[str, str]:
    return {"subject": subject, "title": title, "state": state, "reason": reason, "next": following}


def run_part(state: str, upto: int = 11) -> dict[str, Any]:
    names = (
        "Start",
        "ExampleGen",
        "StatisticsGen",
        "SchemaGen",
        "DataGate",
        "Transform",
        "Trainer",
        "Baseline",
        "Evaluator",
        "Pusher",
        "Report",
    )
    steps = [
        {
            "name": name,
            "state": "done" if position < upto else "waiting",
            "seconds": 1.7 * position**1.6,
            "peak_memory": 610.5 + 90 * position if position < upto else None,
            "detail": "3,250 rows: train 2,600, eval 325" if name == "ExampleGen" else "",
            "reason": "data changed" if position else "",
        }
        for position, name in enumerate(names)
    ]
    steps[2] |= {"state": "cached", "reason": "unchanged"}
    if upto < len(names):
        steps[upto - 1] |= {"state": "failed", "detail": "stopped the run"}
    return {
        "id": "20261122-151621",
        "started": "2026-11-22T15:16:21+00:00",
        "state": state,
        "seconds": 186.4,
        "problems": [],
        "log": "/data/runs/wine/logs/20261122-151621.log",
        "steps": steps,
    }


def config_part() -> list[dict[str, str]]:
    return [
        {"key": "name", "value": "wine", "origin": "inferred from data.path"},
        {"key": "data.path", "value": "data/wine/wine.csv", "origin": "data/wine/config.yaml"},
        {"key": "labels.regression", "value": "alcohol", "origin": "data/wine/config.yaml"},
        {"key": "training.epochs", "value": "60", "origin": "command line"},
        {"key": "training.learning_rate", "value": "0.001", "origin": "default"},
    ]


WARNING = {
    "split": "train",
    "column": "magnesium",
    "kind": "outliers",
    "level": "warn",
    "method": "robust z-score",
    "value": 11.2,
    "threshold": 8.0,
    "sentence": '"magnesium" has 3 values far outside the others, up to 162.',
    "examples": [{"file": "data/wine.csv", "line": 97, "value": "162"}],
    "remedy": None,
}


def runs() -> list[ListedRun]:
    """A history of two pipelines, with a name that tries to break the page."""
    states = ("pushed", "rejected", "failed", "stopped", "pushed", "interrupted", "pushed", "running")
    return [
        ListedRun(
            id=f"202611{day:02d}-090000",
            pipeline=HOSTILE[0] if day % 3 == 0 else "wine",
            state=state,
            started=f"2026-11-{day:02d}T09:00:00+00:00",
            labels={"regression": HOSTILE[1], "classification": HOSTILE[2]},
            seconds=61.5 * day,
            problems=[] if state == "pushed" else list(HOSTILE),
            metrics={"regression": {"mae": 1 / day}, "classification": {"log_loss": 0.3 + day / 50}}
            if state in ("pushed", "rejected")
            else {},
            version=day if state == "pushed" else None,
            report=f"202611{day:02d}-090000/report.html" if day % 2 else None,
        )
        for day, state in enumerate(states, 1)
    ]


def comparison() -> RunComparison:
    """Two runs that differ in everything."""
    first, second = runs()[0], runs()[1]
    metrics = [
        ("regression", "MAE", 0.5, "b"),
        ("regression", "R²", 0.8, None),
        ("classification", "log loss", 0.3, "a"),
    ]
    return RunComparison(
        a=first,
        b=second,
        config=[ChangedSetting(f"training.{position}", name, "10") for position, name in enumerate(HOSTILE)],
        data=DataChanges(
            fingerprint_a="9f" * 32,
            fingerprint_b=None,
            rows=[SplitRows("train", 2600, 2601), SplitRows("eval", 325, None)],
            compared=True,
            columns=[
                *(ChangedStatistic(name, "train", "mean", 0.5, None) for name in HOSTILE),
                ChangedStatistic("gone", "all", "column", "present", "absent"),
            ],
        ),
        metrics=[
            MetricChange(
                head,
                title,
                title,
                Estimate(**interval(value)),
                Estimate(**interval(value * 1.1)),
                Estimate(**interval(value * 0.1, 2)),
                better,
            )
            for head, title, value, better in metrics
        ],
        same_rows=False,
    )
