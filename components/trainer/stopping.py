"""When training stops, and which weights are kept: by the monitored loss, which is measured on the validation split.

The monitored loss of a head is its mean absolute error (standardised) or its log loss; that of a network is their
weighted sum. The squared error that a network may be fitted on would let a few extreme labels choose the epoch of both
heads.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.model import single_task

MONITORED_LOSS = "val_headline"
"""Key of the network's monitored loss in logs and history; files of earlier versions have this name."""
_LOSS_OF_HEAD = {REGRESSION: "mae", CLASSIFICATION: "log_loss"}
# On a plateau: the factor of the learning rate, and the share by which the monitored loss must fall to leave it.
_SLOWER, _PROGRESS = 0.3, 1e-3


class MonitoredStopping(keras.callbacks.EarlyStopping):
    """Stops when the monitored loss no longer falls, and restores the weights that it was lowest with.

    Args:
        weights: output name -> weight of its head, of each head that the model has.
        patience: epochs without a lower value before training stops.
        plateau: epochs without a value lower by 0.1 % before training goes on from the best weights with 0.3 times the
            learning rate, or stops where that did not lower it by 0.1 % the last time; 0 for never.
    """

    def __init__(self, weights: Mapping[str, float], patience: int, plateau: int = 0) -> None:
        super().__init__(monitor=MONITORED_LOSS, mode="min", patience=patience, restore_best_weights=True)
        self.weights = weights
        self.plateau = plateau
        self._level, self._flat = float("inf"), 0
        self._gained = False
        self._restore = False

    def get_monitor_value(self, logs: dict[str, float]) -> float:
        """Returns the weighted sum over the heads and leaves it in the logs, for the history and TensorBoard."""
        logs[MONITORED_LOSS] = sum(weight * logs[monitored_loss(head)] for head, weight in self.weights.items())
        return logs[MONITORED_LOSS]

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Goes back to the best weights, if the last epoch ended a plateau.

        Its end did so too: where a moving average is validated, the weights at the end of an epoch are the average's.
        """
        if self._restore:
            self.model.set_weights(self.best_weights)
            self._restore = False

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Stops, slows down or goes on; leaves the epoch's learning rate in the logs."""
        assert logs is not None, "Keras passes the logs of the epoch"
        super().on_epoch_end(epoch, logs)
        rate = logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self._flat += 1
        if logs[MONITORED_LOSS] < self._level * (1 - _PROGRESS):
            self._level, self._flat, self._gained = logs[MONITORED_LOSS], 0, True
        if self._flat and self._flat == self.plateau and not self.model.stop_training:
            self.model.set_weights(self.best_weights)
            self._restore = True
            self.model.optimizer.learning_rate = rate * _SLOWER
            self.model.stop_training = not self._gained
            self._level, self._flat, self._gained = self.best, 0, False


class BestOfHead(keras.callbacks.Callback):
    """Keeps the weights that one head had in its own best epoch.

    Args:
        head: output name.
    """

    def __init__(self, head: str) -> None:
        super().__init__()
        self.head = head
        self.value = float("inf")
        self.weights: list[np.ndarray] | None = None

    def set_model(self, model: keras.Model) -> None:
        """Looks for the layers that lead to the head."""
        super().set_model(model)
        self._part = single_task(model, self.head)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Takes the weights of those layers in an epoch that is the best so far."""
        assert logs is not None, "Keras passes the logs of the epoch"
        if logs[monitored_loss(self.head)] < self.value:
            self.value, self.weights = logs[monitored_loss(self.head)], self._part.get_weights()


def monitored_loss(head: str) -> str:
    """Returns the key of a head's monitored loss in logs and history.

    Args:
        head: output name.
    """
    return f"val_{head}_{_LOSS_OF_HEAD[head]}"
