"""What differs between two runs: configuration, data, and the metrics of each head with their intervals.

The two evaluations are known by their intervals only, so the interval of a difference is made from those of both
metrics by the method of variance estimates recovery (Zou and Donner 2008), as if their rows were independent. Where
both models were evaluated on the same rows this is wider than need be: it may miss a difference, it hardly invents one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.evaluator.analysis.head import METRICS
from components.formats.columns import ColumnStatistics
from components.formats.estimates import Estimate, Estimated
from components.formats.evaluation import Evaluation
from components.formats.report import Report
from components.formats.summary import Summary
from components.report.collect import settings
from components.report.parts.runs import (
    ChangedSetting,
    ChangedStatistic,
    DataChanges,
    MetricChange,
    RunComparison,
    SplitRows,
)
from components.shared.splits import EVAL
from pipeline.runs.record import Finished, Run, report_folder

_Statistics = Mapping[str, Mapping[str, ColumnStatistics]]
_NOT_SET = "not set"
_STATISTICS = ("n", "missing", "zeros", "unique", "mean", "std", "min", "median", "max")


def compare(a: Finished, b: Finished) -> RunComparison:
    """Returns the differences of two runs."""
    ingested = [_summary(side.run) for side in (a, b)]
    return RunComparison(
        a=a.run.listed(),
        b=b.run.listed(),
        config=_config(a.run.config, b.run.config),
        data=_data(a, b, ingested),
        metrics=_metrics(a.run, b.run),
        same_rows=_same_rows(a.run, b.run, ingested),
    )


def difference(a: Estimated, b: Estimated) -> Estimate:
    """B − A of two intervals, as if they were independent; its bounds are None where one of theirs is."""
    if a.value is None or b.value is None:
        return Estimate(None)
    value = b.value - a.value
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return Estimate(value)
    below = math.hypot(b.value - b.low, a.high - a.value)
    above = math.hypot(b.high - b.value, a.value - a.low)
    return Estimate(value, value - below, value + above)


def _config(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[ChangedSetting]:
    left, right = settings(a), settings(b)
    return [
        ChangedSetting(key, left.get(key, _NOT_SET), right.get(key, _NOT_SET))
        for key in dict.fromkeys([*left, *right])
        if left.get(key) != right.get(key)
    ]


def _data(a: Finished, b: Finished, ingested: Sequence[Summary | None]) -> DataChanges:
    left, right = ingested
    splits = [summary.splits if summary else {} for summary in ingested]
    columns = [_columns(side) for side in (a, b)]
    return DataChanges(
        fingerprint_a=left.fingerprint if left else None,
        fingerprint_b=right.fingerprint if right else None,
        rows=[
            SplitRows(split, splits[0].get(split), splits[1].get(split))
            for split in dict.fromkeys([*splits[0], *splits[1]])
        ],
        compared=all(columns),
        columns=list(_differing(*columns)) if all(columns) else [],
    )


def _summary(run: Run) -> Summary | None:
    folder = run.artifact("ExampleGen", "examples")
    return Summary.read(folder) if folder and Path(folder).exists() else None


def _columns(side: Finished) -> _Statistics:
    """The statistics of each column and split of a run's report, empty where it left none."""
    folder = report_folder(side.output, side.run.id)
    if not (folder / Report.FILE).exists():
        return {}
    data = Report.read(folder, f"Remove {folder}; `mtl report {side.run.id}` writes it again.").data
    return {column.name: column.splits for column in data.columns} if data else {}


def _differing(a: _Statistics, b: _Statistics) -> Iterator[ChangedStatistic]:
    for name in dict.fromkeys([*a, *b]):
        if name not in a or name not in b:
            presence = ["present" if name in side else "absent" for side in (a, b)]
            yield ChangedStatistic(name, "all", "column", *presence)
            continue
        for split in dict.fromkeys([*a[name], *b[name]]):
            left, right = a[name].get(split), b[name].get(split)
            for statistic in _STATISTICS:
                ours, theirs = getattr(left, statistic, None), getattr(right, statistic, None)
                if ours != theirs:
                    yield ChangedStatistic(name, split, statistic, ours, theirs)


def _same_rows(a: Run, b: Run, ingested: Sequence[Summary | None]) -> bool:
    left, right = ingested
    if left is None or right is None:
        return False
    if left.judged and right.judged:  # told by the rows themselves; columns beside them may have come and gone
        rows = [(side.judged, side.identity, side.splits[EVAL]) for side in (left, right)]
        return rows[0] == rows[1] and a.config["labels"] == b.config["labels"]
    if left.fingerprint != right.fingerprint:
        return False
    return all(a.config[part] == b.config[part] for part in ("data", "labels"))


def _metrics(a: Run, b: Run) -> list[MetricChange]:
    left, right = _intervals(a), _intervals(b)
    rows = []
    for head, metrics in METRICS.items():
        for name, metric in metrics.items():
            ours, theirs = left.get(head, {}).get(name), right.get(head, {}).get(name)
            if ours is None and theirs is None:
                continue
            changed = difference(ours, theirs) if ours and theirs else None
            better = _better(changed, metric.lower_is_better) if changed else None
            rows.append(MetricChange(head, name, metric.title, ours, theirs, changed, better))
    return rows


def _better(changed: Estimate, lower_is_better: bool) -> str | None:
    """`a` or `b` where the interval of B − A leaves out zero, else None."""
    low, high = changed.low, changed.high
    if low is None or high is None or low <= 0 <= high:
        return None
    return "b" if (high < 0) == lower_is_better else "a"


def _intervals(run: Run) -> dict[str, dict[str, Estimate]]:
    """Head → metric → interval; without bounds where the evaluation itself is gone."""
    folder = run.artifact("Evaluator", "evaluation")
    if folder is None or not Path(folder).exists():
        return {
            head: {name: Estimate(value) for name, value in metrics.items()} for head, metrics in run.metrics.items()
        }
    return {
        head: {name: Estimate(found.value, found.low, found.high) for name, found in result.metrics.items()}
        for head, result in Evaluation.read(folder).heads.items()
    }
