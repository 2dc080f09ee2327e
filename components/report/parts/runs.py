"""What the pages of several runs show: a run of the history, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from components.formats.estimates import Estimate


@dataclass(frozen=True)
class ListedRun:
    """A run as a list shows it.

    Args:
        id, pipeline, state, started, seconds, version, problems, metrics: see `pipeline.runs.record.Run`.
        labels: head -> label column; empty where the run's configuration is not known.
        report: address of its page, relative to the list; None where it left none.
    """

    id: str
    pipeline: str
    state: str
    started: str
    seconds: float
    version: int | None = None
    problems: Sequence[str] = ()
    metrics: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    report: str | None = None


@dataclass(frozen=True)
class ChangedSetting:
    """A dotted key of the configuration that two runs set differently."""

    key: str
    a: str
    b: str


@dataclass(frozen=True)
class SplitRows:
    """The rows of a split in two runs; None where that run had no such split."""

    split: str
    a: int | None
    b: int | None


@dataclass(frozen=True)
class ChangedStatistic:
    """A statistic of a column that differs between two runs.

    Args:
        name: the column.
        split: the split, `all` where the column itself is missing on one side.
        statistic: a field of `ColumnStatistics`, or `column`, whose values are `present` and `absent`.
        a, b: its value in each run; None where it is undefined.
    """

    name: str
    split: str
    statistic: str
    a: float | str | None
    b: float | str | None


@dataclass(frozen=True)
class DataChanges:
    """How the data of two runs differ.

    Args:
        fingerprint_a, fingerprint_b: digest of what each run read; None where that is not known.
        rows: each split that either of them has.
        compared: whether both left statistics of their columns.
        columns: the statistics that differ.
    """

    fingerprint_a: str | None
    fingerprint_b: str | None
    rows: Sequence[SplitRows]
    compared: bool
    columns: Sequence[ChangedStatistic]


@dataclass(frozen=True)
class MetricChange:
    """A metric of a head in two runs.

    Args:
        head, metric: which.
        title: how a reader is told of the metric.
        a, b: the metric with its interval; None where that run has none.
        difference: B − A; None where either is missing.
        better: `a` or `b` where the interval of the difference leaves out zero, else None.
    """

    head: str
    metric: str
    title: str
    a: Estimate | None
    b: Estimate | None
    difference: Estimate | None
    better: str | None


@dataclass(frozen=True)
class RunComparison:
    """What differs between two runs.

    Args:
        a, b: the runs.
        config: the settings that differ.
        data: how their data differ.
        metrics: each metric that at least one of them has.
        same_rows: whether both were evaluated on the same rows.
    """

    a: ListedRun
    b: ListedRun
    config: Sequence[ChangedSetting]
    data: DataChanges
    metrics: Sequence[MetricChange]
    same_rows: bool
