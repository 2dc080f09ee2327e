"""Single-task learning, the baseline of multi-task learning: the same network, trained for one head alone.

It has the same settings and the other head's weight at 0: the loss of that head then moves nothing, and early stopping
follows the one head that is left. A single loss leaves nothing to balance, so it trains with `balancing: fixed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION, HEADS, REGRESSION
from components.shared.log_loss import row_log_loss
from components.shared.mapped_arrays import blocks, derived, mean, selected
from components.trainer.choices import FIXED
from components.trainer.dataset import Dataset, predict

Floats = npt.NDArray[np.float64]


def single_task_settings(
    model: Mapping[str, Any], training: Mapping[str, Any], head: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the sections `model` and `training` that train the network for one head alone.

    Args:
        model: the `model` section of the configuration.
        training: the `training` section of the configuration.
        head: `regression` or `classification`.
    """
    others = {f"{other}_weight": 0.0 for other in HEADS if other != head}
    return dict(model), {**training, **others, "balancing": FIXED}


def row_losses(network: keras.Model, rows: Dataset) -> dict[str, Floats]:
    """Returns each head's losses: absolute error in the user's units, and log loss.

    Rows without a label of the head (weight 0) are left out, and the others count by their weight: the mean of the
    result is the weighted mean of the losses.

    Returns:
        head -> float64 [rows with its label].

    Raises:
        InputError: a prediction is not finite.
    """
    answer = predict(network, rows)
    absolute = derived(lambda number, label: {"": np.abs(number[:, 0] - label)}, answer[REGRESSION], rows.regression)
    log = derived(lambda shares, known: {"": row_log_loss(shares, known)}, answer[CLASSIFICATION], rows.classes)
    losses = {"regression": absolute[""], "classification": log[""]}
    return {head: _weighted(head, values, rows) for head, values in losses.items()}


def _weighted(head: str, losses: Floats, rows: Dataset) -> Floats:
    if rows.weights is not None:
        weights = rows.weights[HEADS[head]]
        counted = derived(lambda weight: {"": weight > 0}, weights)[""]
        losses, weights = selected(losses, counted), selected(weights, counted)
        average = mean(weights)
        losses = derived(lambda loss, weight: {"": loss * weight.astype(np.float64) / average}, losses, weights)[""]
    if not all(np.isfinite(losses[block]).all() for block in blocks(losses)):
        raise InputError(
            f"Predictions of the {head} head must be finite numbers, got others. "
            "Lower training.learning_rate, or look for extreme values in the features."
        )
    return losses
