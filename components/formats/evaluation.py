"""What the Evaluator finds of a model, before it is written as `evaluation.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.evaluator.analysis.wording import plain
from components.formats.confusion import Confusion
from components.formats.estimates import Difference, Interval
from components.formats.verdict import Verdict


@dataclass(frozen=True)
class Contest:
    """What a comparison with the pushed model rests on.

    Args:
        n: rows compared.
        seen: rows left out because the pushed model has seen them.
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
        headline: the metric that leads.
        problem: why the head could not be scored (predictions that are not finite), with no other figure.
        metrics: each metric with its interval.
        trivial: by metric, the paired difference to the trivial predictor that is best for this metric.
        baseline: by metric, the paired difference to the pushed model on the rows that are fair to both; None if
            there is nothing to compare.
        baseline_problem: why nothing could be compared with the pushed model, where there is one.
        contest: which rows were compared, where a pushed model was there.
    """

    head: str
    n: int
    headline: str
    problem: str | None
    metrics: dict[str, Interval]
    trivial: dict[str, Difference]
    baseline: dict[str, Difference] | None
    baseline_problem: str | None
    contest: Contest | None = None


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
    """

    columns: tuple[str, ...]
    name: str
    n: int
    small: bool
    labelled: dict[str, int]
    metrics: dict[str, dict[str, Interval]]


@dataclass(frozen=True)
class Evaluation:
    """Everything known about a model on the evaluation rows.

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

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON; undefined figures are None."""
        return plain(self)
