"""One head's figures: its metrics with intervals, and the differences to trivial and to the production model."""

from __future__ import annotations

from collections.abc import Mapping
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
        n = next(iter(trivial.values())).n
        return HeadResult(head, n, PRIMARY_METRIC[head], candidate, {}, {}, None, None)
    models: dict[str, Scores] = {"candidate": candidate}
    models |= {f"trivial {metric}": scores for metric, scores in trivial.items()}
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
        if isinstance(rival.scores, str):
            problem = rival.scores
        elif left_out.any() and contest.n < MIN_LEFT:
            problem = (
                f"only {contest.n:,} of {len(left_out):,} rows could be, which is too few: {left_out_because(contest)}"
            )
        elif left_out.any():
            pair = {"candidate": candidate.take(~left_out), "baseline": rival.scores.take(~left_out)}
        else:
            models["baseline"] = rival.scores
    bootstrap = Bootstrap(models, resamples=resamples, level=level, seed=seed)
    paired = Bootstrap(pair, resamples=resamples, level=level, seed=seed) if pair else bootstrap
    return HeadResult(
        head=head,
        n=candidate.n,
        primary_metric=PRIMARY_METRIC[head],
        problem=None,
        metrics={name: bootstrap.interval("candidate", name) for name in METRICS[head]},
        trivial={name: bootstrap.difference("candidate", f"trivial {name}", name) for name in trivial},
        baseline={name: paired.difference("candidate", "baseline", name) for name in METRICS[head]}
        if pair or "baseline" in models
        else None,
        baseline_problem=problem,
        contest=contest,
    )


def left_out_because(contest: Contest) -> str:
    """Returns a clause that says how many rows were left out of the comparison, and why; empty where none was."""
    reasons = []
    if contest.seen:
        reasons.append(f"{contest.seen:,} were part of the production model's training")
    if contest.new_class:
        reasons.append(f"{contest.new_class:,} are of a class that the production model does not know")
    return ", ".join(reasons)
