"""One head's figures: its metrics with intervals, and the differences to trivial and to the pushed model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.evaluator import classification, regression
from components.evaluator.bootstrap import Bootstrap, Difference, Interval
from components.evaluator.metric import Metric, Scores

METRICS: dict[str, dict[str, Metric]] = {
    "regression": regression.METRICS,
    "classification": classification.METRICS,
}
# The metric that decides against the pushed model, unless the gate names another.
# MAE: in the label's units, and no single row can decide it as it can RMSE.
# Log loss: a proper score of all probabilities, so it moves with every row, where accuracy moves only with
# those whose top class changes; its paired difference is clear on fewer rows.
HEADLINE = {"regression": "mae", "classification": "log_loss"}


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
        baseline: by metric, the paired difference to the pushed model; None if there is none to compare with.
        baseline_problem: why the pushed model could not be scored, where there is one.
    """

    head: str
    n: int
    headline: str
    problem: str | None
    metrics: dict[str, Interval]
    trivial: dict[str, Difference]
    baseline: dict[str, Difference] | None
    baseline_problem: str | None


def compare(
    head: str,
    candidate: Scores | str,
    baseline: Scores | str | None,
    trivial: Mapping[str, Scores],
    *,
    resamples: int = 500,
    level: float = 0.95,
    seed: int = 0,
) -> HeadResult:
    """Scores the candidate alone, and row by row against the trivial predictors and the pushed model.

    Args:
        head: `regression` or `classification`.
        candidate: the new model's scores, or a sentence that says why it has none.
        baseline: the same of the pushed model; None where no model is pushed.
        trivial: scores of the trivial predictors, by the metric each is best for.
        resamples: number of bootstrap draws.
        level: the share of draws inside an interval.
        seed: seed of the draws.
    """
    if isinstance(candidate, str):
        n = next(iter(trivial.values())).n
        return HeadResult(head, n, HEADLINE[head], candidate, {}, {}, None, None)
    models: dict[str, Scores] = {"candidate": candidate}
    models |= {f"trivial {metric}": scores for metric, scores in trivial.items()}
    if baseline is not None and not isinstance(baseline, str):
        models["baseline"] = baseline
    bootstrap = Bootstrap(models, resamples=resamples, level=level, seed=seed)
    return HeadResult(
        head=head,
        n=candidate.n,
        headline=HEADLINE[head],
        problem=None,
        metrics={name: bootstrap.interval("candidate", name) for name in METRICS[head]},
        trivial={name: bootstrap.difference("candidate", f"trivial {name}", name) for name in trivial},
        baseline={name: bootstrap.difference("candidate", "baseline", name) for name in METRICS[head]}
        if "baseline" in models
        else None,
        baseline_problem=baseline if isinstance(baseline, str) else None,
    )
