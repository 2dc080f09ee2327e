"""One head's figures: its metrics with intervals, and the differences to trivial and to the production model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis import classification, regression
from components.evaluator.analysis.bootstrap import LEVEL, RESAMPLES, Bootstrap
from components.evaluator.analysis.metric import Metric, Scores
from components.formats.evaluation import Contest, HeadResult

METRICS: dict[str, dict[str, Metric]] = {
    "regression": regression.METRICS,
    "classification": classification.METRICS,
}
# What decides against the production model.
# MAE: in the label's units, and no single row can decide it as it can RMSE.
# Log loss: a proper score of all probabilities, so it moves with every row, where accuracy moves only with
# those whose top class changes; its paired difference is clear on fewer rows.
PRIMARY_METRIC = {"regression": "mae", "classification": "log_loss"}


# Where rows had to be left out and fewer than these are left, their intervals would be far too narrow.
MIN_LEFT = 20


@dataclass(frozen=True)
class Rival:
    """The production model's head, on n rows with its label.

    Args:
        scores: its scores, or a clause that says why it has none.
        seen: bool [n], the rows it has seen in its training.
        new_class: bool [n], the rows of a class that only the new model knows.
        remarks: sentences about the comparison.
        doubt: a sentence that makes it doubtful.
    """

    scores: Scores | str
    seen: npt.NDArray[np.bool_]
    new_class: npt.NDArray[np.bool_]
    remarks: tuple[str, ...] = ()
    doubt: str | None = None


def compare(
    head: str,
    candidate: Scores | str,
    rival: Rival | None,
    trivial: Mapping[str, Scores],
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> HeadResult:
    """Scores the candidate alone, and row by row against the trivial predictors and the production model.

    Args:
        head: `regression` or `classification`.
        candidate: the new model's scores, or a sentence that says why it has none.
        rival: the production model's head; None where there is none.
        trivial: scores of the trivial predictors, by the metric each is best for.
        resamples: number of bootstrap draws.
        level: the share of draws inside an interval.
        seed: seed of the draws.
    """
    if isinstance(candidate, str):
        return without_scores(head, next(iter(trivial.values())).n, candidate)
    models = contestants(candidate, trivial)
    problem, contest = None, None
    pair: dict[str, Scores] = {}
    if rival is not None:
        left_out = rival.seen | rival.new_class
        contest = Contest(
            n=int((~left_out).sum()),
            seen=int(rival.seen.sum()),
            new_class=int((rival.new_class & ~rival.seen).sum()),
            remarks=rival.remarks,
            doubt=rival.doubt,
        )
        problem = rival.scores if isinstance(rival.scores, str) else too_few(contest, candidate.n)
        if problem is None and not isinstance(rival.scores, str):
            if left_out.any():
                pair = {"candidate": candidate.take(~left_out), "baseline": rival.scores.take(~left_out)}
            else:
                models["baseline"] = rival.scores
    bootstrap = Bootstrap(models, resamples=resamples, level=level, seed=seed)
    paired = Bootstrap(pair, resamples=resamples, level=level, seed=seed) if pair else None
    if "baseline" in models:
        paired = bootstrap
    return settled(head, bootstrap, trivial, paired, contest, problem)


def without_scores(head: str, n: int, problem: str) -> HeadResult:
    """Returns what there is to say of a head that cannot be scored on its n rows."""
    return HeadResult(head, n, PRIMARY_METRIC[head], problem, {}, {}, None, None)


def contestants(candidate: Scores, trivial: Mapping[str, Scores]) -> dict[str, Scores]:
    """Returns the candidate and the trivial predictors under the names that `settled` knows them by."""
    return {"candidate": candidate} | {trivial_name(metric): scores for metric, scores in trivial.items()}


def trivial_name(metric: str) -> str:
    """Returns the name among the contestants of the trivial predictor that is best for a metric."""
    return f"trivial {metric}"


def settled(
    head: str,
    bootstrap: Bootstrap,
    trivial: Collection[str],
    paired: Bootstrap | None,
    contest: Contest | None,
    problem: str | None,
    within: Mapping[str, float] | None = None,
) -> HeadResult:
    """Returns a head's figures.

    Args:
        head: `regression` or `classification`.
        bootstrap: draws of the `contestants`.
        trivial: the metrics that there is a trivial predictor for.
        paired: draws of `candidate` and `baseline` on the rows that are fair to both; None where there is nothing to
            compare.
        contest: which rows those are.
        problem: why there is nothing to compare.
        within: by how much values may be off, see `HeadResult`.
    """
    return HeadResult(
        head=head,
        n=bootstrap.n,
        primary_metric=PRIMARY_METRIC[head],
        problem=None,
        metrics={name: bootstrap.interval("candidate", name) for name in METRICS[head]},
        trivial={name: bootstrap.difference("candidate", trivial_name(name), name) for name in trivial},
        baseline=None
        if paired is None
        else {name: paired.difference("candidate", "baseline", name) for name in METRICS[head]},
        baseline_problem=problem,
        contest=contest,
        within=dict(within or {}),
    )


def too_few(contest: Contest, n: int) -> str | None:
    """Returns a clause that says why too few of a head's n rows can be compared; None where they can."""
    if contest.n == n or contest.n >= MIN_LEFT:
        return None
    return f"only {contest.n:,} of {n:,} rows could be, which is too few: {left_out_because(contest)}"


def left_out_because(contest: Contest) -> str:
    """Returns a clause that says how many rows were left out of the comparison, and why; empty where none was."""
    reasons = []
    if contest.seen:
        reasons.append(f"{contest.seen:,} were part of the production model's training")
    if contest.new_class:
        reasons.append(f"{contest.new_class:,} are of a class that the production model does not know")
    return ", ".join(reasons)
