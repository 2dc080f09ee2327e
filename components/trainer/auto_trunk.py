"""Whether two heads keep sharing their layers: trunk `auto`.

The heads begin in one network, where each learns from the other's labels. Then each trains on alone, in a copy of its
layers, from the epoch that was its own best. Where that leaves the shared network behind, the heads part: what is best
for one label need not be for the other, and one of them may be learnt long before the other is. To share first and
to branch where sharing no longer pays is the way of branched multi-task networks (Vandenhende et al. 2020).

To train twice more takes as long again. On a large table it is done only where the epoch that is best for both together
is not the best one of each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import keras
import numpy as np

from components.formats.history import ALONE
from components.shared.head_outputs import OUTPUTS
from components.trainer.loop import History
from components.trainer.model import single_task
from components.trainer.network.architecture import MANY_ROWS, MIN_ROWS
from components.trainer.recipe import Recipe
from components.trainer.stopping import MONITORED_LOSS, BestOfHead, monitored_loss
from components.trainer.task import Task

TOLERANCE = 0.01
"""Share of a head's validation loss that it must gain by itself for the heads to part."""
COMPROMISE = 0.001
"""Share of its validation loss that such an epoch costs a head, against its own best epoch."""


def can_branch(task: Task, recipe: Recipe) -> bool:
    """Returns whether both heads count, and have validation rows enough."""
    rows = min(int(task.validation.has(head).sum()) for head in OUTPUTS)
    return rows >= MIN_ROWS and all(weight > 0 for weight in recipe.head_weights.values())


def worth_branching(bests: Sequence[BestOfHead], shared: History, rows: int) -> bool:
    """Returns whether to train the heads alone: not without a finite loss, nor on a large table without a compromise.

    Args:
        bests: for each head, its best epoch in the shared network.
        shared: losses and metrics of the shared network by epoch.
        rows: number of train rows; up to `MANY_ROWS` it is always tried, since a head may gain by going on alone even
            from the epoch that was kept.
    """
    if any(best.weights is None for best in bests):
        return False
    kept = _kept(bests, shared)
    return rows <= MANY_ROWS or any(best.value <= (1 - COMPROMISE) * kept[best.head] for best in bests)


def branch(
    separate: keras.Model, bests: Sequence[BestOfHead], shared: History, train_alone: Callable[[keras.Model], History]
) -> tuple[bool, History]:
    """Trains each head alone, and says whether the heads should part.

    Args:
        separate: the two-headed network whose heads share no layer; afterwards with the weights that are best for each.
        bests: for each head, the weights of its best epoch in the shared network.
        shared: losses and metrics of the shared network by epoch; its best one is what a head would otherwise have.
        train_alone: trains a network of one head, leaves it at its best epoch and returns its history, which is empty
            where there was no time for that.

    Returns:
        Whether a head gains more than 1 %; and for each head `ALONE`: by epoch, its mean absolute error (standardised)
        or log loss on the validation split.
    """
    kept = _kept(bests, shared)
    part, histories = False, {}
    for best in bests:
        alone = single_task(separate, best.head)
        alone.set_weights(best.weights)
        losses = train_alone(alone).get(monitored_loss(best.head), [])
        if not min(losses, default=math.inf) < best.value:
            alone.set_weights(best.weights)
        least = np.nanmin([best.value, *losses])
        part |= bool(least < (1 - TOLERANCE) * kept[best.head])
        histories[ALONE[best.head]] = losses
    return part, histories


def _kept(bests: Sequence[BestOfHead], shared: History) -> dict[str, float]:
    """Returns each head's monitored loss in the epoch that is best for both together."""
    epoch = int(np.nanargmin(shared[MONITORED_LOSS]))
    return {best.head: shared[monitored_loss(best.head)][epoch] for best in bests}
