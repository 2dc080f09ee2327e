"""What the page shows of the training: how both losses fell, how they were weighed, and whether the heads agreed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.formats.report import ModelPart, TrainingCurves
from components.report.page.charts import curves
from components.report.page.figure import figure, label_of
from components.report.page.number_format import number
from components.shared.head_outputs import HEADS
from components.trainer.choices import BALANCERS, SEPARATE, TRUNKS

# Head -> what chooses its epoch, in words.
_CHOSEN_BY = {"regression": "standardised MAE", "classification": "log loss"}


def training_view(model: ModelPart) -> dict[str, Any] | None:
    """Returns the training of a report's model, drawn; None where its curves are not known."""
    found, trunk = model.curves, model.evaluation.training.trunk
    if not found:
        return None
    return {
        "trunk": TRUNKS.describe(trunk) if trunk else None,
        "alone": single_task_sentence(model),
        "balancing": BALANCERS.describe(model.balancing) if model.balancing else None,
        "gradient_cosine": found.gradient_cosine,
        "drawn": len(found.epochs),
        "figures": [*_learning(found), *_cosine(found), *_weights(found, model.evaluation.labels)],
    }


def single_task_sentence(model: ModelPart) -> str:
    """Returns in words what each head came to by itself and what followed; empty where that was not tried."""
    if not model.alone:
        return ""
    heads = [
        f"{_CHOSEN_BY[head]} of {model.evaluation.labels[head]} {number(found.alone, 3)} instead of "
        f"{number(found.shared, 3)} ({found.epochs:,} epochs)"
        for head, found in model.alone.items()
    ]
    verdict = (
        "more than 1 % less for one of them, so that each has layers of its own now"
        if model.evaluation.training.trunk == SEPARATE
        else "for neither of them more than 1 % less, so that they share their layers"
    )
    return (
        "Each head was also trained by itself, from its own best epoch in the shared network. On the validation split "
        f"it came to: {', '.join(heads)}; {verdict}."
    )


def _learning(found: TrainingCurves) -> list[dict[str, Any]]:
    return [
        figure(
            f"Learning curves of the {head} head",
            curves.learning(found.epochs, found.series[head], found.best_epoch, head),
            "Losses as trained on; the network of the marked epoch was kept.",
            legend=(("train", "train", ""), ("eval", "validation", "")),
        )
        for head in HEADS
        if found.series.get(head)
    ]


def _cosine(found: TrainingCurves) -> list[dict[str, Any]]:
    cosine = found.gradient_cosine
    if not cosine:
        return []
    return [
        figure(
            "Gradient cosine",
            curves.gradient_cosine(found.epochs, cosine, found.best_epoch),
            f"n = {cosine.n:,} epochs, each on the same rows of train. Above 0 the heads pull the shared layers the "
            "same way, below 0 against each other, as they must where the sum of their losses is least.",
        )
    ]


def _weights(found: TrainingCurves, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    weights = found.weights
    if not weights:
        return []
    return [
        figure(
            "Weights of the losses",
            curves.loss_weights(found.epochs, weights, found.best_epoch),
            "What the balancing multiplied each head's loss by, on top of its weight in the configuration.",
            legend=tuple((curves.LINE_KINDS[head], label_of(labels[head]), "") for head in weights),
        )
    ]
