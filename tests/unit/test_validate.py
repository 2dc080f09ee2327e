"""The skew of a serving log, and what a validation prints."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from rich.console import Console

from components.data_validator.analysis.distribution import describe
from components.formats.distributions import Distributions
from components.formats.findings import Anomaly, Comparison, Example, Findings
from components.shared.errors import InputError
from pipeline.config.run import Config
from pipeline.runs.record import Run, StepRecord
from pipeline.verbs.validate import judge_serving, show_findings

ROWS = 3_000


def frame(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    city = rng.choice(["berlin", "rome"], ROWS)
    return pd.DataFrame({"x": rng.normal(size=ROWS), "city": city, "y": rng.normal(size=ROWS), "k": city})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The `anomalies` artifact of a validation."""
    train = frame(0)
    columns = {
        name: describe(train[name].to_numpy() if name in "xy" else pa.array(train[name])) for name in train.columns
    }
    Distributions({"train": columns, "eval": columns}).write(tmp_path)
    return tmp_path


def config(**drift: Any) -> Config:
    return Config.model_validate(
        {
            "data": {"path": "t.csv"},
            "labels": {"regression": "y", "classification": "k"},
            "gates": {"drift": drift},
        }
    )


def test_a_log_in_other_forms_is_no_skew(tmp_path: Path):
    rng = np.random.default_rng(2)
    flag, bit, seconds = rng.random(ROWS) < 0.3, rng.integers(0, 2, ROWS), rng.integers(1, 500, ROWS)
    day = rng.choice(np.array(["2024-01-01", "2024-01-02 10:00:00"]), ROWS)
    columns = {
        "flag": describe(pa.array(np.where(flag, "true", "false"))),
        "bit": describe(bit.astype(np.float64)),
        "wait": describe(seconds.astype(np.float64)),
        "day": describe(pa.array(day)),
        "grade": describe(pa.array((bit + 1).astype(str))),
    }
    Distributions({"train": columns, "eval": columns}).write(tmp_path)
    log = pd.DataFrame(
        {
            "flag": np.where(flag, " TRUE", "f"),
            "bit": np.where(bit == 1, "True", "False"),
            "wait": pd.to_timedelta(seconds, unit="s").astype(str),
            "day": np.where(day == "2024-01-01", "2024-01-01T02:00+02:00", "2024-01-02T10:00:00.000Z"),
            "grade": (bit + 1).astype(np.float64),
        }
    )
    log.to_csv(tmp_path / "log.csv", index=False)
    found = judge_serving(config(skew="fail"), tmp_path, [str(tmp_path / "log.csv")])
    assert found.anomalies == ()
    assert len(found.comparisons) >= 5
    assert max(one.value for one in found.comparisons) < 1e-5  # the shares are written with six digits


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_log_without_labels_is_compared_with_train(folder: Path, tmp_path: Path, suffix: str):
    log = tmp_path / f"log.{suffix}"

    def served(table: pd.DataFrame, level: str = "fail") -> Findings:
        table.to_csv(log, index=False) if suffix == "csv" else table.to_parquet(log, index=False)
        return judge_serving(config(skew=level), folder, [str(log)])

    alike = frame(1)[["city", "x"]]
    found = served(alike)
    assert found.anomalies == ()
    assert {(one.kind, one.split, one.against, one.level) for one in found.comparisons} == {
        ("serving skew", "serving", "train", "ok")
    }
    found = served(alike.assign(x=alike["x"] + 0.5, city=alike["city"].where(alike.index % 20 > 0, "oslo")))
    assert {(one.column, one.kind, one.level) for one in found.anomalies} == {
        ("x", "SERVING_SKEW", "fail"),
        ("city", "SERVING_SKEW", "fail"),
    }
    assert any(
        one.sentence.startswith('"x" must be alike in the serving log and in train, got') for one in found.anomalies
    )
    [lacking] = served(alike[["city"]]).anomalies
    assert lacking.sentence == '"x" must be in the serving log, got no such column.'
    assert served(alike[["city"]], "ignore").anomalies == ()


def test_a_column_of_the_log_that_holds_no_single_values_is_a_sentence(folder: Path, tmp_path: Path):
    log = tmp_path / "log.parquet"
    pa.parquet.write_table(pa.table({"x": [{"a": 1}], "city": ["rome"]}), log)
    with pytest.raises(InputError) as raised:
        judge_serving(config(), folder, [str(log)])
    assert str(raised.value) == 'The column "x" must hold single values to be checked, got struct<a: int64>.'


@pytest.mark.parametrize("column", ["x", "city"])
def test_lists_in_the_log_where_train_has_single_values_are_a_sentence(folder: Path, tmp_path: Path, column: str):
    log = tmp_path / "log.parquet"
    pa.parquet.write_table(pa.table({"x": [0.5], "city": ["rome"]} | {column: [[0.5, 1.0]]}), log)
    with pytest.raises(InputError) as raised:
        judge_serving(config(), folder, [str(log)])
    assert str(raised.value) == (
        f'The column "{column}" of the serving log must hold single values as in train, got lists of numbers. '
        "Log it as it was trained on."
    )


def shown(folder: Path, found: Findings, serving: Findings | None = None) -> tuple[bool, str]:
    found.write(folder)
    run = Run(
        "1",
        "t",
        "validated",
        "2026-01-01",
        {},
        {},
        steps=[StepRecord("DataValidator", artifacts={"anomalies": str(folder)})],
    )
    terminal = io.StringIO()
    return show_findings(Console(file=terminal, width=100), run, serving), terminal.getvalue()


def test_findings_are_printed_with_rows_and_remedy_and_decide(tmp_path: Path):
    bad = Anomaly(
        "",
        "x",
        "CHECK_RANGE",
        "fail",
        '"x" must be positive.',
        examples=(Example("t.csv", 2, "-1"),),
        remedy="checks[0]",
    )
    odd = Anomaly("eval", "c", "DRIFT", "warn", '"c" drifts.')
    measures = [Comparison("drift", "c", "eval", "pushed version 3", "share", 0.5, 0.1, "warn")]
    measures.append(Comparison("drift", "x", "eval", "pushed version 3", "share", 0.0, 0.1, "ok"))
    passed, text = shown(tmp_path, Findings(("A note.",), (bad, odd), tuple(measures), "pushed version 3"))
    assert not passed
    assert text.strip().splitlines() == [
        "note  A note.",
        '! "c" drifts.',
        '✗ "x" must be positive.',
        "    rows      t.csv:2 -1",
        "    intended? checks[0]",
        "! drift against pushed version 3: 1 of 2 measures within bounds",
        "",
        "failed: 1 failed, 1 warned",
    ]


def test_serving_skew_decides_too(tmp_path: Path):
    assert shown(tmp_path, Findings())[0]
    skewed = Findings((), (Anomaly("serving", "x", "SERVING_SKEW", "fail", '"x" is skewed.'),))
    passed, text = shown(tmp_path, Findings(), skewed)
    assert not passed
    assert '✗ "x" is skewed.' in text
    assert "drift: not measured: this run had no earlier version to compare with" in text
