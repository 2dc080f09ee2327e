"""The comparison with single-task networks on its way from the configuration to the terminal and the report."""

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from components.formats.estimates import Estimate
from components.formats.relatedness import Relatedness
from components.formats.report import SeedCosine
from components.report.collect import Origin, Sources, collect
from components.report.parts.card import card
from components.report.parts.relatedness import relatedness_part
from pipeline.config.resolve import Resolved, resolve
from pipeline.config.run import Config
from pipeline.errors import ConfigError
from pipeline.local import step_summaries
from pipeline.runs.record import Run, StepRecord
from pipeline.verbs.relate import show_relatedness, with_seeds

FOUND: dict[str, Any] = {
    "seeds": [3, 4],
    "level": 0.95,
    "tolerance": 0.01,
    "rule": "Judged by the interval.",
    "labels": {"regression": "price", "classification": "kind"},
    "heads": {
        head: {
            "metric": metric,
            "title": title,
            "n": 200,
            "multi_task": 9.0,
            "single_task": 10.0,
            "change": {"value": -0.1, "low": -0.2, "high": high, "level": 0.95, "resamples": 500, "dropped": 0},
            "by_seed": [-0.12, -0.08],
            "rows_width": 0.1,
            "seeds_width": 0.05,
            "verdict": verdict,
            "sentence": f"{title} fell.",
        }
        for head, metric, title, high, verdict in (
            ("regression", "mae", "MAE", -0.01, "helped"),
            ("classification", "log_loss", "log loss", 0.03, "not clear"),
        )
    },
    "gradient_cosine": [0.5, None],
    "networks": {},
    "cost": {
        "parameters": {"one": 10180, "two": 20100},
        "seconds": {"one": 45.31, "two": 87.0},
        "latency": {"one": 0.00055, "two": 0.001},
    },
}


def resolved(*overrides: str) -> Resolved:
    flags = {"data.path": "t.csv", "labels.regression": "y", "labels.classification": "k"}
    return resolve(None, flags, overrides)


@pytest.mark.parametrize(
    ("overrides", "asked", "seeds"),
    [((), None, 3), ((), 5, 5), (("evaluation.relatedness=4",), None, 4), (("evaluation.relatedness=4",), 2, 2)],
)
def test_seeds_are_those_asked_for_or_configured(overrides, asked, seeds):
    before = resolved(*overrides)
    after = with_seeds(before, asked)
    assert after.config.evaluation.relatedness == seeds
    assert after.origin("evaluation.relatedness") == "command line"
    assert after.origin("labels.regression") == before.origin("labels.regression") == "command line"
    changed = after.config.as_json()
    changed["evaluation"]["relatedness"] = before.config.evaluation.relatedness
    assert changed == before.config.as_json()


@pytest.mark.parametrize("head", ["regression", "classification"])
def test_a_head_that_does_not_train_cannot_be_compared(head):
    sentence = (
        f"The weight training.{head}_weight must be above 0 to compare both heads with networks of their own, got 0. "
        "Raise it, or set evaluation.relatedness to 0."
    )
    with pytest.raises(ConfigError) as raised:
        with_seeds(resolved(f"training.{head}_weight=0"), None)
    assert str(raised.value) == sentence
    with pytest.raises(ConfigError) as raised:
        resolved(f"training.{head}_weight=0", "evaluation.relatedness=2")
    assert str(raised.value) == sentence
    assert resolved(f"training.{head}_weight=0").config.evaluation.relatedness == 0


def test_one_seed_is_refused():
    with pytest.raises(ConfigError) as raised:
        resolved("evaluation.relatedness=1")
    assert str(raised.value) == (
        "evaluation.relatedness must be 0 (off) or at least 2 seeds, got 1. One seed says nothing of chance."
    )


def record(state: str, steps: list[StepRecord], **more: Any) -> Run:
    return Run("1", "t", state, "2026-01-01", {}, {}, steps=steps, **more)


def shown(run: Run, width: int = 100) -> tuple[bool, list[str]]:
    terminal = io.StringIO()
    done = show_relatedness(Console(file=terminal, width=width), run)
    return done, [line.rstrip() for line in terminal.getvalue().strip().splitlines()]


def test_in_eighty_columns_a_long_name_gives_way_and_no_figure(folder: Path):
    label = "median_house_value_in_dollars"
    found = FOUND | {"labels": {"regression": label, "classification": "kind"}}
    (folder / "relatedness.json").write_text(json.dumps(found), encoding="utf-8")
    step = StepRecord("Relatedness", artifacts={"relatedness": str(folder)})
    heading, *rows = shown(record("validated", [step]), 80)[1][:4]
    assert heading.split() == ["head", "metric", "shared", "alone", "change", "verdict"]
    (name, *figures), (rest,), (_, *others) = (row.split(maxsplit=1) for row in rows)
    assert name + rest == label
    assert [" ".join(figures).split(), others[0].split()] == [
        ["MAE", "9", "10", "−10", "%", "[−20", "%,", "−1", "%]", "helped"],
        ["log", "loss", "9", "10", "−10", "%", "[−20", "%,", "3", "%]", "not", "clear"],
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "relatedness.json").write_text(json.dumps(FOUND), encoding="utf-8")
    return tmp_path


def test_the_terminal_shows_heads_cosine_cost_and_sentences(folder: Path):
    step = StepRecord("Relatedness", artifacts={"relatedness": str(folder)})
    assert step_summaries.detail(step) == "2 seeds, price: helped, kind: not clear"
    assert shown(record("validated", [StepRecord("DataGate"), step])) == (
        True,
        [
            "head   metric    shared  alone  change               verdict",
            "price  MAE       9       10     −10 % [−20 %, −1 %]  helped",
            "kind   log loss  9       10     −10 % [−20 %, 3 %]   not clear",
            "",
            "gradient cosine on the shared layers  0.50  (by seed 0.50, –)",
            "",
            "cost        one network  two networks",
            "parameters  10,180       20,100",
            "training    45.3 s       1 min 27 s",
            "one row     0.55 ms      1 ms",
            "",
            "price: MAE fell.",
            "kind: log loss fell.",
            "Judged by the interval.",
        ],
    )


def test_data_that_stopped_the_run_is_said_instead():
    run = record("stopped", [StepRecord("DataGate", "failed")], problems=['"x" must be 1, got 2.'])
    done, lines = shown(run)
    assert not done
    assert lines[:2] == ["The data gate stopped the run:", '  • "x" must be 1, got 2.']
    assert lines[-1].endswith("Nothing was pushed.")


def test_the_report_takes_its_figures_over(folder: Path):
    report = collect(Sources(relatedness=str(folder)), Origin("t", {}))
    part = report.relatedness
    assert part == relatedness_part(Relatedness.read(folder))
    assert part.gradient_cosine == SeedCosine(0.5, (0.5, None))
    assert part.heads["regression"].change == Estimate(-0.1, -0.2, -0.01)
    assert (part.heads["regression"].label, part.heads["regression"].verdict) == ("price", "helped")
    assert asdict(part.cost) == FOUND["cost"]
    said = card(report)["Quantitative analyses"]["Multi-task against single-task"]
    assert said == ["price: MAE fell.", "kind: log loss fell."]


def test_a_run_without_it_reports_none(tmp_path: Path):
    report = collect(Sources(), Origin("t", {}))
    assert report.relatedness is None
    assert "Multi-task against single-task" not in card(report)["Quantitative analyses"]


def test_it_is_off_unless_asked_for():
    assert Config.model_fields["evaluation"].default.relatedness == 0
