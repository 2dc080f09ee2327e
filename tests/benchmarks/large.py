"""Seconds that a preset trains to early stopping on a large table, compilation and all.

    python -m tests.benchmarks.large [PRESET] [ROWS]

`default` and 100,000 rows when left out; an eighth as many again validate. Data: 16 normal numbers and 4 categories of
10 levels. The regression label is a sum of smooth, kinked and crossed terms; the class, one of three, depends on it and
more.
"""

from __future__ import annotations

import sys
import tempfile
import time

import numpy as np

from components.trainer.dataset import Dataset
from components.trainer.fit import fit
from components.trainer.stopping import MONITORED_LOSS
from components.trainer.task import Task
from tests.benchmarks.preset import configured

NUMBERS, CATEGORIES, LEVELS = 16, 4, 10
# A place for each level, one for a missing value and one for levels that train does not have.
_PLACES = LEVELS + 2


def rows(count: int, seed: int) -> Dataset:
    """Returns rows as Transform leaves them, with a number of mean 0 and standard deviation 1, about."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, NUMBERS)).astype("float32")
    level = random.integers(0, LEVELS, (count, CATEGORIES))
    crossed = np.where(level[:, 0] < LEVELS / 2, x[:, 4], -x[:, 4])
    exact = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + np.abs(x[:, 3]) / 2 + crossed + 0.3 * (level[:, 1] % 3)
    number = exact + random.normal(scale=0.5, size=count)
    scores = np.stack([x[:, 5] + x[:, 0] ** 2, 1.5 * x[:, 6] * x[:, 7] + 0.3 * (level[:, 2] > 6), exact / 2], axis=1)
    label = (scores + random.gumbel(scale=0.7, size=scores.shape)).argmax(axis=1)
    mean, scale = 0.67, 1.71
    return Dataset(
        features={
            "numeric": x,
            "missing": np.zeros_like(x),
            "categorical": level + _PLACES * np.arange(CATEGORIES),
        },
        regression=number.astype("float32"),
        target=((number - mean) / scale).astype("float32"),
        classes=label,
        target_mean=mean,
        target_scale=scale,
    )


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    preset, count = [*arguments, *("default", "100000")[len(arguments) :]]
    config = configured(preset)
    task = Task(
        rows(int(count), 0),
        rows(int(count) // 8, 1),
        ["a", "b", "c"],
        np.repeat(np.arange(CATEGORIES), _PLACES).tolist(),
    )
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        network, history = fit(task, config.model.model_dump(), config.training.model_dump(), folder)
    seconds = time.perf_counter() - began
    losses = history[MONITORED_LOSS]
    print(
        f"{preset}, {int(count):,} rows: {seconds:.0f} s, {len(losses)} epochs, the best {1 + int(np.argmin(losses))} "
        f"with a headline of {min(losses):.4f}; trunk {network.name}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
