"""One training: Keras's own loop with early stopping, best weights and TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from components.shared.head_outputs import CLASSIFICATION
from components.shared.implementations import implementation
from components.trainer.choices import BALANCERS
from components.trainer.dataset import BATCH
from components.trainer.devices import is_chief
from components.trainer.distributed import DistributedModel, train_rows, validation_rows
from components.trainer.losses import losses_of
from components.trainer.model import compile_model
from components.trainer.recipe import Recipe
from components.trainer.scan import ScanningModel, chunks, held_out
from components.trainer.stopping import MonitoredStopping
from components.trainer.task import Task
from components.trainer.time_limit import TimeLimit

History = dict[str, list[float]]


def train(
    network: ScanningModel | DistributedModel,
    task: Task,
    recipe: Recipe,
    log_dir: str,
    strategy: tf.distribute.Strategy,
    limit: TimeLimit,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Fits a network until its heads gain nothing more on the validation split or the time is up; keeps its best epoch.

    Args:
        network: with both outputs, or one of them; made under the strategy. Where that has several replicas, a
            `DistributedModel`.
        task: what there is to learn.
        recipe: how it is learnt; one head alone has nothing to balance.
        log_dir: folder for TensorBoard.
        strategy: where to train.
        limit: when it must end, whatever the heads still gain.
        callbacks: what comes before the stopping at the end of an epoch.

    Returns:
        Losses and metrics of every epoch; the monitored loss, whose lowest value marks the best one, among them.

    Raises:
        InputError: a weight is given to a class that train does not have.
    """
    rows, heads = task.train, list(network.output)
    batch_size = recipe.batch_size_for(len(rows))
    with strategy.scope():
        compile_model(
            network,
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            ema_momentum=recipe.ema_momentum_for(len(rows)),
            losses=losses_of(recipe, rows.labelled(CLASSIFICATION), task.classes),
            loss_weights=recipe.head_weights,
            jit_compile=isinstance(network, ScanningModel) or "auto",
            weighted=rows.weights is not None,
        )
    train_arrays, validation_arrays = rows.arrays(heads), task.validation.arrays(heads)
    features, labels, weights = train_arrays
    if isinstance(network, ScanningModel):
        balancer = implementation(BALANCERS[recipe.balancing])
        if balancer and len(heads) > 1:
            network.balance(balancer(), (recipe.regression_weight, recipe.classification_weight))
        data, steps = chunks(features, labels, batch_size, recipe.seed, weights), None
        validation, validation_steps = held_out(*validation_arrays, BATCH), None
    else:
        data, steps = train_rows(strategy, features, labels, batch_size, recipe.seed, weights)
        validation, validation_steps = validation_rows(strategy, *validation_arrays, BATCH)
    network.prepare(*rows.take(slice(8)).arrays(heads))
    history = network.fit(
        data,
        shuffle=False,
        steps_per_epoch=steps,
        validation_data=validation,
        validation_steps=validation_steps,
        validation_batch_size=BATCH,
        epochs=recipe.epochs,
        verbose=2,
        callbacks=[
            # First, so that the others see the average, and begin an epoch after it has gone.
            *([keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if recipe.ema_epochs else []),
            *callbacks,
            MonitoredStopping(
                {head: recipe.head_weights[head] for head in heads}, recipe.patience, recipe.plateau_for(len(rows))
            ),
            keras.callbacks.TerminateOnNaN(),
            limit,
            *([keras.callbacks.TensorBoard(log_dir, write_graph=False)] if is_chief() else []),
        ],
    )
    return {name: [float(value) for value in values] for name, values in history.history.items()}
