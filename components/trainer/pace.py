"""How far a training has come, for whoever waits for it."""

from __future__ import annotations

from statistics import median

import keras

from components.shared.progress import say
from components.shared.time_in_words import span
from components.trainer.time_limit import TimeLimit

# Epochs whose pace is that of the rest: the newest, since the load of a machine changes.
_NEWEST = 5


class Pace(keras.callbacks.Callback):
    """Says when an epoch begins which one it is, how long one takes, and when training ends at the latest.

    Args:
        limit: when training must end; its clock is read.
        what: what is being trained, where that is not all there is to train.
    """

    def __init__(self, limit: TimeLimit, what: str = "") -> None:
        super().__init__()
        self.limit = limit
        self.what = what
        self._begun = 0.0
        self._seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Says how far training is."""
        self._begun = self.limit.clock()
        epochs = self.params["epochs"]
        words = f"{self.what}: " if self.what else ""
        words += f"epoch {epoch + 1:,} of at most {epochs:,}"
        if self._seconds:
            # Compilation makes the first epoch longer than the others.
            pace = median((self._seconds[1:] or self._seconds)[-_NEWEST:])
            # An epoch that has begun is finished, whatever the limit.
            rest = min((epochs - epoch) * pace, max(self.limit.seconds_left, 0) + pace)
            words += f", {_each(pace)} each, done in at most {span(rest)}"
        say(words)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Takes the time of the epoch, validation and all."""
        self._seconds.append(self.limit.clock() - self._begun)


def _each(seconds: float) -> str:
    """Returns `0.04 s`, `1.3 s` or `3 min 05 s`."""
    return span(seconds) if seconds >= 0.95 else f"{seconds:.1g} s"
