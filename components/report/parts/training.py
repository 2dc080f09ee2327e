"""The report's part on training, by epoch: losses, the weights a balancer set, the angle of the heads' gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from components.evaluator.analysis.head import PRIMARY_METRIC
from components.formats.history import History
from components.formats.report import Alone, GradientCosine, TrainingCurves
from components.shared.head_outputs import HEADS
from components.shared.splits import TRAIN, VALIDATION

# More points than this a drawing of that width cannot show.
MAX_EPOCHS = 100


def training_curves(history: History, best_epoch: int) -> TrainingCurves:
    """Returns what is drawn over the epochs of a training.

    Of a long training `MAX_EPOCHS` epochs are kept, evenly spread, the best and the last among them.

    Args:
        history: what the Trainer logged.
        best_epoch: the epoch, from 1, whose network was kept.
    """
    losses = {head: {split: history.loss(head, split) for split in (TRAIN, VALIDATION)} for head in HEADS}
    epochs = _epochs(len(losses["regression"]["train"]), best_epoch)
    return TrainingCurves(
        best_epoch=best_epoch,
        epochs=tuple(epochs),
        series={
            head: {split: _at(epochs, values) for split, values in splits.items()} for head, splits in losses.items()
        },
        weights=_weights(history, epochs),
        gradient_cosine=_cosine(history.gradient_cosine, epochs),
    )


def alone(history: History, best_epoch: int) -> dict[str, Alone] | None:
    """Returns what each head came to when it was trained by itself, after it had shared its layers with the other.

    Args:
        history: what the Trainer logged.
        best_epoch: the epoch, from 1, whose network was best while the heads shared it.

    Returns:
        What each head came to, in no epoch at all where time was up; None where this was not tried.
    """
    if not any(history.alone(head) for head in HEADS):
        return None
    found = {}
    for head in HEADS:
        shared, own = history.validation(head, PRIMARY_METRIC[head]), history.alone(head)
        least = min(value for value in (*shared, *own) if math.isfinite(value))
        found[head] = Alone(shared=shared[best_epoch - 1], alone=least, epochs=len(own))
    return found


def _weights(history: History, epochs: Sequence[int]) -> dict[str, tuple[float | None, ...]] | None:
    """The balancer's weights; one that works on the gradients instead, such as PCGrad, leaves all of them at 1."""
    found = {head: history.weights(head) for head in HEADS}
    if all(weight == 1 for weights in found.values() for weight in weights):
        return None
    return {head: _at(epochs, weights) for head, weights in found.items()}


def _cosine(values: Sequence[float], epochs: Sequence[int]) -> GradientCosine | None:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return None
    below = sum(value < 0 for value in known)
    return GradientCosine(_at(epochs, values), n=len(known), mean=fmean(known), below_zero=below / len(known))


def _epochs(count: int, best: int) -> list[int]:
    """Returns the epochs to show, from 1, in their order."""
    if count <= MAX_EPOCHS:
        return list(range(1, count + 1))
    step = (count - 1) / (MAX_EPOCHS - 2)
    return sorted({best, *(1 + round(position * step) for position in range(MAX_EPOCHS - 1))})


def _at(epochs: Sequence[int], values: Sequence[float]) -> tuple[float | None, ...]:
    """The values of some epochs; None for one that is no finite number."""
    return tuple(values[epoch - 1] if math.isfinite(values[epoch - 1]) else None for epoch in epochs)
