"""How many epochs early stopping takes on the real sets: what `mtl check` says of a training before it has begun.

    python -m tests.benchmarks.epochs [--sets NAME,...] [--presets default,seed,best]

Measures what `epochs.json` beside this file does not hold yet, on the first split of each set, and prints by preset the
median and the tenth and ninetieth percentile, which `tests.benchmarks.sizing --fit` hands on to `mtl check`. The number
of epochs does not depend on the speed of the machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from components.formats.history import ALONE
from tests.benchmarks.preset import configured

FIGURES = Path(__file__).with_name("epochs.json")
PRESETS = ("default", "seed", "best")


def measure(name: str, preset: str) -> dict[str, int]:
    """Returns train rows of a set, the epochs of its network, and those of each head alone, 0 where there were none."""
    from components.trainer.fit import fit
    from components.trainer.stopping import MONITORED_LOSS
    from tests.benchmarks.sets import split

    rows, config = split(name, 0), configured(preset)
    train, validation, _ = rows.datasets
    with tempfile.TemporaryDirectory() as folder:
        task = rows.task(train, validation)
        _, history = fit(task, config.model.model_dump(), config.training.model_dump(), folder)
    alone = {head: len(history.get(losses, ())) for head, losses in ALONE.items()}
    return {"rows": len(train), "epochs": len(history[MONITORED_LOSS])} | alone


def summary() -> dict[str, tuple[int, int, int, int]]:
    """Returns preset -> tenth percentile, median and ninetieth percentile of its epochs, and what follows alone.

    The last is the median of the epochs of both heads alone, together, of the sets that have them.
    """
    found = {}
    for preset, sets in json.loads(FIGURES.read_text(encoding="utf-8")).items():
        epochs = np.quantile([figures["epochs"] for figures in sets.values()], (0.1, 0.5, 0.9))
        alone = [sum(figures[head] for head in ALONE) for figures in sets.values()]
        after = np.median([count for count in alone if count] or [0])
        low, middle, high, more = (round(float(count)) for count in (*epochs, after))
        found[preset] = (low, middle, high, more)
    return found


def main() -> None:
    """Measures what is missing, keeps it and prints the table."""
    from tests.benchmarks.sets import TABLES

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(TABLES))
    parser.add_argument("--presets", default=",".join(PRESETS))
    arguments = parser.parse_args()
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for preset in arguments.presets.split(","):
        for name in arguments.sets.split(","):
            known = figures.setdefault(preset, {})
            if name not in known:
                known[name] = measure(name, preset)
                FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print("| preset | 10 % | median | 90 % | heads alone |\n| --- | --- | --- | --- | --- |")
    for preset, counts in summary().items():
        print(f"| {preset} | {' | '.join(map(str, counts))} |")


if __name__ == "__main__":
    main()
