"""Fitting: the network that a configuration asks for, with the weights that are best on the validation split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from components.shared.head_outputs import HEADS, OUTPUTS
from components.trainer.auto_trunk import branch, can_branch, worth_branching
from components.trainer.balancing.log import BalanceLog
from components.trainer.choices import AUTO, SEPARATE, SHARED_BOTTOM
from components.trainer.devices import clock_of, strategy_for
from components.trainer.distributed import DistributedModel
from components.trainer.loop import History, train
from components.trainer.model import build_table_model
from components.trainer.network.architecture import Architecture
from components.trainer.network.encoder import FeatureSpace
from components.trainer.pace import Pace
from components.trainer.recipe import Recipe
from components.trainer.scan import ScanningModel
from components.trainer.stopping import BestOfHead
from components.trainer.task import Task
from components.trainer.time_limit import TimeLimit
from components.trainer.xla import prefer_plain_emitters

# Rows on which the gradients of the two heads are compared after each epoch.
_PROBE = 1024


def fit(
    task: Task,
    model: Mapping[str, Any],
    training: Mapping[str, Any],
    log_dir: str,
    strategy: tf.distribute.Strategy | None = None,
    limit: TimeLimit | None = None,
) -> tuple[keras.Model, History]:
    """Fits the network on standardised labels.

    Args:
        task: what there is to learn; the loss of its validation rows decides when to stop, and whether the heads of
            trunk `auto` share their layers.
        model: the `model` section of the configuration; see `Architecture`.
        training: the `training` section of the configuration; see `Recipe`.
        log_dir: folder for TensorBoard.
        strategy: where to train; as `strategy_for` says when left out.
        limit: when it must end; `training.minutes` from now when left out. Afterwards it says whether it cut anything
            short. The shared network has one epoch at least.

    Returns:
        The model with the weights of its best epoch, named after its trunk, and the losses and metrics of every epoch:
        the monitored loss, whose lowest value marks that epoch, and what `BalanceLog` and `branch` add among them.

    Raises:
        InputError: a weight is given to a class that train does not have, or several devices cannot train so.
    """
    architecture, recipe = Architecture(**model).trained_on(len(task.train)), Recipe(**training)
    recipe = recipe.model_copy(update={"learning_rate": recipe.learning_rate * architecture.rate_factor})
    strategy = strategy or strategy_for(recipe.balancing)
    limit = limit or TimeLimit(recipe.minutes, clock_of(strategy))
    space = FeatureSpace.of(task.train.features, task.owners, architecture.bins)
    keras.utils.set_random_seed(recipe.seed)
    if architecture.members > 1:
        prefer_plain_emitters()
    alone = strategy.num_replicas_in_sync == 1
    model_class = ScanningModel if alone else DistributedModel

    def build(trunk: str, where: tf.distribute.Strategy = strategy) -> keras.Model:
        with where.scope():
            named = architecture.model_copy(update={"trunk": trunk})
            return build_table_model(space, len(task.classes), named, model_class=model_class)

    def train_alone(head: keras.Model) -> History:
        if limit.is_up:
            limit.cut_short = True
            return {}
        name = next(name for name, output in HEADS.items() if output == head.name)
        return train(head, task, recipe, f"{log_dir}/{head.name}", strategy, limit, [Pace(limit, f"{name} alone")])

    trunk = SHARED_BOTTOM if architecture.trunk == AUTO else architecture.trunk
    network = build(trunk)
    bests = [BestOfHead(head) for head in OUTPUTS] if architecture.trunk == AUTO and can_branch(task, recipe) else []
    log = BalanceLog(*task.train.take(slice(_PROBE)).arrays(OUTPUTS))
    pace = Pace(limit, "both heads" if bests else "")
    history = train(network, task, recipe, log_dir, strategy, limit, [log, *bests, pace])
    if bests and worth_branching(bests, history, len(task.train)):
        separate = build(SEPARATE)
        part, histories = branch(separate, bests, history, train_alone)
        history |= histories
        network, trunk = (separate, SEPARATE) if part else (network, trunk)
    if not alone:
        here = build(trunk, tf.distribute.get_strategy())
        here.set_weights(network.get_weights())  # in variables that are nobody else's
        network = here
    # Without the balancer and its state, which serve training alone.
    return keras.Model(network.inputs, network.output, name=trunk), history
