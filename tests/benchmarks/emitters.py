"""What XLA's two ways to emit kernels cost the default network: seconds of its first epoch and of a later one.

    python -m tests.benchmarks.emitters [SET] [ROUNDS]

The compilation is part of a first epoch. Each measurement is a process of its own, because XLA reads its flags once;
the two ways take turns. SET is a folder of `../shared/data`, `bike_hour` when left out.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from components.trainer.xla import FLAGS, PLAIN_EMITTERS

WAYS = {"MLIR": PLAIN_EMITTERS.replace("false", "true"), "LLVM alone": PLAIN_EMITTERS}
_LATER = 10
_CHILD = "--one"


def one(name: str) -> tuple[float, float]:
    """Returns the seconds of a first and of a later epoch on the first split of a set."""
    from components.trainer.fit import fit
    from tests.benchmarks.preset import configured
    from tests.benchmarks.sets import split

    rows = split(name, 0)
    config = configured("default")
    train, validation, _ = rows.datasets
    task = rows.task(train, validation)

    def seconds(epochs: int) -> float:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            fit(task, config.model.model_dump(), config.training.model_dump() | {"epochs": epochs}, folder)
        return time.perf_counter() - began

    first = seconds(1)
    return first, (seconds(1 + _LATER) - first) / _LATER


def measure(name: str, rounds: int) -> dict[str, list[list[float]]]:
    """Returns what `one` finds by each way, once a round."""
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, flags in WAYS.items():
            child = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.emitters", _CHILD, name],
                env=os.environ | {FLAGS: flags},
                capture_output=True,
                text=True,
                check=True,
            )
            found[way].append([float(word) for word in child.stdout.splitlines()[-1].split()])
    return found


def main(arguments: list[str]) -> None:
    """Measures and prints the medians."""
    if arguments[:1] == [_CHILD]:
        print(*one(arguments[1]))
        return
    found = measure(arguments[0] if arguments else "bike_hour", int(arguments[1]) if arguments[1:] else 3)
    print(f"{'':10} {'first epoch':>12} {'later epoch':>12}")
    for way, rows in found.items():
        first, later = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{way:10} {first:10.1f} s {later:10.2f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
