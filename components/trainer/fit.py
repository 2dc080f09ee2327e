"""Fitting: Keras's own loop with early stopping, best weights and TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.outputs import CLASSIFICATION, REGRESSION
from components.trainer.balancing import BALANCERS
from components.trainer.balancing.log import BalanceLog
from components.trainer.dataset import BATCH
from components.trainer.model import build_table_model, compile_model
from components.trainer.network.architecture import Architecture
from components.trainer.network.encoder import FeatureSpace
from components.trainer.recipe import FIXED, Recipe
from components.trainer.scan import ScanningModel, chunks
from components.trainer.task import Task
from components.trainer.xla import prefer_plain_emitters

HEADLINE = "val_headline"
AUTO = "auto"
_CANDIDATES = ("shared_bottom", "separate")
# Rows on which the gradients of the two heads are compared after each epoch.
_PROBE = 1024
# On a plateau: the factor of the learning rate, how often it is used before training stops, and the share by which
# the headline must fall to leave the plateau.
_SLOWER, _REDUCTIONS, _PROGRESS = 0.3, 3, 1e-3

History = dict[str, list[float]]


def fit(
    task: Task,
    model: Mapping[str, Any],
    training: Mapping[str, Any],
    log_dir: str,
    strategy: tf.distribute.Strategy | None = None,
) -> tuple[keras.Model, History]:
    """Fits the network on standardised labels.

    Args:
        task: what there is to learn; the loss of its validation rows decides when to stop, and which trunk `auto`
            stands for.
        model: the `model` section of the configuration; see `Architecture`.
        training: the `training` section of the configuration; see `Recipe`.
        log_dir: folder for TensorBoard.
        strategy: where to train; all GPUs of this machine when left out, else its CPU.

    Returns:
        The model with the weights of its best epoch, named after its trunk, and the losses and metrics of every epoch:
        `val_headline`, whose lowest value marks that epoch, and what `BalanceLog` adds among them.

    Raises:
        InputError: a weight is given to a class that train does not have.
    """
    architecture, recipe = Architecture(**model), Recipe(**training)
    space = FeatureSpace.of(task.train.features, task.categories, architecture.bins)
    trunks = _CANDIDATES if architecture.trunk == AUTO else (architecture.trunk,)
    results = []
    for trunk in trunks:
        folder = log_dir if len(trunks) == 1 else f"{log_dir}/{trunk}"
        candidate = replace(architecture, trunk=trunk)
        results.append(_fit(task, space, candidate, recipe, folder, strategy))
    return min(results, key=lambda result: np.nanmin([*result[1][HEADLINE], np.inf]))


def _fit(
    task: Task,
    space: FeatureSpace,
    architecture: Architecture,
    recipe: Recipe,
    log_dir: str,
    strategy: tf.distribute.Strategy | None,
) -> tuple[keras.Model, History]:
    train, validation = task.train, task.validation
    keras.utils.set_random_seed(recipe.seed)
    if architecture.members > 1:
        prefer_plain_emitters()
    strategy = strategy or _strategy(recipe.balancing)
    scan = strategy.num_replicas_in_sync == 1
    batch_size = recipe.batch_size_for(len(train))
    with strategy.scope():
        network = build_table_model(
            space, len(task.classes), architecture, model_class=ScanningModel if scan else keras.Model
        )
        compile_model(
            network,
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            losses=recipe.losses(train.classes[train.has(CLASSIFICATION)], task.classes),
            loss_weights=recipe.head_weights,
            jit_compile=scan or "auto",
            weighted=train.weights is not None,
        )
    probe = train.take(slice(_PROBE))
    data: dict[str, Any]
    if isinstance(network, ScanningModel):
        if recipe.balancing != FIXED:
            network.balance(BALANCERS[recipe.balancing](), (recipe.regression_weight, recipe.classification_weight))
        first = train.take(slice(8))
        network.prepare(first.features, first.labels(), first.weights)
        data = {"x": chunks(train.features, train.labels(), batch_size, recipe.seed, train.weights)}
    else:
        data = {"x": train.features, "y": train.labels(), "sample_weight": train.weights, "batch_size": batch_size}
    history = network.fit(
        **data,
        shuffle=not scan,
        validation_data=(validation.features, validation.labels(), validation.weights),
        validation_batch_size=BATCH,
        epochs=recipe.epochs,
        verbose=2,
        callbacks=[
            BalanceLog(probe.features, probe.labels(), probe.weights),
            HeadlineStopping(recipe.head_weights, recipe.patience, recipe.plateau),
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.TensorBoard(log_dir, write_graph=False),
        ],
    )
    # Without the balancer and its state, which serve training alone.
    trained = keras.Model(network.inputs, network.output, name=architecture.trunk)
    return trained, {name: [float(value) for value in values] for name, values in history.history.items()}


class HeadlineStopping(keras.callbacks.EarlyStopping):
    """Stops by what the model is judged by: mean absolute error and log loss on the validation split.

    The squared error that the network is fitted on would let a few extreme labels choose the epoch of both heads.

    Args:
        weights: output name -> weight of its head.
        patience: epochs without a lower value before training stops.
        plateau: epochs without a value lower by 0.1 % before training goes on from the best weights with 0.3 times the
            learning rate, three times, and then stops; 0 for never.
    """

    def __init__(self, weights: Mapping[str, float], patience: int, plateau: int = 0) -> None:
        super().__init__(monitor=HEADLINE, mode="min", patience=patience, restore_best_weights=True)
        self.weights = weights
        self.plateau = plateau
        self._level, self._flat, self._reductions = float("inf"), 0, 0

    def get_monitor_value(self, logs: dict[str, float]) -> float:
        """Returns the weighted sum over the heads and leaves it in the logs, for the history and TensorBoard."""
        logs[HEADLINE] = (
            self.weights[REGRESSION] * logs[f"val_{REGRESSION}_mae"]
            + self.weights[CLASSIFICATION] * logs[f"val_{CLASSIFICATION}_log_loss"]
        )
        return logs[HEADLINE]

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Stops, slows down or goes on; leaves the epoch's learning rate in the logs."""
        assert logs is not None, "Keras passes the logs of the epoch"
        super().on_epoch_end(epoch, logs)
        rate = logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self._flat += 1
        if logs[HEADLINE] < self._level * (1 - _PROGRESS):
            self._level, self._flat = logs[HEADLINE], 0
        if self._flat and self._flat == self.plateau and not self.model.stop_training:
            self.model.set_weights(self.best_weights)
            self.model.optimizer.learning_rate = rate * _SLOWER
            self.model.stop_training = self._reductions == _REDUCTIONS
            self._reductions += 1
            self._flat = 0


def _strategy(balancing: str) -> Any:
    """Returns a strategy over all GPUs if there are several, else the default one; balancers use one device."""
    if balancing == FIXED and len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()
