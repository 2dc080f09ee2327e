"""Two quantiles beside the predicted value: what an interval that is wide where the data is uncertain is made of.

They are a linear layer on what the last layer of the regression head sees, added to its prediction and fitted with the
pinball loss (Koenker and Bassett, "Regression quantiles", Econometrica 1978). Everything else of the network stays as
it is, so both predictions are the same with and without them.
"""

from __future__ import annotations

import keras
import numpy as np

from components.shared.head_outputs import REGRESSION
from components.shared.mapped_arrays import derived, selected
from components.trainer.dataset import BATCH, Dataset, answered
from components.trainer.losses import RegressionLoss
from components.trainer.scan import ScanningModel, Tensors, chunks, held_out

QUANTILES = "regression_quantiles"
_SEEN, _NUMBER = "seen", "number"
# Rows whose errors the quantiles begin with: more say nothing else, since rows come in a random order.
_SAMPLE = 1 << 20
_STEP_ROWS = 256
_EPOCHS = 200
_PATIENCE = 10


def levels(coverage: float) -> tuple[float, float]:
    """Returns the levels of the two quantiles between which a share `coverage` of the labels lies."""
    return (1 - coverage) / 2, (1 + coverage) / 2


def with_quantiles(
    network: keras.Model, train: Dataset, validation: Dataset, coverage: float, seed: int
) -> keras.Model:
    """Adds the output `regression_quantiles` to a fitted network.

    Args:
        network: the network with the weights to keep.
        train: rows to fit the quantiles on.
        validation: rows whose pinball loss decides when to stop.
        coverage: share of the labels that is to lie between the quantiles.
        seed: seed of the order of the rows.

    Returns:
        The network with one output more, float32 [B, 2]: the lower and the upper quantile of the standardised label.
    """
    keras.utils.set_random_seed(seed)
    seen = _seen_by_the_last_layer(network)
    number = network.output[REGRESSION]
    insight = keras.Model(network.inputs, {_SEEN: seen, _NUMBER: number})
    features, labels, weights = _insight(insight, train)
    counted = derived(lambda weight: {"": weight > 0}, weights[QUANTILES])[""]
    errors = selected(labels[QUANTILES], counted)[:_SAMPLE]
    head = keras.layers.Dense(
        2,
        name=QUANTILES,
        kernel_initializer="zeros",
        # Where the errors of all rows are alike, these are the quantiles already.
        bias_initializer=keras.initializers.Constant(np.quantile(errors, levels(coverage))),
    )
    inputs = keras.Input(seen.shape[1:], name=_SEEN)
    fitted = ScanningModel({_SEEN: inputs}, {QUANTILES: head(inputs)})
    loss = RegressionLoss("quantile", quantile=levels(coverage))
    fitted.compile(optimizer=keras.optimizers.Adam(0.001), loss={QUANTILES: loss}, jit_compile=False)
    few = ({name: values[:1] for name, values in part.items()} for part in (features, labels, weights))
    fitted.prepare(*few)
    fitted.fit(
        chunks(features, labels, _STEP_ROWS, seed, weights),
        shuffle=False,
        epochs=_EPOCHS,
        validation_data=held_out(*_insight(insight, validation), BATCH),
        validation_batch_size=BATCH,
        verbose=0,
        callbacks=[keras.callbacks.EarlyStopping(patience=_PATIENCE, restore_best_weights=True)],
    )
    # Two quantiles that cross are exchanged.
    quantiles = keras.ops.sort(number + head(seen), axis=-1)
    return keras.Model(network.inputs, {**network.output, QUANTILES: quantiles}, name=network.name)


def _insight(insight: keras.Model, rows: Dataset) -> tuple[Tensors, Tensors, Tensors]:
    """Returns what the head sees of each row, float32 [n, H], the error of its number, [n, 1], and its weight, [n]."""
    found = answered(lambda features: insight.predict(features, batch_size=BATCH, verbose=0), rows)
    error = derived(lambda target, number: {QUANTILES: target[:, None] - number}, rows.target, found[_NUMBER])
    weight = np.broadcast_to(np.float32(1), len(rows)) if rows.weights is None else rows.weights[REGRESSION]
    return {_SEEN: found[_SEEN]}, error, {QUANTILES: weight}


def _seen_by_the_last_layer(network: keras.Model) -> keras.KerasTensor:
    """Returns the input of the regression head's last layer, [B, H]; the mean over members where there are several."""
    members = f"{REGRESSION}_members"
    names = [layer.name for layer in network.layers]
    seen = network.get_layer(members if members in names else REGRESSION).input
    return seen if len(seen.shape) == 2 else keras.ops.mean(seen, axis=1)
