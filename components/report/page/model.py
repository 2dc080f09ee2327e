"""What the page shows of the model: each head's figures, its slices from the worst on, and what it learned from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from components.evaluator.analysis.head import METRICS
from components.evaluator.analysis.metric import Metric
from components.evaluator.analysis.trivial import PREDICTORS
from components.formats.estimates import Difference, Interval
from components.formats.evaluation import Evaluation, HeadResult, SliceResult
from components.formats.figures import Curves, Residuals
from components.formats.importance import ColumnImportance
from components.formats.report import ModelPart
from components.report.page.charts import classification, estimates, regression
from components.report.page.figure import figure, label_of
from components.report.page.number_format import number, short
from components.report.page.training import training_view
from components.report.parts.verdict import without_head

_IMPORTANT = 15
_FITS_BESIDE_OTHERS = 7  # classes of a confusion matrix

_Figure = dict[str, Any]


@dataclass(frozen=True)
class _Other:
    """Another predictor, by the primary metric.

    Args:
        title: what it is called, or why nothing was compared with it.
        difference: this model's value minus its value; None where nothing was compared.
    """

    title: str
    difference: Difference | None


def model_view(model: ModelPart) -> dict[str, Any]:
    """Returns the model part of a report with its heads drawn."""
    evaluation = model.evaluation
    return {
        "trained": evaluation.training,
        "n": evaluation.n,
        "level": evaluation.level,
        "heads": [_head(name, head, model) for name, head in evaluation.heads.items()],
        "training": training_view(model),
    }


def _head(name: str, head: HeadResult, model: ModelPart) -> dict[str, Any]:
    evaluation, label = model.evaluation, label_of(model.evaluation.labels[name])
    metric, primary = METRICS[name][head.primary_metric], head.primary
    others = _others(head)
    important = model.importance.heads.get(name, ()) if model.importance and primary else ()
    return {
        "name": name,
        "task": name.capitalize(),
        "label": evaluation.labels[name],
        "n": head.n,
        "metric": metric,
        "primary": primary,
        "metrics": [(METRICS[name][key], found) for key, found in head.metrics.items()],
        "others": others,
        "differences": _differences(others, metric) if primary else [],
        "checks": [(check, without_head(name, check.sentence)) for check in evaluation.verdict.of(name)],
        "figures": [*_figures(name, model, label), *_importance(important, metric, label)],
        "uncertainty": evaluation.uncertainty and getattr(evaluation.uncertainty, name),
        "classes": _classes(name, evaluation),
        "slices": _slices(name, head.primary_metric, metric, primary, evaluation.slices) if primary else [],
    }


def _others(head: HeadResult) -> list[_Other]:
    """The other predictors: the trivial one, the production model, or why nothing was compared with that."""
    metric, others = head.primary_metric, []
    if metric in head.trivial:
        others.append(_Other(PREDICTORS[metric], head.trivial[metric]))
    if head.baseline and metric in head.baseline:
        others.append(_Other("the production model", head.baseline[metric]))
    if head.baseline_problem:
        others.append(_Other(f"the production model: {head.baseline_problem}", None))
    return others


def _differences(others: Sequence[_Other], metric: Metric) -> list[Markup]:
    """The differences to the other predictors, each on its own scale: the far one hides the near."""
    better = "left" if metric.lower_is_better else "right"
    return [
        estimates.difference(other.title, other.difference, metric.title, better)
        for other in others
        if other.difference and other.difference.value is not None
    ]


def _figures(name: str, model: ModelPart, label: str) -> list[_Figure]:
    found = model.figures
    if name == "regression":
        return _regression_figures(found.regression if found else None, label)
    return _classification_figures(model.evaluation, (found and found.classification) or (), label)


def _regression_figures(found: Residuals | None, label: str) -> list[_Figure]:
    if found is None:
        return []
    caption = f"{len(found.actual):,} of {found.n:,} eval rows. On the dashed line the prediction is exact."
    drawn = [figure("Predicted against actual", regression.scatter(found, label), caption)]
    caption = f"n = {found.n:,}. Right of the dashed line the prediction is too low."
    if beyond := regression.beyond(found):
        caption += f" Pale: {beyond}."
    drawn.append(figure("Residuals", regression.residuals(found, label), caption))
    if found.ranges:
        smallest, total = min(part.n for part in found.ranges), sum(part.n for part in found.ranges)
        caption = f"n = {total:,}, at least {smallest:,} in each range. Bias is predicted − actual, on average."
        drawing = regression.by_range(found.ranges, label)
        legend = (("eval", "MAE with interval", ""), ("bias", "bias", ""))
        drawn.append(figure("Error by range of the target", drawing, caption, legend=legend))
    return drawn


def _classification_figures(evaluation: Evaluation, curves: Sequence[Curves], label: str) -> list[_Figure]:
    drawn, found = [], evaluation.confusion
    if found is None:
        return []
    if found.labels:
        many = len(found.labels) > _FITS_BESIDE_OTHERS
        caption = f"n = {sum(map(sum, found.counts)):,}. Rows are actual classes; shades are shares of a row."
        drawn.append(figure("Confusion", classification.confusion(found, label), caption, wide=many))
    if found.reliability:
        n = evaluation.heads["classification"].n
        caption = f"n = {n:,}. Below the dashed line the model is too sure of itself."
        drawn.append(figure("Reliability", classification.reliability(found.reliability, n, label), caption))
    if curves:
        # The hardest ones, no more than there are colours to tell them apart: a class has one colour in both figures.
        hardest = sorted(curves, key=lambda curve: curve.auc)[: classification.SERIES]
        said = [f"AUC {number(curve.auc, 3)}, n {curve.n_positive:,}" for curve in hardest]
        drawn.append(_one_against_rest("ROC", hardest, len(curves), said, classification.roc))
        said = [f"average {number(curve.average_precision, 3)}" for curve in hardest]
        draw = classification.precision_recall
        drawn.append(_one_against_rest("Precision and recall", hardest, len(curves), said, draw))
    return drawn


def _one_against_rest(
    title: str, shown: Sequence[Curves], count: int, said: Sequence[str], draw: Callable[[Sequence[Curves]], Markup]
) -> _Figure:
    """Curves of the hardest of some classes."""
    caption = "Each class against the rest."
    if len(shown) < count:
        caption = f"The {len(shown)} classes with the lowest AUC of {count}, each against the rest."
    legend = tuple(
        (f"series-{place}", curve.name, words) for place, (curve, words) in enumerate(zip(shown, said, strict=True))
    )
    return figure(title, draw(shown), caption, legend=legend)


def _classes(name: str, evaluation: Evaluation) -> Sequence[Any]:
    return evaluation.confusion.classes if name == "classification" and evaluation.confusion else ()


def _slices(
    head: str, key: str, metric: Metric, whole: Interval, slices: Sequence[SliceResult]
) -> list[dict[str, Any]]:
    """Slices from the worst on; small ones after the others, because chance rules them."""
    known = [(part, part.metrics[head][key]) for part in slices if key in part.metrics.get(head, {})]
    sign = -1 if metric.lower_is_better else 1
    known.sort(key=lambda pair: (pair[0].small, _or_infinity(pair[1].value, sign)))
    drawn = [pair for pair in known if not pair[0].small] or known
    bounds = [bound for _, found in drawn for bound in (found.value, found.low, found.high) if bound is not None]
    rows: list[dict[str, Any]] = []
    for part, found in known:
        drawing = Markup("")
        if (part, found) in drawn and whole.value is not None:
            span = min([*bounds, whole.value]), max([*bounds, whole.value])
            drawing = estimates.small(found, span, whole.value, f"{metric.title} of {short(part.name, 60)}")
        rows.append(
            {
                "name": part.name,
                "small": part.small,
                "n": part.labelled[head],
                "interval": found,
                "drawing": drawing,
            }
        )
    return rows


def _or_infinity(value: float | None, sign: int = 1) -> float:
    return math.inf if value is None else sign * value


def _importance(rows: Sequence[ColumnImportance], metric: Metric, label: str) -> list[_Figure]:
    if not rows:
        return []
    caption = "Shuffling a column of no use changes nothing."
    if len(rows) > _IMPORTANT:
        caption += f" {len(rows) - _IMPORTANT} less important columns are in report.json."
    drawing = estimates.importance(rows[:_IMPORTANT], metric.title, label)
    return [figure("Permutation importance", drawing, caption)]
