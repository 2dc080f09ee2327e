"""The network: one trunk, one number and one class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import keras

from components.shared.head_outputs import CLASSIFICATION, OUTPUTS, REGRESSION
from components.shared.implementations import implementation
from components.trainer.choices import TRUNKS
from components.trainer.losses import ClassificationLoss, RegressionLoss, accuracy, log_loss, mae
from components.trainer.network.architecture import Architecture
from components.trainer.network.blocks import stack
from components.trainer.network.encoder import FeatureSpace, encode
from components.trainer.network.members import MeanOfMembers, MemberDense
from components.trainer.network.trunks import Features, Trunk
from components.trainer.presets import SEED

BALANCER = "balancer"
TRAINING_METRICS = {REGRESSION: (mae,), CLASSIFICATION: (accuracy, log_loss)}
"""Output name -> metrics of its head that training shows: functions of labels and predictions to one value per row."""


def build_multi_task_model(
    input_shape: tuple[int, ...],
    num_classes: int,
    *,
    hidden: Sequence[int] = (128, 64),
    dropout: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Builds and compiles the shared-bottom network (Caruana 1997).

    With `input_shape=(10,)` and `num_classes=3` and nothing else it has 9,924 parameters.

    Args:
        input_shape: shape of one row, `(D,)`.
        num_classes: number of classes K.
        hidden: units of each shared relu layer.
        dropout: share of each shared layer's outputs dropped in training, in [0, 1).
        l2: L2 penalty on the shared kernels.

    Returns:
        A model from float32 [B, D] to `regression_output` float32 [B, 1] and `classification_output` float32 [B, K]
        (softmax probabilities), compiled with Adam, mean squared error and sparse categorical cross-entropy.
    """
    inputs = keras.Input(input_shape)
    architecture = SEED.architecture(hidden=hidden, dropout=dropout, l2=l2)
    outputs = _two_headed(lambda prefix: inputs, num_classes, architecture)
    model = keras.Model(inputs, outputs, name="multi_task")
    compile_model(model)
    return model


def build_table_model(
    space: FeatureSpace,
    num_classes: int,
    architecture: Architecture,
    *,
    model_class: type[keras.Model] = keras.Model,
) -> keras.Model:
    """Builds the network on transformed columns.

    Args:
        space: what the encoder knows of the train split.
        num_classes: number of classes K.
        architecture: what the network is made of.
        model_class: class of the result, for another training step.

    Returns:
        An uncompiled model from a dict of tensors [B, columns] to the two outputs of `build_multi_task_model`; with
        members, in training, [B, M, 1] and [B, M, K].
    """
    inputs = space.inputs()
    features = partial(encode, inputs, space, architecture)
    return model_class(inputs, _two_headed(features, num_classes, architecture), name="table")


def single_task(network: keras.Model, head: str) -> keras.Model:
    """Returns the part of a two-headed model that leads to one of its outputs, with the same layers.

    Args:
        network: a functional model.
        head: output name.
    """
    return type(network)(network.inputs, {head: network.output[head]}, name=head)


def is_shared(variable: keras.Variable) -> bool:
    """Returns whether a variable of a two-headed model is the trunk's: no head's and no balancer's."""
    return not any(part.startswith((*OUTPUTS, BALANCER)) for part in variable.path.split("/"))


def compile_model(
    model: keras.Model,
    *,
    learning_rate: float = 0.001,
    weight_decay: float = 0.0,
    ema_momentum: float = 0.0,
    losses: Mapping[str, keras.losses.Loss] | None = None,
    loss_weights: Mapping[str, float] | None = None,
    jit_compile: bool | str = "auto",
    weighted: bool = False,
) -> None:
    """Compiles a model with Adam and the loss and metrics of each of its heads, in place.

    Args:
        model: a model with the outputs `regression_output` and `classification_output`, or one of them.
        learning_rate: Adam's learning rate.
        weight_decay: decoupled weight decay of the kernels (AdamW, Loshchilov & Hutter 2019).
        ema_momentum: momentum of the moving average of the weights that the optimizer keeps beside them; 0 for none.
        losses: output name -> its loss; mean squared error and cross-entropy when left out.
        loss_weights: output name -> weight of its loss in the sum; 1 each when left out.
        jit_compile: whether XLA compiles the training step; Keras's "auto" does not on a CPU.
        weighted: whether rows come with weights, which metrics then use.
    """
    average = {"use_ema": True, "ema_momentum": ema_momentum} if ema_momentum else {}
    optimizer: keras.optimizers.Optimizer = keras.optimizers.Adam(learning_rate, **average)
    if weight_decay:
        optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay, **average)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "scaling"])
    losses = losses or {REGRESSION: RegressionLoss(), CLASSIFICATION: ClassificationLoss()}
    heads = list(model.output)
    # Keras tells metrics by their output's name only where there are several outputs.
    names = {head: "" if len(heads) > 1 else f"{head}_" for head in heads}
    metrics = {
        head: [
            keras.metrics.MeanMetricWrapper(metric, name=f"{prefix}{metric.__name__}")
            for metric in TRAINING_METRICS[head]
        ]
        for head, prefix in names.items()
    }
    model.compile(
        optimizer=optimizer,
        loss={head: losses[head] for head in heads},
        loss_weights={head: loss_weights[head] for head in heads} if loss_weights else None,
        metrics=None if weighted else metrics,
        weighted_metrics=metrics if weighted else None,
        jit_compile=jit_compile,
    )


def _two_headed(features: Features, num_classes: int, architecture: Architecture) -> dict[str, keras.KerasTensor]:
    """Puts the trunk on the features and the two heads on the trunk.

    Args:
        features: returns the encoded rows, float32 [B, D].
        num_classes: number of classes K.
        architecture: what the network is made of.

    Returns:
        Output name -> answers: `regression_output` float32 [B, 1], `classification_output` float32 [B, K]. With M
        members these are their means; in training, where each has a loss of its own, [B, M, 1] and [B, M, K].
    """
    trunk: Trunk = implementation(TRUNKS[architecture.trunk])
    units = {REGRESSION: (1, None), CLASSIFICATION: (num_classes, "softmax")}
    own = {
        REGRESSION: architecture,
        CLASSIFICATION: architecture.model_copy(update={"dropout": architecture.class_dropout}),
    }
    outputs = {}
    for head, x in zip(OUTPUTS, trunk(features, architecture), strict=True):
        x = stack(x, architecture.head_hidden, own[head], f"{head}_hidden")
        if architecture.members == 1:
            outputs[head] = keras.layers.Dense(*units[head], name=head)(x)
        else:
            if len(x.shape) == 2:  # no layer before has divided the rows among the members
                x = keras.ops.repeat(keras.ops.expand_dims(x, 1), architecture.members, axis=1)
            answers = MemberDense(*units[head], name=f"{head}_members")(x)
            outputs[head] = MeanOfMembers(name=head)(answers)
    return outputs
