"""How the network is fitted: the `training` section of the configuration, as the trainer reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.losses import ClassificationLoss, RegressionLoss

FIXED = "fixed"
_SMALLEST_BATCH, _LARGEST_BATCH = 32, 512
# Mini-batches per epoch that an automatic batch size aims at.
_BATCHES = 64


@dataclass(frozen=True)
class Recipe:
    """The `training` section; the defaults are those of the seed network.

    Args:
        epochs: passes over the train split, at most.
        batch_size: rows per step; None for one that suits the number of rows.
        learning_rate: Adam's learning rate.
        weight_decay: decoupled weight decay.
        ema_epochs: epochs that the moving average of the weights reaches back, which is validated and kept; 0 for the
            weights themselves.
        patience: epochs without a better validation headline before training stops.
        plateau: epochs without a better headline before the best weights are restored and the learning rate is
            multiplied by 0.3; 0 for never.
        balancing: how the two losses share the network.
        regression_weight: weight of the number's loss.
        classification_weight: weight of the class's loss.
        regression_loss: `mse`, `mae`, `huber`, `log_cosh` or `quantile`.
        huber_delta: where `huber` turns linear, in standard deviations of the label.
        quantile: the quantile of `quantile`.
        focal_gamma: γ of the focal loss; 0 is cross-entropy.
        label_smoothing: share of the class label spread over all classes.
        class_weights: `none`, `balanced`, or class -> weight, 1 for classes left out.
        seed: seed of initial weights, shuffling and dropout.
        memory_mb: MiB of features of the train split that are kept in memory.
    """

    epochs: int = 200
    batch_size: int | None = 32
    learning_rate: float = 0.001
    weight_decay: float = 0.0
    ema_epochs: float = 0.0
    patience: int = 20
    plateau: int = 0
    balancing: str = FIXED
    regression_weight: float = 1.0
    classification_weight: float = 1.0
    regression_loss: str = "mse"
    huber_delta: float = 1.0
    quantile: float = 0.5
    focal_gamma: float = 0.0
    label_smoothing: float = 0.0
    class_weights: str | Mapping[str, float] = "none"
    seed: int = 0
    memory_mb: int = 4096

    @property
    def head_weights(self) -> dict[str, float]:
        """Returns output name -> weight of its loss."""
        return {REGRESSION: self.regression_weight, CLASSIFICATION: self.classification_weight}

    def losses(self, labels: np.ndarray, classes: Sequence[str]) -> dict[str, keras.losses.Loss]:
        """Returns output name -> its loss.

        Args:
            labels: class index of each train row that has a class, int64 [n].
            classes: names of the K classes, by index.

        Raises:
            InputError: a weight is given to a class that train does not have.
        """
        return {
            REGRESSION: RegressionLoss(self.regression_loss, self.huber_delta, self.quantile),
            CLASSIFICATION: ClassificationLoss(
                self.focal_gamma, self.label_smoothing, self.weights_of_classes(labels, classes)
            ),
        }

    def batch_size_for(self, rows: int) -> int:
        """Returns the rows per step: as configured, or the power of two that gives about 64 steps per epoch."""
        if self.batch_size is not None:
            return self.batch_size
        wanted = 2 ** int(np.log2(max(rows / _BATCHES, 1)))
        return int(np.clip(wanted, _SMALLEST_BATCH, _LARGEST_BATCH))

    def ema_momentum_for(self, rows: int) -> float:
        """Returns the momentum by which weights `ema_epochs` old count 1/e of the newest; 0 for no average."""
        steps = -(-rows // self.batch_size_for(rows))
        return math.exp(-1 / (self.ema_epochs * steps)) if self.ema_epochs else 0.0

    def weights_of_classes(self, labels: np.ndarray, classes: Sequence[str]) -> list[float] | None:
        """Returns a weight per class, None where all count alike; `balanced` as in scikit-learn, n / (K * its rows).

        Args:
            labels: class index of each train row that has a class, int64 [n].
            classes: names of the K classes, by index.

        Raises:
            InputError: a weight is given to a class that train does not have.
        """
        given = self.class_weights
        if isinstance(given, str):
            if given == "none":
                return None
            counts = np.maximum(np.bincount(labels, minlength=len(classes)), 1)
            return (len(labels) / (len(classes) * counts)).tolist()
        if unknown := sorted(set(given) - set(classes)):
            raise InputError(
                f'training.class_weights must name classes of the train split, got "{unknown[0]}". '
                f"The classes are {', '.join(classes)}."
            )
        return [given.get(name, 1.0) for name in classes]
