"""The log loss of a row, wherever probabilities are judged outside the training loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# Keras clips probabilities there too, so the log loss of training and of evaluation agree; it is also
# the resolution of the float32 softmax that made them.
EPSILON = 1e-7


def row_log_loss(probabilities: npt.NDArray[Any], classes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Returns `-ln p(class)` of each row, with p clipped from below at `EPSILON`.

    Args:
        probabilities: float [n, K].
        classes: int [n], the index of each row's class; one outside of [0, K) is unknown to the model: its p is 0.

    Returns:
        float64 [n].
    """
    known = (classes >= 0) & (classes < probabilities.shape[1])
    chosen = probabilities[np.arange(len(classes)), np.where(known, classes, 0)].astype(np.float64)
    return -np.log(np.maximum(np.where(known, chosen, 0.0), EPSILON))
