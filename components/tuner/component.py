"""The Tuner step."""

from __future__ import annotations

from typing import Any

from tfx.components.tuner import component, executor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import artifact_utils

from components.formats.tuning import Tuning
from components.shared.errors import InputError
from components.tuner.objective import LOSS_TITLES
from components.tuner.search import Search
from components.tuner.search_space import value_of


class Executor(executor.Executor):
    """TFX's executor, and `tuning.json` in `tuner_results`.

    TFX writes the objective of each trial alone; what each head came to, its reference and the trials that failed
    would be lost.
    """

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Searches, and writes the result.

        Raises:
            InputError: not one trial could be trained.
        """
        search: Search = executor.search(input_dict, exec_properties, self._get_tmp_dir())
        results = results_of(search)
        if not results.completed:
            raise InputError(
                f"A trial must have a finite loss, got none in {len(results.trials)}: {results.trials[0].problem}"
            )
        executor.write_best_hyperparameters(search, output_dict)
        results.write(artifact_utils.get_single_uri(output_dict["tuner_results"]))


def results_of(search: Search) -> Tuning:
    """Returns what a search found."""
    settings = search.settings
    return Tuning(
        method=settings.method,
        seed=settings.seed,
        epochs=settings.epochs,
        metrics=LOSS_TITLES,
        references=search.references,
        space=dict(settings.space),
        start={key: value_of(settings.start, key) for key in settings.space},
        trials=tuple(search.completed()),
    )


class Tuner(component.Tuner):
    """TFX's Tuner with the executor above."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
