"""What a training says of how far it is."""

import logging

import pytest
from small_task import MODEL, TRAINING, rows, task

from components.trainer.fit import fit
from components.trainer.pace import Pace
from components.trainer.time_limit import TimeLimit


class Clock:
    now = 5.0

    def __call__(self):
        return self.now


def said(caplog, seconds, *, epochs, minutes=None, what=""):
    """What is said when epochs take so many seconds, one after the other, and another begins."""
    clock = Clock()
    pace = Pace(TimeLimit(minutes, clock), what)
    pace.set_params({"epochs": epochs})
    with caplog.at_level(logging.INFO, "mtl.progress"):
        for epoch, length in enumerate(seconds):
            pace.on_epoch_begin(epoch)
            clock.now += length
            pace.on_epoch_end(epoch)
            clock.now += 0.25 * (epoch == 0)  # between two epochs
        pace.on_epoch_begin(len(seconds))
    return caplog.messages


def test_it_says_which_epoch_how_long_one_takes_and_when_the_last_ends(caplog):
    """The first, with its compilation, counts only as long as there is no other; then the median of the newest five."""
    assert said(caplog, [20.0, 1.0, 1.5, 90.0], epochs=1200) == [
        "epoch 1 of at most 1,200",
        "epoch 2 of at most 1,200, 20.0 s each, done in at most 6 h 39 min",
        "epoch 3 of at most 1,200, 1.0 s each, done in at most 19 min 58 s",
        "epoch 4 of at most 1,200, 1.2 s each, done in at most 24 min 56 s",
        "epoch 5 of at most 1,200, 1.5 s each, done in at most 29 min 54 s",
    ]


def test_older_epochs_no_longer_count(caplog):
    assert said(caplog, [9.0, *[1.0] * 5, *[3.0] * 3], epochs=200)[-1] == (
        "epoch 10 of at most 200, 3.0 s each, done in at most 9 min 33 s"
    )


@pytest.mark.parametrize(
    ("minutes", "rest"), [(None, "3 min 18 s"), (9.0, "3 min 18 s"), (1.0, "50.5 s"), (0.1, "1.0 s")]
)
def test_a_time_limit_ends_it_with_the_epoch_that_goes_on_then(minutes, rest, caplog):
    """10.5 seconds are over; the last limit is up, and an epoch that has begun is finished."""
    assert said(caplog, [9.25, 1.0], epochs=200, minutes=minutes, what="both heads")[-1] == (
        f"both heads: epoch 3 of at most 200, 1.0 s each, done in at most {rest}"
    )


def test_short_epochs_have_a_digit_that_is_not_0(caplog):
    assert said(caplog, [1.0, 0.0371], epochs=30)[-1] == "epoch 3 of at most 30, 0.04 s each, done in at most 1.0 s"


def test_a_training_says_what_it_trains(tmp_path, caplog):
    """What takes how long is a matter of the machine; the first epoch of each network is not."""
    found = task(rows(1500, 0), rows(1000, 1))
    with caplog.at_level(logging.INFO, "mtl.progress"):
        fit(found, MODEL | {"trunk": "auto", "hidden": [2]}, TRAINING | {"epochs": 2}, str(tmp_path / "auto"))
        fit(found, MODEL, TRAINING | {"epochs": 1}, str(tmp_path / "shared"))
    heard = [record.getMessage().split(",")[0] for record in caplog.records if record.name == "mtl.progress"]
    assert heard == [
        "both heads: epoch 1 of at most 2",
        "both heads: epoch 2 of at most 2",
        "regression alone: epoch 1 of at most 2",
        "regression alone: epoch 2 of at most 2",
        "classification alone: epoch 1 of at most 2",
        "classification alone: epoch 2 of at most 2",
        "epoch 1 of at most 1",
    ]
