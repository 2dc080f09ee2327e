"""KerasTuner's oracles, which say what to try next, mended where a search must survive being killed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner import oracles
from keras_tuner.engine.trial import Trial, TrialStatus
from sklearn.exceptions import ConvergenceWarning

from components.shared.kept_files import write_json

NAME = "objective"
# Points that are drawn at random before the Gaussian process has something to go by.
_INITIAL = 8


class Durable:
    """What every oracle here does beside its own method.

    - The first trial is the starting configuration, so that the best of all is never worse than it.
    - State is replaced as a whole, never half written; a trial that was under way when the process died is run
      again, one that had ended is not.
    - A point that was tried before gives way to a random one.
    - No trial starts after `deadline`.
    """

    deadline: float | None = None
    """Value of `time.monotonic()` after which no trial starts."""

    def populate_space(self: Any, trial_id: str) -> dict[str, Any]:
        """Returns the values of the next trial, see `keras_tuner.Oracle`."""
        if not self.start_order:
            return {"status": TrialStatus.RUNNING, "values": self._first_values()}
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return {"status": TrialStatus.STOPPED}
        with warnings.catch_warnings():
            # Of the Gaussian process on few trials: its proposal is then a worse guess, and no more than that.
            warnings.simplefilter("ignore", ConvergenceWarning)
            response: dict[str, Any] = super().populate_space(trial_id)  # type: ignore[misc]
        proposed = response.get("values")
        if proposed and "tuner/trial_id" not in proposed and self._duplicate(proposed):
            drawn = self._random_values()
            return {"status": TrialStatus.RUNNING, "values": drawn} if drawn else {"status": TrialStatus.STOPPED}
        return response

    def _first_values(self: Any) -> dict[str, Any]:
        return {parameter.name: parameter.default for parameter in self.hyperparameters.space}

    def save(self: Any) -> None:
        """Writes the state of the search."""
        write_json(Path(self._get_oracle_fname()), self.get_state())

    def _save_trial(self: Any, trial: Trial) -> None:
        write_json(Path(self._get_trial_dir(trial.trial_id), "trial.json"), trial.get_state())

    def reload(self: Any) -> None:
        """Reads the state of a search that may have ended anywhere, even between two files."""
        super().reload()  # type: ignore[misc]
        for unknown in set(self.trials) - set(self.start_order):
            del self.trials[unknown]
        for trial_id in list(self._retry_queue):
            if self.trials[trial_id].status in (TrialStatus.COMPLETED, TrialStatus.FAILED):
                self._retry_queue.remove(trial_id)
                self.end_order.append(trial_id)


class RandomSearch(Durable, oracles.RandomSearchOracle):
    """Random search (Bergstra and Bengio 2012)."""


class Bayesian(Durable, oracles.BayesianOptimizationOracle):
    """A Gaussian process and its lower confidence bound (Snoek et al. 2012)."""


class Hyperband(Durable, oracles.HyperbandOracle):
    """Many short trials, of which the best are trained longer (Li et al. 2018)."""

    def _first_values(self) -> dict[str, Any]:
        whole = {"tuner/epochs": self.max_epochs, "tuner/initial_epoch": 0, "tuner/bracket": 0, "tuner/round": 0}
        return super()._first_values() | whole


METHODS: dict[str, Callable[..., Any]] = {"random": RandomSearch, "bayesian": Bayesian, "hyperband": Hyperband}


def make_oracle(method: str, space: keras_tuner.HyperParameters, *, trials: int, epochs: int, seed: int) -> Any:
    """Returns the oracle of a method.

    Args:
        method: a key of `METHODS`.
        space: the search space.
        trials: at most this many trials, those of earlier calls included.
        epochs: epochs of the longest trial, which Hyperband divides.
        seed: seed of what is tried.
    """
    own = {"bayesian": {"num_initial_points": _INITIAL}, "hyperband": {"max_epochs": epochs}}.get(method, {})
    oracle = METHODS[method](
        objective=keras_tuner.Objective(NAME, "min"),
        hyperparameters=space,
        seed=seed + 1,  # KerasTuner takes 0 for none
        max_consecutive_failed_trials=None,  # a wild learning rate is a bad trial, not the end of the search
        **own,
    )
    oracle.max_trials = trials
    return oracle
