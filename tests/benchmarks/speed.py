"""Training speed of the seed network at batch 32, in one run and in turn, so that the ratios hold on a noisy machine.

    python -m tests.benchmarks.speed [ROUNDS]

Prints examples per second and the ratio of the medians for plain `model.fit` and for the scanned loop: on rows in
memory, on rows in a file, and with each balancer. Data: uniformly random rows, 10 features and 3 classes.
"""

from __future__ import annotations

import math
import statistics
import sys
import time

import keras
import numpy as np

from components.shared.column_buffer import ColumnBuffer
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.implementations import implementation
from components.trainer.choices import BALANCERS, FIXED
from components.trainer.model import build_multi_task_model, build_table_model, compile_model
from components.trainer.network.encoder import FeatureSpace
from components.trainer.presets import SEED
from components.trainer.scan import ScanningModel, chunks

FEATURES, CLASSES, BATCH = 10, 3, 32
PLAIN, MAPPED = "model.fit", "from a file"


def rows(count: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns features float32 [n, 10] and labels of random rows."""
    random = np.random.default_rng(0)
    features = random.random((count, FEATURES)).astype("float32")
    labels = {
        REGRESSION: random.random((count, 1)).astype("float32"),
        CLASSIFICATION: random.integers(0, CLASSES, count),
    }
    return features, labels


class Contestant:
    """A way to train; `epoch` makes one pass over its rows."""

    def __init__(self, name: str):
        keras.utils.set_random_seed(0)
        self.rows = 20_000 if name == PLAIN else 130_000
        features, labels = rows(self.rows)
        if name == PLAIN:
            self.model = build_multi_task_model((FEATURES,), CLASSES)
            self.data = {"x": features, "y": labels, "batch_size": BATCH}
        else:
            collected = ColumnBuffer(0 if name == MAPPED else math.inf)
            collected.add({"numeric": features})
            columns = collected.arrays()
            space = FeatureSpace({"numeric": FEATURES})
            self.model = build_table_model(space, CLASSES, SEED.architecture(), model_class=ScanningModel)
            compile_model(self.model, jit_compile=True)
            if balancer := name in BALANCERS and implementation(BALANCERS[name]):
                self.model.balance(balancer())
            self.model.prepare(*({key: value[:8] for key, value in part.items()} for part in (columns, labels)))
            self.data = {"x": chunks(columns, labels, BATCH, seed=0), "shuffle": False}

    def epoch(self) -> float:
        """Trains for one epoch and returns examples per second."""
        began = time.perf_counter()
        self.model.fit(**self.data, epochs=1, verbose=0)
        return self.rows / (time.perf_counter() - began)


def measure(rounds: int) -> dict[str, float]:
    """Returns the median examples per second of each way, over some rounds in turn."""
    contestants = {name: Contestant(name) for name in (PLAIN, *BALANCERS, MAPPED)}
    for contestant in contestants.values():
        contestant.epoch()  # compiles
    speeds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            speeds[name].append(contestant.epoch())
    return {name: statistics.median(values) for name, values in speeds.items()}


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    speeds = measure(int(arguments[0]) if arguments else 5)
    print(f"{'':12} {'examples/s':>12} {'× model.fit':>12} {'fixed ÷ it':>12}")
    for name, speed in speeds.items():
        print(f"{name:12} {speed:12,.0f} {speed / speeds[PLAIN]:12.1f} {speeds[FIXED] / speed:12.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
