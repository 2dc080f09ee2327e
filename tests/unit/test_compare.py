from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.example_gen.tables.dialect import Dialect
from components.formats.columns import ColumnStatistics
from components.formats.estimates import Estimate, Interval
from components.formats.evaluation import Evaluation, HeadResult, Training
from components.formats.report import DataPart, Report, ReportedColumn, RowCounts
from components.formats.summary import Summary
from components.formats.verdict import Verdict
from components.report.page import render_comparison
from components.report.parts.runs import ChangedSetting, ChangedStatistic, DataChanges, SplitRows
from pipeline.runs.compare import compare, difference
from pipeline.runs.record import Finished, Run, StepRecord

CONFIG = {
    "name": "t",
    "data": {"path": "t.csv", "split": {"by": "row"}},
    "labels": {"regression": "y", "classification": "k"},
    "features": {"vectors": {}},
    "training": {"epochs": 10, "hidden": [128, 64]},
}


def evaluation(mae: tuple[float, float | None, float | None]) -> Evaluation:
    """One of the number alone."""
    metrics = {"mae": Interval(*mae, level=0.95, resamples=500, dropped=0)}
    return Evaluation(
        n=20,
        heads={"regression": HeadResult("regression", 20, "mae", None, metrics, {}, None, None)},
        confusion=None,
        slices=(),
        verdict=Verdict(True, "all", {"regression": True}, (), "Blessed: all 0 checks passed."),
        labels={"regression": "y"},
        training=Training(1, 1, 1),
    )


def report(columns: dict[str, dict[str, float]]) -> Report:
    """One of the columns of train alone."""
    listed = [
        ReportedColumn(name, "feature", "number", {"train": ColumnStatistics(missing=0, missing_share=0.0, **stats)})
        for name, stats in columns.items()
    ]
    data = DataPart("aa", ("t.csv",), RowCounts(80, {}, {}), {}, columns=tuple(listed))
    return Report("t", (), None, (), (), (), data=data, model=None)


def summary(fingerprint: str, **splits: int) -> Summary:
    return Summary(
        ["t.csv"], Dialect("csv", ","), fingerprint, sum(splits.values()), sum(splits.values()), {}, splits,
        "y", "k", {}, {}, {}, {}, {}, {}, "row", [],
    )  # fmt: skip


def finished(
    output: Path,
    run_id: str,
    *,
    config: dict[str, Any] = CONFIG,
    mae: tuple[float, float | None, float | None] = (0.4, 0.3, 0.5),
    ingested: Summary | None = None,
    columns: dict[str, dict[str, float]] | None = None,
) -> Finished:
    """A run with the artifacts that a comparison reads."""
    steps = []
    if ingested:
        examples = output / "ExampleGen" / run_id
        examples.mkdir(parents=True)
        ingested.write(examples)
        steps.append(StepRecord("ExampleGen", "done", artifacts={"examples": str(examples)}))
        judged = output / "Evaluator" / run_id
        judged.mkdir(parents=True)
        evaluation(mae).write(judged)
        steps.append(StepRecord("Evaluator", "done", artifacts={"evaluation": str(judged)}))
    if columns is not None:
        folder = output / "reports" / run_id
        folder.mkdir(parents=True)
        report(columns).write(folder)
    metrics = {"regression": {"mae": mae[0]}}
    run = Run(run_id, "t", "pushed", "2026-01-01T00:00:00+00:00", config, {}, steps=steps, metrics=metrics, version=1)
    run.write(output)
    return Finished(output, run)


def test_interval_of_a_difference_is_that_of_two_independent_normals():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.5, 0.03, 400_000), rng.normal(0.4, 0.05, 400_000)
    bounds = [Estimate(x.mean(), np.quantile(x, 0.025), np.quantile(x, 0.975)) for x in (a, b)]
    found = difference(*bounds)
    expected = [(b - a).mean(), *np.quantile(b - a, [0.025, 0.975])]
    assert [found.value, found.low, found.high] == pytest.approx(expected, abs=1e-3)


def test_skewed_intervals_keep_their_sides():
    a, b = Estimate(1.0, 0.9, 1.4), Estimate(2.0, 1.7, 2.1)
    assert asdict(difference(a, b)) == pytest.approx(
        {"value": 1.0, "low": 1 - (0.3**2 + 0.4**2) ** 0.5, "high": 1 + (0.1**2 + 0.1**2) ** 0.5}
    )


@pytest.mark.parametrize(
    ("a", "expected"),
    [
        (Estimate(None), Estimate(None, None, None)),
        (Estimate(0.5), Estimate(-0.25, None, None)),
    ],
)
def test_without_bounds_there_is_no_interval(a: Estimate, expected: Estimate):
    assert difference(a, Estimate(0.25, 0.2, 0.3)) == expected


def test_two_runs_differ_where_they_differ_and_nowhere_else(tmp_path: Path):
    other = CONFIG | {"training": {"epochs": 20, "hidden": [128, 64], "seed": 1}}
    a = finished(
        tmp_path, "20260101-000000", ingested=summary("aa", train=80, eval=20),
        columns={"x": {"n": 80, "mean": 1.5, "unique": 3}, "gone": {"n": 80}},
    )  # fmt: skip
    b = finished(
        tmp_path, "20260102-000000", config=other, mae=(0.1, 0.05, 0.15), ingested=summary("bb", train=90, eval=20),
        columns={"x": {"n": 90, "mean": 1.5, "unique": 3}},
    )  # fmt: skip
    found = compare(a, b)
    assert found.config == [
        ChangedSetting("training.epochs", "10", "20"),
        ChangedSetting("training.seed", "not set", "1"),
    ]
    assert found.data == DataChanges(
        fingerprint_a="aa",
        fingerprint_b="bb",
        rows=[SplitRows("train", 80, 90), SplitRows("eval", 20, 20)],
        compared=True,
        columns=[
            ChangedStatistic("x", "train", "n", 80, 90),
            ChangedStatistic("gone", "all", "column", "present", "absent"),
        ],
    )
    (mae,) = found.metrics
    assert (mae.head, mae.title, mae.better) == ("regression", "MAE", "b")
    assert mae.a == Estimate(0.4, 0.3, 0.5)
    assert mae.difference is not None
    assert asdict(mae.difference) == pytest.approx(
        {"value": -0.3, "low": -0.3 - 0.0125**0.5, "high": -0.3 + 0.0125**0.5}
    )
    assert found.same_rows is False
    html = render_comparison(found)
    assert "<code>training.epochs</code>" in html
    assert 'value="-0.30000000000000004"' in html


def test_an_empty_mapping_is_a_setting(tmp_path: Path):
    """A threshold that was removed leaves an empty mapping behind, which is not the same as nothing."""
    settings = ({"gates": {"regression": {"thresholds": thresholds}}} for thresholds in ({"mae": 0.5}, {}))
    runs = [
        Run(name, "t", "failed", "2026-01-01T00:00:00+00:00", config, {})
        for name, config in zip("ab", settings, strict=True)
    ]
    assert compare(*(Finished(tmp_path, run) for run in runs)).config == [
        ChangedSetting("gates.regression.thresholds.mae", "0.5", "not set"),
        ChangedSetting("gates.regression.thresholds", "not set", "{}"),
    ]


def test_the_same_data_and_splits_are_the_same_rows(tmp_path: Path):
    rows = summary("aa", train=80, eval=20)
    a, b = (finished(tmp_path, f"2026010{day}-000000", ingested=rows) for day in (1, 2))
    found = compare(a, b)
    assert found.same_rows is True
    assert found.config == []
    assert found.metrics[0].better is None
    assert "Both were configured alike." in render_comparison(found)
    assert "a run left no report" in render_comparison(found)


def test_rows_are_the_same_whatever_columns_came_beside_them(tmp_path: Path):
    """What was judged is told by the rows; an older run's account, without them, by the data."""
    rows = summary("aa", train=80, eval=20)
    known = replace(rows, judged="f0", identity={"x": "INT"})
    others = {
        "one more column": (replace(known, fingerprint="bb"), True),
        "other rows": (replace(known, judged="f1"), False),
        "told apart otherwise": (replace(known, identity={"x": "INT", "z": "INT"}), False),
        "another number of rows": (replace(known, splits={"train": 79, "eval": 21}), False),
        "before rows were known": (rows, True),
    }
    a = finished(tmp_path, "20260101-000000", ingested=known)
    for day, (other, same) in enumerate(others.values(), start=2):
        b = finished(tmp_path, f"2026010{day}-000000", ingested=other)
        assert compare(a, b).same_rows is same


def test_a_run_without_artifacts_is_compared_by_its_record(tmp_path: Path):
    a = finished(tmp_path, "20260101-000000")
    b = finished(tmp_path, "20260102-000000", mae=(0.3, 0.2, 0.4), ingested=summary("aa", train=80, eval=20))
    (mae,) = compare(a, b).metrics
    assert mae.a == Estimate(0.4)
    assert mae.difference is not None
    assert asdict(mae.difference) == pytest.approx({"value": -0.1, "low": None, "high": None})
    assert mae.better is None


def test_a_run_that_stopped_early_has_no_metrics_to_compare(tmp_path: Path):
    runs = [Run(name, "t", "failed", "2026-01-01T00:00:00+00:00", {}, {}) for name in ("a", "b")]
    found = compare(*(Finished(tmp_path, run) for run in runs))
    assert found.metrics == []
    assert "Neither run got as far as an evaluation." in render_comparison(found)
