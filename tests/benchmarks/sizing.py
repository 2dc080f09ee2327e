"""What `mtl check` estimates by: whole runs on tables of several shapes, and the constants that are fitted to them.

    python -m tests.benchmarks.sizing            # every run anew, and the constants: under ten minutes on two cores
    python -m tests.benchmarks.sizing NAME ...   # these runs once more, and the constants
    python -m tests.benchmarks.sizing --fit      # the constants alone

Each run is `mtl run` in a process of its own. Of a step the time of the clock counts, or CPU time where that is less,
as it is where other work held the processors; and of several tries the least. Runs and constants are kept in
`pipeline/sizing/constants.json`, of which the tables of `pipeline/sizing` and "Outgrowing one machine" are made: write
them again with `python -m pipeline.cli.reference`. The epochs there come from `tests.benchmarks.epochs`.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from components.formats.history import ALONE, History
from pipeline.config.resolve import resolve
from pipeline.runs.record import Run, read_runs
from pipeline.sizing.estimate import AROUND, CONSTANTS, HELD, TRAINER, Terms, held, terms
from pipeline.sizing.growth import job_of
from pipeline.sizing.shape import Shape, shape_of
from pipeline.sizing.speed import Speed
from pipeline.verbs.check import check_data
from tests.benchmarks.beside import LABELS, ROOT
from tests.benchmarks.checkouts import linear
from tests.benchmarks.epochs import summary

_LEVELS = 20
# A slope of memory that explains less than this of what it was measured on, in MiB, is noise: it would be GiB far out.
_NOISE = 64
_Json = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """A run to measure.

    Args:
        rows: rows of the table.
        numbers: columns of numbers.
        texts: columns of categories with 20 levels.
        preset: the preset.
        training: keys of the section `training` that differ from it.
        tries: how often it is run.
    """

    rows: int
    numbers: int
    texts: int
    preset: str
    training: Mapping[str, int] = field(default_factory=dict)
    tries: int = 1


TRIALS: Mapping[str, Trial] = {
    "small": Trial(1_000, 10, 0, "seed", {"epochs": 10}, tries=2),
    "small-default": Trial(2_000, 10, 2, "default", {"epochs": 4}, tries=2),
    "tall": Trial(100_000, 10, 0, "seed", {"epochs": 3}),
    "tall-default": Trial(100_000, 20, 0, "default", {"epochs": 3}),
    "texts": Trial(50_000, 4, 16, "default", {"epochs": 2}),
    "wide": Trial(2_000, 300, 0, "seed", {"epochs": 3}),
    "middle": Trial(20_000, 20, 2, "default", {"epochs": 3}),
    "million": Trial(1_000_000, 10, 0, "seed", {"epochs": 1}),
}
"""Name -> run."""


def table(rows: int, numbers: int, texts: int) -> pd.DataFrame:
    """Returns normal numbers, categories that say nothing, and a number and a class that follow from the numbers."""
    random = np.random.default_rng(1)
    names = np.array([f"level {level}" for level in range(_LEVELS)])
    categories = {f"t{place}": names[random.integers(0, _LEVELS, rows)] for place in range(texts)}
    return linear(rows, numbers).assign(**categories)


def write_table(trial: Trial, folder: Path) -> Path:
    """Writes the table of a trial into a folder, where it is not there yet, and returns its path."""
    path = folder / "table.csv"
    if not path.exists():
        table(trial.rows, trial.numbers, trial.texts).to_csv(path, index=False)
    return path


def shape_of_table(path: Path) -> Shape:
    """Returns the size of a table, as `mtl check` finds it with default settings."""
    _, regression, _, classification = LABELS
    flags = {"data.path": str(path), "labels.regression": regression, "labels.classification": classification}
    config = resolve(flags=flags).config
    checked = check_data(config)
    return shape_of(checked.plan.profile, checked.features, config)


def measured(trial: Trial, folder: Path) -> _Json:
    """Runs a trial once and returns what `constants.json` keeps of it; its table is made where it is not there yet."""
    path = write_table(trial, folder)
    output = Path(tempfile.mkdtemp(dir=folder))
    keys = {f"training.{key}": value for key, value in trial.training.items()} | {"runtime.output": output}
    settings = [word for key, value in keys.items() for word in ("--set", f"{key}={value}")]
    words = [sys.executable, "-m", "pipeline.cli.main", "run", "--data", path, *LABELS, "--preset", trial.preset]
    began, used = time.perf_counter(), _children()
    done = subprocess.run([*map(str, words), *settings], cwd=ROOT, capture_output=True, text=True)
    whole = min(time.perf_counter() - began, _children() - used)
    if done.returncode not in (0, 3):  # 3: a gate rejected the model
        raise SystemExit(f"A run ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    [record] = read_runs(output)
    steps = [step for step in record.steps if step.state == "done"]
    seconds = {step.name: step.busy_seconds for step in steps}
    return {
        "shape": asdict(shape_of_table(path)),
        "preset": trial.preset,
        "training": dict(trial.training),
        "epochs": epochs_of(record),
        "seconds": seconds | {AROUND: max(whole - sum(seconds.values()), 0.0)},
        "memory": {step.name: step.peak_memory for step in steps if step.peak_memory is not None},
    }


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def epochs_of(record: Run) -> list[int]:
    """Returns how many epochs the network of both heads was trained, and the heads alone, together."""
    from components.trainer.stopping import MONITORED_LOSS

    folder = record.artifact("Trainer", "model_run")
    assert folder is not None, "the run has trained"
    series = History.read(folder).series
    return [len(series[MONITORED_LOSS]), sum(len(series.get(name, ())) for name in ALONE.values())]


def least(one: _Json, other: _Json) -> _Json:
    """Returns a run with the lesser seconds of each step; memory is that of the first."""
    seconds = {step: min(value, other["seconds"][step]) for step, value in one["seconds"].items()}
    return one | {"seconds": seconds}


def fitted(runs: Sequence[_Json]) -> tuple[dict[str, Terms], dict[str, Terms]]:
    """Returns step -> term -> coefficient of the seconds and of the memory, which are not negative.

    Args:
        runs: as of `measured`, all on one machine.
    """
    seconds, memory = {}, {}
    for step in dict.fromkeys(step for run in runs for step in run["seconds"]):
        seconds[step] = coefficients([(terms(step, job_of(run)), value) for run, value in _of(runs, "seconds", step)])
        if not any(step in run["memory"] for run in runs):
            continue
        amounts = [(held(step, job_of(run)), value) for run, value in _of(runs, "memory", step)]
        # What is held is known, and would be lost among what else grows with rows.
        found = [(parts, value - parts.pop(HELD, 0.0)) for parts, value in amounts]
        known = coefficients(found)
        most = {name: known.get(name, 0.0) * max(parts[name] for parts, _ in found) for name in found[0][0]}
        grows = [name for name, explained in most.items() if name == "fixed" or explained >= _NOISE]
        memory[step] = coefficients([({name: parts[name] for name in grows}, value) for parts, value in found])
        memory[step] |= {HELD: 1.0} if step == TRAINER else {}
    return seconds, memory


def _of(runs: Sequence[_Json], what: str, step: str) -> list[tuple[_Json, float]]:
    return [(run, run[what][step]) for run in runs if step in run[what]]


def coefficients(found: Sequence[tuple[Terms, float]]) -> Terms:
    """Returns term -> coefficient, not negative, with the least squares of the relative errors; 0 is left out."""
    names = list(found[0][0])
    goal = np.array([value for _, value in found])
    amounts = np.array([[of_run[name] for name in names] for of_run, _ in found])
    largest = np.maximum(amounts.max(axis=0), 1e-12)
    solution, _ = nnls(amounts / largest / goal[:, None], np.ones(len(goal)))
    return {name: float(value) for name, value in zip(names, solution / largest, strict=True) if value > 0}


def main(arguments: Sequence[str]) -> None:
    """Measures, fits, and keeps the constants."""
    kept = json.loads(CONSTANTS.read_text(encoding="utf-8")) if CONSTANTS.exists() else {"runs": []}
    runs = {run["name"]: run for run in kept["runs"]}
    if arguments != ["--fit"]:
        names = arguments or list(TRIALS)
        runs = {name: run for name, run in runs.items() if arguments and name not in names}
        speeds = [Speed(**kept["speed"])] if arguments and "speed" in kept else []
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                for _ in range(TRIALS[name].tries):
                    speeds.append(Speed.measured())
                    run = measured(TRIALS[name], Path(folder))
                    runs[name] = {"name": name} | (least(runs[name], run) if name in runs else run)
        kept["speed"] = asdict(Speed(min(s.loop for s in speeds), min(s.product for s in speeds), speeds[-1].cores))
    kept["runs"] = [runs[name] for name in (*TRIALS, *(name for name in runs if name not in TRIALS)) if name in runs]
    kept["seconds"], kept["memory"] = fitted(kept["runs"])
    kept["epochs"] = summary()
    CONSTANTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
