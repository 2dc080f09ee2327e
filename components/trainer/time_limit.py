"""How long fitting may take: `training.minutes`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import keras

from components.shared.time_in_words import in_minutes


class TimeLimit(keras.callbacks.Callback):
    """Ends training after the first epoch that ends when the time is up.

    One object serves all trainings of a fit, so that they share the time. It comes after what else may end a training,
    and takes no credit for what would have ended with that epoch anyway.

    Args:
        minutes: how long it may take, from now; None for as long as it takes.
        clock: seconds since some moment.
    """

    def __init__(self, minutes: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.clock = clock
        self.deadline = math.inf if minutes is None else clock() + 60 * minutes
        self.minutes = minutes
        self.cut_short = False

    @property
    def seconds_left(self) -> float:
        """Seconds until the time is up, 0 or less when it is; infinity without a limit."""
        return self.deadline - self.clock()

    @property
    def is_up(self) -> bool:
        """Whether the time is up."""
        return self.seconds_left <= 0

    @property
    def stopped_after(self) -> float | None:
        """The minutes after which the limit kept something from being trained, or from being trained on; else None."""
        return self.minutes if self.cut_short else None

    @property
    def notes(self) -> list[str]:
        """A sentence that says so where the limit cut something short."""
        if self.stopped_after is None:
            return []
        return [
            f"Training stopped after {in_minutes(self.stopped_after)}, when it might still have got better. "
            "Raise training.minutes to let it go on."
        ]

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Stops if the time is up."""
        goes_on = not self.model.stop_training and epoch + 1 < self.params["epochs"]
        if goes_on and self.is_up:
            self.model.stop_training = self.cut_short = True
