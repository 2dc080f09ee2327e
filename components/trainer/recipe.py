"""How the network is fitted: the section `training` of the configuration. Its defaults are the preset `default`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.section import Fraction, OneOf, Section
from components.trainer.choices import BALANCERS, FIXED, REGRESSION_LOSSES
from components.trainer.network.architecture import MANY_ROWS

_SMALLEST_BATCH, _LARGEST_BATCH = 32, 512
# Mini-batches per epoch that an automatic batch size aims at.
_BATCHES = 64


class Recipe(Section):
    """How the network is fitted."""

    epochs: Annotated[int, Field(ge=1)] = 200
    """At most this many passes over the train split."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """Stop at the end of the first epoch after so many minutes of fitting, all trainings of `model.trunk: auto`
    together; the weights of the best epoch are kept, and the run says so. Null: as long as it takes."""
    batch_size: Annotated[int, Field(ge=1)] | None = None
    """Rows per step; null: the power of two from 32 to 512 that gives about 64 steps per epoch."""
    learning_rate: Annotated[float, Field(gt=0)] = 0.002
    """Adam's learning rate; see also `model.members_per_row`."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0003
    """Decoupled weight decay of the kernels (AdamW)."""
    ema_epochs: Annotated[float, Field(ge=0)] = 1.0
    """How many epochs the moving average of the weights reaches back (cf. Polyak & Juditsky 1992). The average is
    validated and kept; 0: the weights themselves."""
    patience: Annotated[int, Field(ge=1)] = 6
    """Stop after this many epochs without a lower sum of mean absolute error (standardised) and log loss on the
    validation split; the weights of the best epoch are kept."""
    plateau: Annotated[int, Field(ge=0)] | None = None
    """After this many epochs in which the loss that `patience` watches did not fall by 0.1 %, go on from the best
    weights with 0.3 times the learning rate, or stop where that gained nothing the last time; 0: never. Null: 3, or 5
    with more than 50,000 train rows, where epochs are short."""
    balancing: Annotated[str, OneOf(BALANCERS)] = FIXED
    """How the two losses share the network; all but `fixed` train on one device."""
    regression_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the regression loss; a balancer's weight multiplies it."""
    classification_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the classification loss; a balancer's weight multiplies it."""
    regression_loss: Annotated[str, OneOf(REGRESSION_LOSSES)] = "mae"
    """Loss of the standardised regression label."""
    huber_delta: Annotated[float, Field(gt=0)] = 1.0
    """Where `huber` turns from squared to absolute, in standard deviations of the label."""
    quantile: Fraction = 0.5
    """Which quantile `quantile` predicts."""
    focal_gamma: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Focus of the classification loss on rows that are not yet right (Lin et al. 2017); 0 is cross-entropy."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the class label that is spread over all classes."""
    class_weights: Literal["none", "balanced"] | dict[str, Annotated[float, Field(ge=0)]] = "none"
    """Weight of each class in the classification loss: `balanced`, inverse to its rows; or class: weight, 1 for those
    left out."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of initial weights, shuffling and dropout."""
    memory_mb: Annotated[int, Field(ge=1)] = 4096
    """MiB of each transformed split that are kept in memory; a larger one, labels and all, goes to a temporary file,
    from which training streams it in chunks."""

    @property
    def head_weights(self) -> dict[str, float]:
        """Output name -> weight of its loss."""
        return {REGRESSION: self.regression_weight, CLASSIFICATION: self.classification_weight}

    def batch_size_for(self, rows: int) -> int:
        """Returns the rows per step: as configured, or the power of two that gives about 64 steps per epoch."""
        if self.batch_size is not None:
            return self.batch_size
        wanted = 2 ** int(np.log2(max(rows / _BATCHES, 1)))
        return int(np.clip(wanted, _SMALLEST_BATCH, _LARGEST_BATCH))

    def plateau_for(self, rows: int) -> int:
        """Returns the epochs without a lower loss after which the learning rate falls; see `plateau`."""
        if self.plateau is not None:
            return self.plateau
        return 5 if rows > MANY_ROWS else 3

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
