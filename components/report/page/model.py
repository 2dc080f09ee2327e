"""What the page shows of the model: each head's figures, its slices from the worst on, and what it learned from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from components.report.page.charts import classification, estimates, regression
from components.report.page.figure import figure, label_of
from components.report.page.number_format import number, short
from components.report.page.training import training_view
from components.report.parts.verdict import said

_IMPORTANT = 15
_FITS_BESIDE_OTHERS = 7  # classes of a confusion matrix
_TASKS = {"regression": "Number", "classification": "Class"}

_Part = Mapping[str, Any]


def model_view(model: _Part) -> dict[str, Any]:
    """Returns the model part of a report with its heads drawn."""
    heads = [_head(name, head, model) for name, head in model["heads"].items() if head]
    return {**model, "heads": heads, "training": training_view(model)}


def _head(name: str, head: _Part, model: _Part) -> dict[str, Any]:
    lead = head["metrics"].get(head["headline"])
    label = label_of(head)
    return {
        **head,
        "name": name,
        "task": _TASKS[name],
        "checks": [{**check, "sentence": said(name, check["sentence"])} for check in head["checks"]],
        "lead": lead,
        "differences": _differences(head, lead) if lead else [],
        "figures": [*_figures(name, head, label), *_importance(head, lead, label)],
        "per_class": (head["figures"] or {}).get("per_class") or [],
        "slices": _slices(name, head["headline"], lead, model["slices"] or []) if lead else [],
    }


def _differences(head: _Part, lead: _Part) -> list[Markup]:
    """The headline metric's differences to the other predictors, each on its own scale: the far one hides the near."""
    better = "left" if lead["lower_is_better"] else "right"
    return [
        estimates.difference(other, lead["title"], better)
        for other in head["against"]
        if other["metric"] == head["headline"] and other["difference"] and other["difference"]["value"] is not None
    ]


def _figures(name: str, head: _Part, label: str) -> list[dict[str, Any]]:
    figures = head["figures"]
    if not figures:
        return []
    return _regression_figures(figures, label) if name == "regression" else _classification_figures(figures, label)


def _regression_figures(figures: _Part, label: str) -> list[dict[str, Any]]:
    drawn = []
    if figures["scatter"] and figures["scatter"]["actual"]:
        scatter = figures["scatter"]
        caption = f"{scatter['shown']:,} of {scatter['n']:,} eval rows. On the dashed line the prediction is exact."
        drawn.append(figure("Predicted against actual", regression.scatter(scatter, label), caption))
    if figures["residuals"] and figures["residuals"]["counts"]:
        residuals = figures["residuals"]
        caption = f"n = {residuals['n']:,}. Right of the dashed line the prediction is too low."
        if beyond := regression.beyond(residuals):
            caption += f" Pale: {beyond}."
        drawn.append(figure("Residuals", regression.residuals(residuals, label), caption))
    if figures["by_range"]:
        ranges = figures["by_range"]
        smallest, total = min(part["n"] for part in ranges), sum(part["n"] for part in ranges)
        caption = f"n = {total:,}, at least {smallest:,} in each range. Bias is predicted − actual, on average."
        drawing = regression.by_range(ranges, label)
        legend = (("eval", "MAE with interval", ""), ("bias", "bias", ""))
        drawn.append(figure("Error by range of the target", drawing, caption, legend=legend))
    return drawn


def _classification_figures(figures: _Part, label: str) -> list[dict[str, Any]]:
    drawn = []
    if figures["confusion"] and figures["confusion"]["classes"]:
        confusion = figures["confusion"]
        many = len(confusion["classes"]) > _FITS_BESIDE_OTHERS
        caption = f"n = {sum(map(sum, confusion['counts'])):,}. Rows are actual classes; shades are shares of a row."
        drawn.append(figure("Confusion", classification.confusion(confusion, label), caption, wide=many))
    if figures["reliability"] and figures["reliability"]["bins"]:
        reliability = figures["reliability"]
        caption = f"n = {reliability['n']:,}. Below the dashed line the model is too sure of itself."
        drawn.append(figure("Reliability", classification.reliability(reliability, label), caption))
    hardest = _hardest(figures["roc"] or [])
    if figures["roc"]:
        said = {curve["class"]: f"AUC {number(curve['auc'], 3)}, n {curve['n_positive']:,}" for curve in figures["roc"]}
        drawn.append(_one_against_rest("ROC", figures["roc"], hardest, said, classification.roc))
    if figures["pr"]:
        said = {curve["class"]: f"average {number(curve['average_precision'], 3)}" for curve in figures["pr"]}
        draw = classification.precision_recall
        drawn.append(_one_against_rest("Precision and recall", figures["pr"], hardest, said, draw))
    return drawn


def _hardest(roc: Sequence[_Part]) -> list[str]:
    """The classes with the lowest AUC, no more than there are colours to tell them apart."""
    ranked = sorted(roc, key=lambda curve: _or_infinity(curve["auc"]))
    return [curve["class"] for curve in ranked[: classification.SERIES]]


def _one_against_rest(
    title: str,
    curves_of_classes: Sequence[_Part],
    hardest: Sequence[str],
    said: Mapping[str, str],
    draw: Callable[[Sequence[_Part]], Markup],
) -> dict[str, Any]:
    """Curves of the hardest classes; a class has one colour in both figures."""
    by_class = {curve["class"]: curve for curve in curves_of_classes}
    shown = [by_class[name] for name in hardest if name in by_class]
    caption = "Each class against the rest."
    if len(shown) < len(by_class):
        caption = f"The {len(shown)} classes with the lowest AUC of {len(by_class)}, each against the rest."
    legend = tuple((f"series-{place}", curve["class"], said[curve["class"]]) for place, curve in enumerate(shown))
    return figure(title, draw(shown), caption, legend=legend)


def _slices(name: str, headline: str, lead: _Part, slices: Sequence[_Part]) -> list[dict[str, Any]]:
    """Slices from the worst on; small ones after the others, because chance rules them."""
    known = [
        {**part, "n": part["labelled"][name], "interval": part["metrics"][name][headline]}
        for part in slices
        if part["metrics"].get(name, {}).get(headline)
    ]
    sign = -1 if lead["lower_is_better"] else 1
    known.sort(key=lambda part: (part["small"], _or_infinity(part["interval"]["value"], sign)))
    drawn = [part for part in known if not part["small"]] or known
    bounds = [
        part["interval"][bound]
        for part in drawn
        for bound in ("value", "low", "high")
        if part["interval"][bound] is not None
    ]
    for part in known:
        draws = part in drawn and lead["value"] is not None
        part["drawing"] = _slice_drawing(part, [*bounds, lead["value"]], lead) if draws else Markup("")
    return known


def _slice_drawing(part: _Part, bounds: Sequence[float], lead: _Part) -> Markup:
    title = f"{lead['title']} of {short(part['name'], 60)}"
    return estimates.small(part["interval"], (min(bounds), max(bounds)), lead["value"], title)


def _or_infinity(value: float | None, sign: int = 1) -> float:
    return math.inf if value is None else sign * value


def _importance(head: _Part, lead: _Part | None, label: str) -> list[dict[str, Any]]:
    rows = head["importance"] or []
    if not rows or not lead:
        return []
    caption = "Shuffling a column of no use changes nothing."
    if len(rows) > _IMPORTANT:
        caption += f" {len(rows) - _IMPORTANT} less important columns are in report.json."
    drawing = estimates.importance(rows[:_IMPORTANT], lead["title"], label)
    return [figure("Permutation importance", drawing, caption)]
