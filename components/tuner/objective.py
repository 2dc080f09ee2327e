"""What a trial is judged by: each head's validation loss relative to a network that learns this head alone.

The losses of two heads have no common unit, so they are not added. Each is divided by what the starting
configuration reaches on the same rows when it learns nothing but this head; the objective is the mean of the two
ratios. Below 1, sharing and the trial's settings do better than two separate networks as they were.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras

from components.trainer.dataset import Dataset
from components.trainer.single_task import row_losses

LOSS_TITLES = {"regression": "mean absolute error, standardised", "classification": "log loss"}
"""Head -> what a person calls the loss that it is judged by."""
# A head below it is as good as perfect, and the ratio of two such losses says nothing. Both are in a natural unit:
# the label's standard deviation, and nats.
FLOOR = 1e-3


def head_losses(network: keras.Model, rows: Dataset) -> dict[str, float]:
    """Returns the losses that early stopping goes by: mean absolute error (standardised) and log loss.

    Args:
        network: a fitted network with both outputs.
        rows: the rows to judge on; their weights count.

    Raises:
        InputError: a prediction is not finite.
    """
    means = {head: float(losses.mean()) for head, losses in row_losses(network, rows).items()}
    return means | {"regression": means["regression"] / rows.target_scale}


def ratios(losses: Mapping[str, float], references: Mapping[str, float]) -> dict[str, float]:
    """Returns each head's loss divided by its single-task reference.

    Args:
        losses: head -> loss of a trial.
        references: head -> loss of the network that learns this head alone.
    """
    return {head: max(losses[head], FLOOR) / max(references[head], FLOOR) for head in LOSS_TITLES}


def objective(relative: Mapping[str, float]) -> float:
    """Returns the mean of the heads' ratios."""
    return sum(relative.values()) / len(relative)
