"""Fitting: Keras's own loop with early stopping, best weights and TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.outputs import CLASSIFICATION, REGRESSION
from components.trainer.balancing import BALANCERS
from components.trainer.balancing.log import BalanceLog
from components.trainer.dataset import Dataset
from components.trainer.model import build_table_model, compile_model
from components.trainer.scan import ScanningModel, chunks

HEADLINE = "val_headline"
FIXED = "fixed"
_VALIDATION_BATCH = 4096
# Rows on which the gradients of the two heads are compared after each epoch.
_PROBE = 1024


def fit(
    train: Dataset,
    validation: Dataset,
    categories: int,
    num_classes: int,
    model: dict[str, Any],
    training: dict[str, Any],
    log_dir: str,
    strategy: tf.distribute.Strategy | None = None,
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Fits the network on standardised labels.

    Args:
        train: rows to learn from.
        validation: rows whose loss decides when to stop.
        categories: number of places that `categorical` can point to.
        num_classes: number of classes K.
        model: the `model` section of the configuration.
        training: the `training` section of the configuration.
        log_dir: folder for TensorBoard.
        strategy: where to train; all GPUs of this machine when left out, else its CPU.

    Returns:
        The model with the weights of its best epoch, and the losses and metrics of every epoch: `val_headline`,
        whose lowest value marks that epoch, and what `BalanceLog` adds among them.
    """
    keras.utils.set_random_seed(training["seed"])
    weights = {REGRESSION: training["regression_weight"], CLASSIFICATION: training["classification_weight"]}
    balancing = training["balancing"]
    strategy = strategy or _strategy(balancing)
    scan = strategy.num_replicas_in_sync == 1
    with strategy.scope():
        missing = train.features.get("missing")
        network = build_table_model(
            {name: values.shape[1] for name, values in train.features.items()},
            [] if missing is None else np.flatnonzero(missing.any(axis=0)).tolist(),
            categories,
            num_classes,
            **model,
            model_class=ScanningModel if scan else keras.Model,
        )
        compile_model(
            network,
            learning_rate=training["learning_rate"],
            loss_weights=weights,
            jit_compile=scan or "auto",
        )
    data: dict[str, Any]
    if isinstance(network, ScanningModel):
        if balancing != FIXED:
            network.balance(BALANCERS[balancing](), tuple(weights.values()))
        network.prepare(_first_rows(train.features), _first_rows(train.labels()))
        data = {"x": chunks(train.features, train.labels(), training["batch_size"], training["seed"])}
    else:
        data = {"x": train.features, "y": train.labels(), "batch_size": training["batch_size"]}
    history = network.fit(
        **data,
        shuffle=not scan,
        validation_data=(validation.features, validation.labels()),
        validation_batch_size=_VALIDATION_BATCH,
        epochs=training["epochs"],
        verbose=2,
        callbacks=[
            BalanceLog(_first_rows(train.features, _PROBE), _first_rows(train.labels(), _PROBE)),
            HeadlineStopping(weights, training["patience"]),
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.TensorBoard(log_dir, write_graph=False),
        ],
    )
    # Without the balancer and its state, which serve training alone.
    trained = keras.Model(network.inputs, network.output, name=network.name)
    return trained, {name: [float(value) for value in values] for name, values in history.history.items()}


class HeadlineStopping(keras.callbacks.EarlyStopping):
    """Stops by what the model is judged by: mean absolute error and log loss on the validation split.

    The squared error that the network is fitted on would let a few extreme labels choose the epoch of both heads.

    Args:
        weights: output name -> weight of its head.
        patience: epochs without a lower value before training stops.
    """

    def __init__(self, weights: Mapping[str, float], patience: int) -> None:
        super().__init__(monitor=HEADLINE, mode="min", patience=patience, restore_best_weights=True)
        self.weights = weights

    def get_monitor_value(self, logs: dict[str, float]) -> float:
        """Returns the weighted sum over the heads and leaves it in the logs, for the history and TensorBoard."""
        logs[HEADLINE] = (
            self.weights[REGRESSION] * logs[f"val_{REGRESSION}_mae"]
            + self.weights[CLASSIFICATION] * logs[f"val_{CLASSIFICATION}_loss"]
        )
        return logs[HEADLINE]


def _first_rows(tensors: dict[str, np.ndarray], count: int = 8) -> dict[str, np.ndarray]:
    return {name: values[:count] for name, values in tensors.items()}


def _strategy(balancing: str) -> Any:
    """Returns a strategy over all GPUs if there are several, else the default one; balancers use one device."""
    if balancing == FIXED and len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()
