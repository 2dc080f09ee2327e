"""`report.json`: what the artifacts of a run say, brought together; a public format, with all numbers unrounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from components.formats.columns import Column
from components.formats.estimates import Estimate
from components.formats.evaluation import Evaluation
from components.formats.figures import Figures
from components.formats.findings import Anomaly, Comparison
from components.formats.importance import Importance
from components.formats.json_file import JsonFile
from components.formats.relatedness import Cost
from components.formats.tuning import Tuning


@dataclass(frozen=True)
class Subject:
    """The verdict on the data, on a head or on the push.

    Args:
        subject: `data`, `regression`, `classification` or `push`.
        title: what a person calls it.
        state: `passed`, `warned`, `failed` or `not reached`.
        reason: why, in a sentence.
        next: what to do, in a sentence; empty where there is nothing to do.
    """

    subject: str
    title: str
    state: str
    reason: str
    next: str = ""


@dataclass(frozen=True)
class StepPart:
    """A step of the run: see `pipeline.runs.record.StepRecord`."""

    name: str
    state: str
    seconds: float = 0.0
    peak_memory: float | None = None
    detail: str = ""
    reason: str = ""


@dataclass(frozen=True)
class RunPart:
    """The run itself: see `pipeline.runs.record.Run`.

    Args:
        id: the run.
        started: UTC, ISO 8601.
        state: how it ended.
        seconds: how long it took.
        problems: sentences that say why it did not end well.
        log: path of its log, if there is one.
        steps: its steps in their order.
    """

    id: str
    started: str
    state: str
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    log: str | None = None
    steps: tuple[StepPart, ...] = ()


@dataclass(frozen=True)
class Setting:
    """A dotted key of the configuration, its value as it is shown, and where that comes from."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True)
class Software:
    """An installed package."""

    name: str
    version: str


@dataclass(frozen=True)
class Output:
    """Where an output of a step lies."""

    step: str
    output: str
    path: str


@dataclass(frozen=True)
class RowCounts:
    """Rows of the data.

    Args:
        read: rows read.
        splits: split to rows.
        left_out: reason to rows not used.
        unlabelled: label to rows in use without it.
    """

    read: int
    splits: dict[str, int]
    left_out: dict[str, int]
    unlabelled: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportedColumn(Column):
    """A column with its drift in train: the comparison that is furthest beyond its threshold, if there is one."""

    drift: Comparison | None = None


@dataclass(frozen=True)
class DataPart:
    """What is known of the data.

    Args:
        fingerprint: SHA-256 of the files' content.
        paths: the files.
        rows: how many there are.
        labels: head to its label column.
        notes: what a person should know.
        checks: the anomalies of the validation.
        comparisons: its measures of drift and skew.
        against: what drift was measured against; None where there was no earlier version.
        columns: every column; none where they were not described.
    """

    fingerprint: str
    paths: tuple[str, ...]
    rows: RowCounts
    labels: dict[str, str]
    notes: tuple[str, ...] = ()
    checks: tuple[Anomaly, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    against: str | None = None
    columns: tuple[ReportedColumn, ...] = ()


@dataclass(frozen=True)
class Alone:
    """What a head came to by itself, after it had shared its layers with the other one.

    Args:
        shared: its mean absolute error (standardised) or log loss on the validation split in the shared network.
        alone: the same by itself.
        epochs: epochs by itself.
    """

    shared: float
    alone: float
    epochs: int


@dataclass(frozen=True)
class GradientCosine:
    """The cosine between the heads' gradients on the shared layers.

    Args:
        values: of the epochs that are kept.
        n, mean, below_zero: of all epochs their number, the mean, and the share of them below 0.
    """

    values: tuple[float | None, ...]
    n: int
    mean: float
    below_zero: float


@dataclass(frozen=True)
class TrainingCurves:
    """What is drawn over the epochs of a training.

    Args:
        best_epoch: the epoch, from 1, whose network was kept.
        epochs: the epochs that are kept; of a long training not all are. None stands for what is no finite number.
        series: head to split to its losses, as they were fitted: regression on the standardised label, classification
            by log loss.
        weights: head to what its loss was multiplied by; None where nothing changed the weights.
        gradient_cosine: None where the heads share no layer, or the history is older than this figure.
    """

    best_epoch: int
    epochs: tuple[int, ...]
    series: dict[str, dict[str, tuple[float | None, ...]]]
    weights: dict[str, tuple[float | None, ...]] | None
    gradient_cosine: GradientCosine | None


@dataclass(frozen=True)
class ModelPart:
    """What is known of the model.

    Args:
        evaluation: as the Evaluator wrote it; of many classes the rarer ones are counted together in its confusion.
        figures: what is drawn of each head.
        importance: what each head loses without a column.
        balancing: `training.balancing` of the configuration, where it is known.
        alone: what each head came to by itself; None where that was not tried.
        curves: the course of the training.
    """

    evaluation: Evaluation
    figures: Figures | None = None
    importance: Importance | None = None
    balancing: str | None = None
    alone: dict[str, Alone] | None = None
    curves: TrainingCurves | None = None


@dataclass(frozen=True)
class SharedHead:
    """What sharing one network did to a head: see `components.formats.relatedness.Sharing`."""

    label: str
    metric: str
    title: str
    n: int
    multi_task: float
    single_task: float
    verdict: str
    sentence: str
    by_seed: tuple[float | None, ...]
    change: Estimate


@dataclass(frozen=True)
class SeedCosine:
    """The cosine between the heads' gradients on the shared layers, mean over the epochs.

    Args:
        mean: over the seeds; None where nothing is shared.
        by_seed: of each seed.
    """

    mean: float | None
    by_seed: tuple[float | None, ...]


@dataclass(frozen=True)
class RelatednessPart:
    """What the heads gain from sharing one network, and what that costs.

    Args:
        seeds: the seeds of each network.
        confidence: level of the intervals.
        rule: how a verdict is found.
        heads: what sharing did to each head.
        gradient_cosine: whether the heads want the same of the shared layers.
        cost: one network against two.
    """

    seeds: tuple[int, ...]
    confidence: float
    rule: str
    heads: dict[str, SharedHead]
    gradient_cosine: SeedCosine
    cost: Cost


@dataclass(frozen=True)
class Report(JsonFile, file="report.json", format=2):
    """One report; None for a part that the run did not come to.

    Args:
        pipeline: the pipeline's name.
        verdict: the data, each head and the push.
        run: the run itself; None inside Kubeflow, which keeps its own record.
        config: every key of the configuration.
        versions: what the report was made with.
        lineage: the outputs of the steps.
        data: rows, columns and checks.
        tuning: `tuning.json` of the Tuner.
        model: metrics, figures and training.
        relatedness: what the heads gain from each other.
    """

    pipeline: str
    verdict: tuple[Subject, ...]
    run: RunPart | None
    config: tuple[Setting, ...]
    versions: tuple[Software, ...]
    lineage: tuple[Output, ...]
    data: DataPart | None
    model: ModelPart | None
    tuning: Tuning | None = None
    relatedness: RelatednessPart | None = None

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        """Returns the fields of format 2 without the model, which format 1 had under names of its own.

        Nothing reads a model here: its figures are read from the evaluation that the report was made of.
        """
        del format
        return fields | {"model": None}
