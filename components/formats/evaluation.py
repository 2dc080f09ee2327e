"""`evaluation.json` of the Evaluator: every metric, interval, check and sentence, and how the calibration did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from components.formats.confusion import Confusion
from components.formats.estimates import Difference, Interval
from components.formats.json_file import JsonFile
from components.formats.uncertainty import Uncertainty
from components.formats.verdict import Verdict
from components.model_format.manifest import TrainLabels


@dataclass(frozen=True)
class Contest:
    """What a comparison with the production model rests on.

    Args:
        n: rows compared.
        seen: rows left out because the production model has seen them.
        new_class: further rows left out because only the new model knows their class.
        remarks: sentences about it.
        doubt: a sentence that makes it doubtful.
    """

    n: int
    seen: int
    new_class: int
    remarks: tuple[str, ...] = ()
    doubt: str | None = None


@dataclass(frozen=True)
class HeadResult:
    """What one head reached on the evaluation rows.

    Args:
        head: `regression` or `classification`.
        n: number of rows.
        primary_metric: the metric that decides for the head.
        problem: why the head could not be scored (predictions that are not finite), with no other figure.
        metrics: each metric with its interval.
        trivial: by metric, the paired difference to the trivial predictor that is best for this metric.
        baseline: by metric, the paired difference to the production model on the rows that are fair to both; None if
            there is nothing to compare.
        baseline_problem: why nothing could be compared with the production model, where there is one.
        contest: which rows were compared, where a pushed model was there.
        within: metric → by how much its value on all rows may be off, where nobody held all of them in order; the
            others are exact.
    """

    head: str
    n: int
    primary_metric: str
    problem: str | None
    metrics: dict[str, Interval]
    trivial: dict[str, Difference]
    baseline: dict[str, Difference] | None
    baseline_problem: str | None
    contest: Contest | None = None
    within: dict[str, float] = field(default_factory=dict)

    @property
    def primary(self) -> Interval | None:
        """The primary metric; None where the head could not be scored."""
        return self.metrics.get(self.primary_metric)


@dataclass(frozen=True)
class SliceResult:
    """Both heads' metrics on one slice.

    Args:
        columns: the columns of the spec's entry.
        name: such as `color=red`.
        n: number of rows.
        small: fewer rows than asked for; read its figures with care.
        labelled: head to the number of rows that have its label.
        metrics: head to metric to its interval; a head that cannot be scored is left out.
        within: head to what `HeadResult.within` is for all rows.
    """

    columns: tuple[str, ...]
    name: str
    n: int
    small: bool
    labelled: dict[str, int]
    metrics: dict[str, dict[str, Interval]]
    within: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Training:
    """The training of the model, in short.

    Args:
        parameters: number of trained weights.
        epochs: epochs run.
        best_epoch: the epoch, from 1, whose weights were kept.
        trunk: what the heads share, as `model.trunk` names it; None where that was not yet written down.
        notes: sentences about the training that a person should read.
    """

    parameters: int
    epochs: int
    best_epoch: int
    trunk: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """Everything that the evaluation rows say about a model.

    Args:
        n: number of rows, those included that have one label only; each head has its own number.
        heads: `regression` and `classification`, each with its figures.
        confusion: where the classification head errs; None where it cannot be scored.
        slices: figures by groups of rows, in the order of the spec.
        verdict: whether the model is blessed, and why.
    """

    n: int
    heads: dict[str, HeadResult]
    confusion: Confusion | None
    slices: tuple[SliceResult, ...]
    verdict: Verdict


@dataclass(frozen=True)
class Evaluation(Judgement, JsonFile, file="evaluation.json", format=2):
    """A judgement with what it is about.

    Args:
        labels: head to its label column.
        training: how the model was trained.
        train: the labels of the train split; None where that was not yet written down.
        uncertainty: how its intervals and its probabilities did; None for a model without a calibration.
    """

    labels: dict[str, str]
    training: Training
    train: TrainLabels | None = None
    uncertainty: Uncertainty | None = None

    @classmethod
    def of_judgement(
        cls,
        judgement: Judgement,
        *,
        labels: dict[str, str],
        training: Training,
        train: TrainLabels,
        uncertainty: Uncertainty | None,
    ) -> Self:
        """Returns a judgement together with what it is about."""
        return cls(**vars(judgement), labels=labels, training=training, train=train, uncertainty=uncertainty)

    @property
    def level(self) -> float | None:
        """The share of draws between the bounds of an interval; None where no head could be scored."""
        return next((found.level for head in self.heads.values() for found in head.metrics.values()), None)

    @property
    def values(self) -> dict[str, dict[str, float | None]]:
        """Head to metric to its value on all rows."""
        return {
            head: {name: interval.value for name, interval in result.metrics.items()}
            for head, result in self.heads.items()
        }

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        """Returns the fields of format 2: format 1 called the primary metric the headline."""
        del format
        both = list(fields["heads"])
        return fields | {
            "heads": {
                head: {("primary_metric" if name == "headline" else name): value for name, value in result.items()}
                for head, result in fields["heads"].items()
            },
            # The first files knew both labels of every row, and did not say so.
            "slices": [{"labelled": dict.fromkeys(both, part["n"])} | part for part in fields.get("slices", [])],
        }
