"""The loss of each head, and the metrics that training shows; per row, for one network or a batch ensemble.

The regression losses work on the standardised label. Every loss and metric takes predictions [B, U], or [B, M, U] of M
members: then a row's value is the mean over the members.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.implementations import implementation
from components.shared.log_loss import EPSILON
from components.trainer.choices import REGRESSION_LOSSES
from components.trainer.recipe import Recipe


@keras.saving.register_keras_serializable("mtl")
class RegressionLoss(keras.losses.Loss):
    """A loss of the error `e = prediction - label`.

    Args:
        kind: name in `REGRESSION_LOSSES`.
        delta: δ of `huber`, in standard deviations of the label.
        quantile: q of `quantile`, in (0, 1); or one for each of U predictions, whose losses count on average.
    """

    def __init__(
        self, kind: str = "mse", delta: float = 1.0, quantile: float | Sequence[float] = 0.5, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.delta = delta
        self.quantile = quantile
        self._of_error: OfError = implementation(REGRESSION_LOSSES[kind])

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each row, float32 [B].

        Args:
            y_true: standardised labels [B] or [B, 1].
            y_pred: float32 [B, U], with members [B, M, U].
        """
        return _by_row(self._of_error(y_pred - _aligned(y_true, y_pred), self))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {"kind": self.kind, "delta": self.delta, "quantile": self.quantile}
        return super().get_config() | own


OfError = Callable[[Any, RegressionLoss], Any]
"""Takes errors `prediction - label`, float32 [B, U] or [B, M, U], and the loss with its `delta` and `quantile`; returns
the loss of each error, of the same shape."""


def squared(error: Any, loss: RegressionLoss) -> Any:
    """Returns e²."""
    del loss
    return keras.ops.square(error)


def absolute(error: Any, loss: RegressionLoss) -> Any:
    """Returns |e|."""
    del loss
    return keras.ops.abs(error)


def huber(error: Any, loss: RegressionLoss) -> Any:
    """Returns ½e² where |e| ≤ δ, and δ(|e| - ½δ) beyond (Huber 1964)."""
    size = keras.ops.abs(error)
    beyond = loss.delta * (size - 0.5 * loss.delta)
    return keras.ops.where(size <= loss.delta, 0.5 * keras.ops.square(error), beyond)


def log_cosh(error: Any, loss: RegressionLoss) -> Any:
    """Returns log cosh e, without overflow."""
    del loss
    return keras.ops.abs(error) + keras.ops.softplus(-2.0 * keras.ops.abs(error)) - np.log(2.0)


def pinball(error: Any, loss: RegressionLoss) -> Any:
    """Returns max(qe', (q-1)e') with e' = -e, the pinball loss (Koenker & Bassett 1978)."""
    quantile = keras.ops.convert_to_tensor(loss.quantile, error.dtype)
    return keras.ops.maximum(-quantile * error, (1.0 - quantile) * error)


@keras.saving.register_keras_serializable("mtl")
class ClassificationLoss(keras.losses.Loss):
    """Cross-entropy of probabilities p against the true class y, with the usual variations.

    `- w_y (1 - p_y)^γ Σ_k q_k log p_k` with `q_k = (1 - s)[k = y] + s / K`.

    Args:
        gamma: γ, focus on rows that are not yet right (focal loss, Lin et al. 2017); 0 is plain cross-entropy.
        smoothing: s, label smoothing (Szegedy et al. 2016), in [0, 1).
        class_weights: w, a weight per class; 1 each when left out.
    """

    def __init__(
        self,
        gamma: float = 0.0,
        smoothing: float = 0.0,
        class_weights: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gamma = gamma
        self.smoothing = smoothing
        self.class_weights = None if class_weights is None else list(class_weights)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each row, float32 [B].

        Args:
            y_true: class indices [B] or [B, 1].
            y_pred: probabilities float32 [B, K], with members [B, M, K].
        """
        classes = _classes(y_true, y_pred)
        loss = log_loss_of(classes, y_pred)
        if self.smoothing:
            uniform = -keras.ops.mean(keras.ops.log(keras.ops.maximum(y_pred, EPSILON)), axis=-1)
            loss = (1.0 - self.smoothing) * loss + self.smoothing * uniform
        if self.gamma:
            own = keras.ops.sum(y_pred * keras.ops.one_hot(classes, y_pred.shape[-1]), axis=-1)
            # A power of 0 has no finite slope where p is 1.
            loss = keras.ops.power(keras.ops.maximum(1.0 - own, EPSILON), self.gamma) * loss
        if self.class_weights:
            loss = keras.ops.take(np.asarray(self.class_weights, np.float32), classes) * loss
        return _by_row(loss)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {"gamma": self.gamma, "smoothing": self.smoothing, "class_weights": self.class_weights}
        return super().get_config() | own


def losses_of(recipe: Recipe, labels: np.ndarray, classes: Sequence[str]) -> dict[str, keras.losses.Loss]:
    """Returns output name -> the loss that a configuration asks for.

    Args:
        recipe: the section `training`.
        labels: class index of each train row that has a class, int64 [n].
        classes: names of the K classes, by index.

    Raises:
        InputError: a weight is given to a class that train does not have.
    """
    weights = recipe.weights_of_classes(labels, classes)
    return {
        REGRESSION: RegressionLoss(recipe.regression_loss, recipe.huber_delta, recipe.quantile),
        CLASSIFICATION: ClassificationLoss(recipe.focal_gamma, recipe.label_smoothing, weights),
    }


@keras.saving.register_keras_serializable("mtl")
def mae(y_true: Any, y_pred: Any) -> Any:
    """Returns the absolute error of each row, [B]."""
    return _by_row(keras.ops.abs(y_pred - _aligned(y_true, y_pred)))


@keras.saving.register_keras_serializable("mtl")
def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Returns 1 for each row whose class is the most probable one, else 0, [B]."""
    right = keras.ops.equal(keras.ops.argmax(y_pred, axis=-1), _classes(y_true, y_pred))
    return _by_row(keras.ops.cast(right, "float32"))


@keras.saving.register_keras_serializable("mtl")
def log_loss(y_true: Any, y_pred: Any) -> Any:
    """Returns the plain cross-entropy of each row, [B], whatever the loss that is trained on."""
    return _by_row(log_loss_of(_classes(y_true, y_pred), y_pred))


def log_loss_of(classes: Any, probabilities: Any) -> Any:
    """Returns `-log p` of the given classes, [B] or [B, M]."""
    return keras.ops.sparse_categorical_crossentropy(classes, probabilities)


def _aligned(y_true: Any, y_pred: Any) -> Any:
    """Returns the labels [B, 1], or [B, 1, 1] where there are members."""
    shape = (-1,) + (1,) * (len(y_pred.shape) - 1)
    return keras.ops.reshape(keras.ops.cast(y_true, y_pred.dtype), shape)


def _classes(y_true: Any, y_pred: Any) -> Any:
    """Returns the class indices int32 [B], or [B, M] where there are members."""
    classes = keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32")
    if len(y_pred.shape) > 2:
        classes = keras.ops.repeat(keras.ops.expand_dims(classes, 1), y_pred.shape[1], axis=1)
    return classes


def _by_row(values: Any) -> Any:
    """Returns the mean over everything but the rows."""
    axes = tuple(range(1, len(values.shape)))
    return keras.ops.mean(values, axis=axes) if axes else values
