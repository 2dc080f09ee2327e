"""`training.minutes`, with a clock that moves on by the epoch."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from small_task import MODEL, TRAINING, rows, task

from components.formats.history import ALONE
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.fit import fit
from components.trainer.stopping import MONITORED_LOSS, monitored_loss
from components.trainer.time_limit import TimeLimit


class Clock:
    """Seconds that pass only where an epoch of any network begins."""

    def __init__(self, monkeypatch, seconds_per_epoch):
        self.now = 1000.0
        begin = keras.callbacks.CallbackList.on_epoch_begin

        def tick(callbacks, *arguments):
            self.now += seconds_per_epoch
            begin(callbacks, *arguments)

        monkeypatch.setattr(keras.callbacks.CallbackList, "on_epoch_begin", tick)

    def __call__(self):
        return self.now


def noisy(train=150, validation=200):
    return task(rows(train, 0, noise=1.0), rows(validation, 1, noise=1.0))


@pytest.mark.parametrize(("minutes", "epochs"), [(0.01, 1), (1.0, 3), (1.01, 4)])
@pytest.mark.parametrize("ema_epochs", [0.0, 1.0])
def test_training_stops_at_the_end_of_the_first_epoch_after_so_long(minutes, epochs, ema_epochs, tmp_path, monkeypatch):
    """Of 20 seconds each; up to there it is as without a limit, and the best epoch is kept."""
    found, training = noisy(), TRAINING | {"learning_rate": 0.1, "patience": 9, "ema_epochs": ema_epochs}
    _, whole = fit(found, MODEL, training, str(tmp_path / "whole"))
    limit = TimeLimit(minutes, Clock(monkeypatch, 20.0))
    network, history = fit(found, MODEL, training | {"minutes": 99}, str(tmp_path / "cut"), limit=limit)
    assert (len(history["loss"]), limit.stopped_after) == (epochs, minutes)
    assert history == {name: values[:epochs] for name, values in whole.items()}
    answer = network.predict(found.validation.features, verbose=0)
    loss = np.abs(answer[REGRESSION][:, 0] - found.validation.target).mean()
    loss -= np.log(answer[CLASSIFICATION][np.arange(200), found.validation.classes]).mean()
    assert loss == pytest.approx(min(history[MONITORED_LOSS]), rel=1e-4)


@pytest.mark.parametrize(("epoch", "stopped", "cut_short"), [(1, False, True), (1, True, False), (2, False, False)])
def test_a_training_that_ends_by_itself_is_not_cut_short(epoch, stopped, cut_short):
    """Not even if the time is up in its last epoch, which is early stopping's or the third of three."""
    limit = TimeLimit(1.0, iter([0.0, 61.0]).__next__)
    limit.set_model(SimpleNamespace(stop_training=stopped))
    limit.set_params({"epochs": 3})
    limit.on_epoch_end(epoch)
    assert limit.model.stop_training == (stopped or cut_short)
    assert limit.stopped_after == (1.0 if cut_short else None)
    said = (
        "Training stopped after 1 minute, when it might still have got better. Raise training.minutes to let it go on."
    )
    assert limit.notes == [said] * cut_short


def test_without_a_limit_there_is_none():
    limit = TimeLimit(None, lambda: 1e12)
    assert (limit.seconds_left, limit.is_up, limit.stopped_after) == (np.inf, False, None)


@pytest.mark.parametrize(("minutes", "alone"), [(1.0, (0, 0)), (1.2, (1, 0)), (2.2, (3, 1)), (9.0, (3, 3))])
def test_the_heads_alone_have_what_the_shared_network_left(minutes, alone, tmp_path, monkeypatch):
    """Epochs of 20 seconds, three of each network at most; weights are the best that there was time for."""
    found = task(rows(1500, 0), rows(1000, 1))
    limit = TimeLimit(minutes, Clock(monkeypatch, 20.0))
    model, training = MODEL | {"trunk": "auto", "hidden": [2]}, TRAINING | {"epochs": 3}
    network, history = fit(found, model, training, str(tmp_path), limit=limit)
    assert len(history["loss"]) == 3
    assert tuple(len(history[ALONE[head]]) for head in (REGRESSION, CLASSIFICATION)) == alone
    assert limit.stopped_after == (minutes if alone != (3, 3) else None)
    answer = network.predict(found.validation.features, verbose=0)
    loss = np.abs(answer[REGRESSION][:, 0] - found.validation.target).mean()
    expected = (
        min(*history[monitored_loss(REGRESSION)], *history[ALONE[REGRESSION]])
        if network.name == "separate"
        else history[monitored_loss(REGRESSION)][int(np.argmin(history[MONITORED_LOSS]))]
    )
    assert loss == pytest.approx(expected, rel=1e-4)
