"""A whole run of several checkouts side by side, in turn, on tables that show what a version is slow at.

    python -m tests.benchmarks.checkouts TABLE CHECKOUT [CHECKOUT ...]

TABLE is `wide` (2,000 rows of 1,000 numbers) or `linear` (100,000 rows of ten numbers; two linear layers solve it: the
table of `../shared/bench`). Each is made anew, with a number and a class of three that follow from the numbers, and run
with all defaults. For each checkout seconds, peak memory, the seconds of the steps, and the metrics are printed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.beside import LABELS, timed
from tests.benchmarks.unchanged import MAIN, metrics


def linear(rows: int, columns: int) -> pd.DataFrame:
    """Returns normal numbers `f0`, …, a number with a little noise, and a class without."""
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, columns))
    frame = pd.DataFrame(x, columns=[f"f{position}" for position in range(columns)])
    number = x @ random.normal(size=columns) + 0.1 * random.normal(size=rows)
    names = np.array(["a", "b", "c"])[(x @ random.normal(size=(columns, 3))).argmax(1)]
    return frame.assign(y_reg=number, y_cls=names)


TABLES: Mapping[str, Callable[[], pd.DataFrame]] = {
    "wide": lambda: linear(2_000, 1_000),
    "linear": lambda: linear(100_000, 10),
}


def run(checkout: Path, table: Path, output: Path) -> str:
    """Runs a checkout on a table and returns what is to be said of it."""
    words = [sys.executable, "-P", "-c", MAIN, "run", "--data", table, *LABELS, "--set", f"runtime.output={output}"]
    seconds, memory, _ = timed(words, checkout, checkout)
    record = json.loads(next((output / "runs").glob("*.json")).read_text(encoding="utf-8"))
    steps = ", ".join(f"{step['name']} {step['seconds']:.1f}" for step in record["steps"] if step["seconds"] >= 1)
    found = metrics(record)
    heads = ", ".join(f"{name} {found[name]:.4g}" for name in ("regression.mae", "classification.log_loss"))
    return f"{checkout.name}: {seconds:.0f} s, {memory:,.0f} MiB; {heads}; {steps}"


def main(arguments: Sequence[str]) -> None:
    """Measures and prints."""
    name, *checkouts = arguments
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "table.csv")
        TABLES[name]().to_csv(table, index=False)
        for position, checkout in enumerate(checkouts):
            print(run(Path(checkout).resolve(), table, Path(folder, str(position))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
