"""Two quantiles beside the predicted value: what an interval that is wide where the data is uncertain is made of.

They are a linear layer on what the last layer of the regression head sees, added to its prediction and fitted with the
pinball loss (Koenker and Bassett, "Regression quantiles", Econometrica 1978). Everything else of the network stays as
it is, so both predictions are the same with and without them.
"""

from __future__ import annotations

import keras
import numpy as np

from components.shared.head_outputs import REGRESSION
from components.trainer.dataset import BATCH, Dataset
from components.trainer.losses import RegressionLoss

QUANTILES = "regression_quantiles"
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
    insight = keras.Model(network.inputs, [seen, number])
    x, error, weight = _insight(insight, train)
    head = keras.layers.Dense(
        2,
        name=QUANTILES,
        kernel_initializer="zeros",
        # Where the errors of all rows are alike, these are the quantiles already.
        bias_initializer=keras.initializers.Constant(np.quantile(error[weight > 0], levels(coverage))),
    )
    fitted = keras.Sequential([keras.Input(x.shape[1:]), head])
    loss = RegressionLoss("quantile", quantile=levels(coverage))
    fitted.compile(optimizer=keras.optimizers.Adam(0.001), loss=loss, jit_compile=False)
    fitted.fit(
        x,
        error,
        sample_weight=weight,
        batch_size=_STEP_ROWS,
        epochs=_EPOCHS,
        validation_data=_insight(insight, validation),
        validation_batch_size=BATCH,
        verbose=0,
        callbacks=[keras.callbacks.EarlyStopping(patience=_PATIENCE, restore_best_weights=True)],
    )
    # Two quantiles that cross are exchanged.
    quantiles = keras.ops.sort(number + head(seen), axis=-1)
    return keras.Model(network.inputs, {**network.output, QUANTILES: quantiles}, name=network.name)


def _insight(insight: keras.Model, rows: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns what the head sees of each row, float32 [n, H], the error of its number, [n, 1], and its weight, [n]."""
    seen, number = insight.predict(rows.features, batch_size=BATCH, verbose=0)
    weight = np.ones(len(rows), np.float32) if rows.weights is None else rows.weights[REGRESSION]
    return seen, rows.target[:, None] - number, weight


def _seen_by_the_last_layer(network: keras.Model) -> keras.KerasTensor:
    """Returns the input of the regression head's last layer, [B, H]; the mean over members where there are several."""
    members = f"{REGRESSION}_members"
    names = [layer.name for layer in network.layers]
    seen = network.get_layer(members if members in names else REGRESSION).input
    return seen if len(seen.shape) == 2 else keras.ops.mean(seen, axis=1)
