"""Memory and speed of training on rows that are mapped from a file, beside the same rows in memory.

    python -m tests.benchmarks.streaming [ROWS ...]

1,000,000 and 10,000,000 rows when left out. Each line is a process of its own, which loads a train split of 10 numbers
and a validation split of a tenth as many rows, with `training.memory_mb` at 64 or without bound, and fits the seed
network for `EPOCHS` epochs at batch 32. Of its memory the anonymous pages count, which it really holds: the peak of
`RssAnon`, and that less what it had before it loaded anything. Pages of a mapped file are the system's to drop.
Speed is train rows per second of the fastest epoch but the first, validation and all; seconds to load are those of both
splits.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from components.shared.exact_numbers import bits
from components.trainer.dataset import load, weighted
from components.trainer.fit import fit
from components.trainer.task import Task
from components.trainer.time_limit import TimeLimit
from components.transform.tensor_files import write_tensors
from tests.benchmarks.preset import configured

FEATURES, CLASSES, EPOCHS, SMALL = 10, 3, 4, 64
SPLITS = {"train": 1, "validation": 10}
"""Split -> how many times more rows train has."""
# MiB, more than any of these rows need.
_PLENTY = 1 << 20
_BATCH, _FILE = 16_384, 4 << 20
_CHILD = "--one"


def write(folder: Path, rows: int, seed: int) -> None:
    """Writes rows as Transform leaves them: normal numbers, and labels that depend on them."""
    random = np.random.default_rng(seed)

    def batch(count: int) -> dict[str, np.ndarray]:
        x = random.normal(size=(count, FEATURES)).astype("float32")
        number = x[:, 0] + x[:, 1] * x[:, 2] + random.normal(size=count)
        return {
            "numeric": x,
            "missing": np.zeros_like(x),
            "regression_label": bits(number),
            "regression_target": number.astype("float32"),
            "target_mean": bits(np.zeros(count)),
            "target_scale": bits(np.ones(count)),
            "classification_label": (x[:, 3:6] + random.gumbel(size=(count, CLASSES))).argmax(axis=1),
            "regression_present": np.ones(count, "float32"),
            "classification_present": (random.random(count) < 0.99).astype("float32"),
            "fingerprint": random.integers(0, 2**63 - 1, count),
        }

    def batches(count: int) -> Iterator[dict[str, np.ndarray]]:
        for first in range(0, count, _BATCH):
            yield batch(min(_BATCH, count - first))

    folder.mkdir(parents=True)
    for first in range(0, rows, _FILE):
        write_tensors(batches(min(_FILE, rows - first)), str(folder / f"{first}.parquet"))


def anonymous() -> int:
    """Returns the bytes of anonymous memory of this process."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return 1024 * int(lines["RssAnon"].split()[0])


class Watch(threading.Thread):
    """Keeps the most anonymous memory that this process has had, looking ten times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = anonymous()
        self.start()

    def run(self) -> None:
        """Looks until the process ends."""
        while True:
            self.peak = max(self.peak, anonymous())
            time.sleep(0.1)


class Clock(TimeLimit):
    """No limit; notes when each epoch ends."""

    def __init__(self) -> None:
        super().__init__(None)
        self.ends: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Notes it."""
        super().on_epoch_end(epoch, logs)
        self.ends.append(self.clock())


def one(folder: str, memory_mb: int) -> dict[str, float]:
    """Returns what a training takes: seconds to load, rows per second, bytes before and at the most."""
    config = configured("seed")
    training = config.training.model_dump() | {"epochs": EPOCHS, "batch_size": 32}
    before, watch, clock = anonymous(), Watch(), Clock()
    began = clock.clock()
    train, validation = (load([f"{folder}/{split}/*"], memory_mb << 20) for split in SPLITS)
    train, validation = weighted(train, validation)
    loaded = clock.clock() - began
    with tempfile.TemporaryDirectory() as logs:
        fit(Task(train, validation, ["a", "b", "c"]), config.model.model_dump(), training, logs, limit=clock)
    seconds = min(float(last - first) for first, last in pairwise(clock.ends))
    return {"loaded": loaded, "speed": len(train) / seconds, "before": before, "peak": watch.peak}


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    if arguments[:1] == [_CHILD]:
        print(json.dumps(one(arguments[1], int(arguments[2]))))
        return
    print("| rows | held | s to load | rows/s | MB at the most | MB without the imports |\n|---|---|---|---|---|---|")
    for rows in map(int, arguments or ["1000000", "10000000"]):
        with tempfile.TemporaryDirectory() as folder:
            for seed, (split, share) in enumerate(SPLITS.items()):
                write(Path(folder, split), rows // share, seed)
            for where, memory_mb in {"in memory": _PLENTY, "mapped": SMALL}.items():
                command = [sys.executable, "-m", "tests.benchmarks.streaming", _CHILD, folder, str(memory_mb)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found = json.loads(done.stdout.splitlines()[-1])
                peak, own = found["peak"] / 1e6, (found["peak"] - found["before"]) / 1e6
                print(
                    f"| {rows:,} | {where} | {found['loaded']:.1f} | {found['speed']:,.0f} | {peak:,.0f} | {own:,.0f} |"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
