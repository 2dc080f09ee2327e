"""Fitting: Keras's own loop with early stopping, best weights and TensorBoard."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from components.outputs import CLASSIFICATION, REGRESSION
from components.trainer.dataset import Dataset
from components.trainer.model import build_table_model, compile_model

# Mini-batches per call of the compiled step: the same losses, less overhead between steps.
_STEPS_PER_EXECUTION = 64


def fit(
    train: Dataset,
    validation: Dataset,
    vocabulary_sizes: list[int],
    num_classes: int,
    model: dict[str, Any],
    training: dict[str, Any],
    log_dir: str,
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Fits the network on standardised labels.

    Args:
        train: rows to learn from.
        validation: rows whose loss decides when to stop.
        vocabulary_sizes: known texts of each categorical column.
        num_classes: number of classes K.
        model: the `model` section of the configuration.
        training: the `training` section of the configuration.
        log_dir: folder for TensorBoard.

    Returns:
        The model with the weights of its best epoch, and the losses and metrics of every epoch.
    """
    keras.utils.set_random_seed(training["seed"])
    with _strategy().scope():
        missing = train.features.get("missing")
        network = build_table_model(
            {name: values.shape[1] for name, values in train.features.items()},
            [] if missing is None else missing.any(axis=0).nonzero()[0].tolist(),
            vocabulary_sizes,
            num_classes,
            **model,
        )
        compile_model(
            network,
            learning_rate=training["learning_rate"],
            loss_weights={
                REGRESSION: training["regression_weight"],
                CLASSIFICATION: training["classification_weight"],
            },
            steps_per_execution=_STEPS_PER_EXECUTION,
        )
    history = network.fit(
        train.features,
        train.labels(),
        validation_data=(validation.features, validation.labels()),
        validation_batch_size=max(1024, training["batch_size"]),
        batch_size=training["batch_size"],
        epochs=training["epochs"],
        verbose=2,
        callbacks=[
            keras.callbacks.EarlyStopping(
                monitor="val_loss", mode="min", patience=training["patience"], restore_best_weights=True
            ),
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.TensorBoard(log_dir, write_graph=False),
        ],
    )
    return network, {name: [float(value) for value in values] for name, values in history.history.items()}


def _strategy() -> Any:
    """Returns a strategy over all GPUs if there are several, else the default one."""
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()
