"""The search itself: a KerasTuner whose trials are runs of the Trainer's own engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import tensorflow as tf
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus

from components.formats.tuning import Trial as TrialResult
from components.shared.errors import InputError
from components.shared.kept_files import read_json, write_json
from components.trainer.fit import fit
from components.trainer.single_task import single_task_settings
from components.trainer.stopping import MONITORED_LOSS
from components.trainer.task import Task
from components.tuner.objective import LOSS_TITLES, head_losses, objective, ratios
from components.tuner.oracles import NAME, make_oracle
from components.tuner.search_space import Sections, declare, sections_of, value_of

LOGGER = logging.getLogger("mtl.tuner")
"""For a person to read while the search goes on."""

_REFERENCES = "references.json"


@dataclass(frozen=True)
class Settings:
    """What a search is asked for.

    Args:
        start: the sections `model` and `training` of the configuration it starts from.
        space: dotted key -> choices, or a range.
        method: `random`, `bayesian` or `hyperband`.
        trials: at most this many trials, those of earlier calls included.
        minutes: no trial starts when this call has gone on for so long; None for no bound.
        epochs: at most this many epochs per trial.
        seed: seed of what is tried.
    """

    start: Sections
    space: Mapping[str, Any]
    method: str
    trials: int
    minutes: float | None
    epochs: int
    seed: int


class Search(BaseTuner):
    """Tries settings on one task; finds its earlier trials in its folder and goes on from there.

    Args:
        task: what there is to learn; trials are judged on its validation rows.
        settings: what is asked for.
        directory: folder of the search; whatever a trial's outcome depends on must be the same for all its calls.

    Raises:
        Damaged: a file of an earlier call cannot be read.
    """

    def __init__(self, task: Task, settings: Settings, directory: str):
        self.task = task
        self.settings = settings
        self.start = settings.start | {"training": settings.start["training"] | {"epochs": settings.epochs}}
        oracle = make_oracle(
            settings.method,
            declare(settings.space, self.start),
            trials=settings.trials,
            epochs=settings.epochs,
            seed=settings.seed,
        )
        folder = Path(directory)
        for pattern in ("oracle.json", "tuner*.json", "trial_*/trial.json"):
            for path in sorted(folder.glob(pattern)):
                read_json(path, f"Remove {folder}: the search begins again.")
        super().__init__(oracle, directory=str(folder.parent), project_name=folder.name)

    def save(self) -> None:
        """Writes the state of the search; the base class would write its own file in place."""
        self.oracle.save()
        write_json(Path(self._get_tuner_fname()), self.get_state())

    def on_search_begin(self) -> None:
        """Makes sure of the references and says what is there already."""
        began = time.monotonic()
        self.references = self._references()
        shown = ", ".join(f"{head} {loss:.4g} ({LOSS_TITLES[head]})" for head, loss in self.references.items())
        LOGGER.info("single-task references: %s", shown)
        kept = len(self.oracle.end_order)
        if kept:
            LOGGER.info("%d trial%s kept from an earlier call", kept, "s" if kept > 1 else "")
        if self.settings.minutes is not None:
            self.oracle.deadline = began + 60 * self.settings.minutes

    def run_trial(self, trial: Trial) -> dict[str, float]:
        """Trains one setting.

        Returns:
            The objective, each head's loss and its ratio to the reference, and what the training took.
        """
        sections = self.sections(trial)
        began = time.monotonic()
        try:
            losses, network, epochs = self._train(sections, Path(self.get_trial_dir(trial.trial_id)) / "logs")
        except (InputError, tf.errors.ResourceExhaustedError) as error:
            raise keras_tuner.errors.FailedTrialError(str(error).splitlines()[0]) from error
        except Exception as error:
            # Any other error is a bug; KerasTuner would count it as a bad trial and go on.
            raise keras_tuner.errors.FatalError(f"{type(error).__name__}: {error}") from error
        relative = ratios(losses, self.references)
        return {
            NAME: objective(relative),
            **{f"{head}_ratio": ratio for head, ratio in relative.items()},
            **{f"{head}_loss": loss for head, loss in losses.items()},
            "seconds": time.monotonic() - began,
            "epochs": epochs,
            "parameters": network.count_params(),
        }

    def on_trial_end(self, trial: Trial) -> None:
        """Keeps the result of the trial and logs it."""
        super().on_trial_end(trial)
        told = self.describe(trial)
        head = f"trial {told.number} of {self.settings.trials}:"
        if told.objective is None or told.ratios is None:
            LOGGER.info("%s failed: %s", head, told.problem)
            return
        best = min(one.score for one in self.completed() if one.objective is not None)
        shown = "  ".join(f"{name} {ratio:.4f}" for name, ratio in told.ratios.items())
        mark = " ← best" if told.objective == best else f"  best {best:.4f}"
        LOGGER.info("%s objective %.4f  %s  %.1f s%s", head, told.objective, shown, told.seconds, mark)

    def sections(self, trial: Trial) -> Sections:
        """Returns the sections `model` and `training` that a trial trains with."""
        values = trial.hyperparameters.values
        sections = sections_of(values, self.settings.space, self.start)
        sections["training"]["epochs"] = values.get("tuner/epochs", self.settings.epochs)
        return sections

    def completed(self) -> list[TrialResult]:
        """Returns the result of every trial that has ended, in the order of their starts."""
        return [self.describe(self.oracle.trials[name]) for name in self.oracle.start_order if name in self._ended()]

    def describe(self, trial: Trial) -> TrialResult:
        """Returns the result of one trial of KerasTuner's."""
        sections = self.sections(trial)
        number = self.oracle.start_order.index(trial.trial_id) + 1
        values = {key: value_of(sections, key) for key in self.settings.space}
        if trial.status != TrialStatus.COMPLETED:
            return TrialResult(number, values, None, problem=_last_line(trial.message))
        metrics = {name: trial.metrics.get_best_value(name) for name in trial.metrics.metrics}
        return TrialResult(
            number,
            values,
            trial.score,
            ratios={head: metrics[f"{head}_ratio"] for head in LOSS_TITLES},
            losses={head: metrics[f"{head}_loss"] for head in LOSS_TITLES},
            seconds=metrics["seconds"],
            epochs=int(metrics["epochs"]),
            parameters=int(metrics["parameters"]),
        )

    def _ended(self) -> set[str]:
        return set(self.oracle.end_order)

    def _references(self) -> dict[str, float]:
        """Returns each head's loss when it is learnt alone; trained in the first call only."""
        path = Path(self.project_dir) / _REFERENCES
        if path.exists():
            return read_json(path, "Remove it: the networks of one head are trained again.")
        references = {}
        for head in LOSS_TITLES:
            model, training = single_task_settings(self.start["model"], self.start["training"], head)
            alone = {"model": model, "training": training}
            losses, _, _ = self._train(alone, Path(self.project_dir) / "references" / head)
            references[head] = losses[head]
        write_json(path, references)
        return references

    def _train(self, sections: Sections, log_dir: Path) -> tuple[dict[str, float], keras.Model, int]:
        """Fits one network and returns its validation losses, the network and the epochs it took.

        Raises:
            InputError: a prediction is not finite.
        """
        keras.utils.clear_session()
        network, history = fit(self.task, sections["model"], sections["training"], str(log_dir))
        return head_losses(network, self.task.validation), network, len(history[MONITORED_LOSS])


def _last_line(message: str | None) -> str:
    """Returns the error's own words, the last of a traceback."""
    lines = (message or "").strip().splitlines()
    return lines[-1].partition(": ")[2] if lines else ""
