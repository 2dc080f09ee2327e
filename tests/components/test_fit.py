"""Fitting: when it stops, and what it keeps."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_task import MODEL, TRAINING, rows, task

from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.fit import fit
from components.trainer.loop import train
from components.trainer.model import build_table_model
from components.trainer.network.encoder import FeatureSpace
from components.trainer.presets import SEED
from components.trainer.scan import ScanningModel
from components.trainer.stopping import MONITORED_LOSS
from components.trainer.time_limit import TimeLimit


@pytest.mark.parametrize("ema_epochs", [0.0, 1.0])
def test_the_weights_of_the_best_epoch_are_kept(ema_epochs, tmp_path):
    """With more noise than rows the network overfits soon, so the last epoch is not the best one."""
    validation = rows(200, 1, noise=1.0)
    training = TRAINING | {"ema_epochs": ema_epochs}
    network, history = fit(task(rows(150, 0, noise=1.0), validation), MODEL, training, str(tmp_path))
    headline = history[MONITORED_LOSS]
    best = int(np.argmin(headline))
    assert len(headline) == best + 1 + TRAINING["patience"] < TRAINING["epochs"]
    answer = network.predict(validation.features, verbose=0)
    mae = np.abs(answer[REGRESSION][:, 0] - validation.target).mean()
    log_loss = -np.log(answer[CLASSIFICATION][np.arange(200), validation.classes]).mean()
    assert mae + log_loss == pytest.approx(headline[best], rel=1e-4)
    assert mae + log_loss < headline[-1]


def test_the_headline_is_weighted_as_the_losses_are(tmp_path):
    training = TRAINING | {"regression_weight": 0.25, "classification_weight": 2.0, "epochs": 2}
    _, history = fit(task(rows(150, 0), rows(50, 1)), MODEL, training, str(tmp_path))
    expected = 0.25 * np.array(history[f"val_{REGRESSION}_mae"]) + 2 * np.array(
        history[f"val_{CLASSIFICATION}_log_loss"]
    )
    np.testing.assert_allclose(history[MONITORED_LOSS], expected, rtol=1e-6)


def test_a_loss_that_is_not_finite_ends_training(tmp_path):
    train = rows(150, 0)
    train.target[3] = np.nan
    _, history = fit(task(train, rows(50, 1)), MODEL, TRAINING, str(tmp_path))
    assert len(history["loss"]) == 1


def test_on_a_plateau_training_goes_on_from_the_best_weights_more_slowly(tmp_path):
    training = TRAINING | {"plateau": 2, "patience": 30, "epochs": 60}
    _, history = fit(task(rows(150, 0, noise=0.3), rows(200, 1, noise=0.3)), MODEL, training, str(tmp_path))
    rates = history["learning_rate"]
    assert rates[0] == pytest.approx(0.01)
    level = best = np.inf
    flat, gained, stops, expected = 0, False, [], [0.01]
    for value in history[MONITORED_LOSS]:
        best = min(best, value)
        level, flat, gained = (value, 0, True) if value < 0.999 * level else (level, flat + 1, gained)
        stops.append(flat == 2 and not gained)
        expected.append(expected[-1] * (0.3 if flat == 2 else 1))
        level, flat, gained = (best, 0, False) if flat == 2 else (level, flat, gained)
    np.testing.assert_allclose(rates, expected[:-1], rtol=1e-5)
    assert np.flatnonzero(stops).tolist() == [len(rates) - 1], "it stops where slowing down gained nothing"
    assert rates[-1] < 0.01 * 0.3, "it slowed down more than once"


class Weights(keras.callbacks.Callback):
    """The weights at the beginning of the first step of each epoch, and those that its end has to judge."""

    def __init__(self):
        super().__init__()
        self.begun, self.judged = [], []

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:
            self.begun.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs=None):
        self.judged.append(self.model.get_weights())


@pytest.mark.parametrize("ema_epochs", [0.0, 1.0])
def test_after_a_plateau_the_best_weights_are_those_of_the_first_step(ema_epochs, tmp_path):
    found = task(rows(150, 0, noise=1.0), rows(200, 1, noise=1.0))
    recipe = SEED.recipe(**TRAINING | {"plateau": 2, "patience": 30, "epochs": 40, "ema_epochs": ema_epochs})
    network = build_table_model(
        FeatureSpace.of(found.train.features, [], 2), 2, SEED.architecture(hidden=(16,)), model_class=ScanningModel
    )
    seen = Weights()
    history = train(network, found, recipe, str(tmp_path), tf.distribute.get_strategy(), TimeLimit(None), [seen])
    cuts = np.flatnonzero(np.diff(history["learning_rate"]) < 0) + 1
    assert len(cuts)
    bests = [int(np.argmin(history[MONITORED_LOSS][:epoch])) for epoch in cuts]
    assert ema_epochs or (bests < cuts - 1).any(), "to stay would be to go back"
    for epoch, best in zip(cuts, bests, strict=True):
        for begun, judged in zip(seen.begun[epoch], seen.judged[best], strict=True):
            np.testing.assert_allclose(begun, judged, rtol=1e-5, atol=1e-6)


def test_a_head_without_weight_leaves_the_trunk_alone(tmp_path):
    """The other head's labels may be anything: what is shared, and the first head's answers, stay the same."""
    train, validation = rows(150, 0), rows(50, 1)
    training = TRAINING | {"classification_weight": 0.0, "epochs": 3}
    answers = []
    for classes in (train.classes, 1 - train.classes):
        network, _ = fit(task(replace(train, classes=classes), validation), MODEL, training, str(tmp_path))
        answers.append(network.predict(validation.features, verbose=0)[REGRESSION])
    np.testing.assert_array_equal(*answers)


def test_a_large_number_does_not_drown_the_class(tmp_path):
    """Labels in the hundreds of thousands, as Transform standardises them: the class is learnt as it is alone."""
    train, validation = rows(1000, 0, noise=0.1), rows(400, 1, noise=0.1)
    training = TRAINING | {"epochs": 10, "patience": 10}
    _, both = fit(task(train, validation), MODEL, training, str(tmp_path))
    _, alone = fit(task(train, validation), MODEL, training | {"regression_weight": 0.0}, str(tmp_path))
    key = f"val_{CLASSIFICATION}_log_loss"
    assert min(both[key]) < 1.15 * min(alone[key]) < 0.2
