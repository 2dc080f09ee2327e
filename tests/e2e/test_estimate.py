"""A real run against what is said of it before: seconds and memory within a factor of two."""

import pytest

from components.trainer.presets import PRESETS
from pipeline.sizing.estimate import Job, constants, expected
from pipeline.sizing.speed import Speed
from tests.benchmarks.sizing import Trial, measured, shape_of_table, write_table

TABLES = {
    "numbers": Trial(20_000, 10, 0, "seed", {"epochs": 5}),
    "columns": Trial(20_000, 30, 3, "default", {"epochs": 3}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_run_takes_about_what_was_said(name: str, tmp_path):
    """Against the run itself: CPU time counts where other work holds the processors, as it does for the constants."""
    trial = TABLES[name]
    preset = PRESETS[trial.preset]
    shape = shape_of_table(write_table(trial, tmp_path))
    job = Job(shape, preset.architecture(), preset.recipe(**trial.training))
    said = expected(job, trial.preset, Speed.measured(), constants())
    run = measured(trial, tmp_path)
    assert run["epochs"][0] == said.epochs == trial.training["epochs"]
    assert 0.5 < sum(run["seconds"].values()) / sum(said.seconds.values()) < 2
    assert 0.5 < max(run["memory"].values()) / max(said.memory.values()) < 2
