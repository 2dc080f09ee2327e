"""A search for settings."""

from typing import Any

import numpy as np


def tuning_part(rng: np.random.Generator, count: int) -> dict[str, Any]:
    """A search whose third trial failed; the first is the start."""
    references = {"regression": 0.41, "classification": 0.27}
    start = {
        "model.trunk": "shared_bottom",
        "model.hidden": [128, 64],
        "model.dropout": 0.0,
        "training.learning_rate": 0.001,
        "training.batch_size": 64,
        "training.balancing": "fixed",
    }
    balancers = ["fixed", "uncertainty", "gradnorm", "pcgrad"]
    trials = []
    for number in range(1, count + 1):
        drawn = {
            "model.trunk": str(rng.choice(["shared_bottom", "mmoe", "ple", "separate"])),
            "model.hidden": [int(rng.choice([64, 128, 256]))] * int(rng.integers(1, 5)),
            "model.dropout": float(rng.choice([0.0, 0.1, 0.2, 0.3])),
            "training.learning_rate": float(f"{10 ** rng.uniform(-3.5, -2):.3g}"),
            "training.batch_size": int(rng.choice([64, 128, 256, 512])),
            "training.balancing": str(rng.choice(balancers)),
        }
        ratios = {head: float(rng.normal(1.05 - 0.3 * number / count, 0.1)) for head in references}
        failed = number == 3
        trials.append(
            {
                "number": number,
                "values": start if number == 1 else drawn,
                "objective": None if failed else sum(ratios.values()) / 2,
                "ratios": None if failed else ratios,
                "losses": None if failed else {head: ratios[head] * loss for head, loss in references.items()},
                "seconds": None if failed else float(rng.uniform(5, 90)),
                "epochs": None if failed else int(rng.integers(20, 200)),
                "parameters": None if failed else int(rng.integers(5_000, 300_000)),
                "problem": "The validation loss must be a finite number, got <nan>." if failed else None,
            }
        )
    return {
        "method": "bayesian",
        "seed": 0,
        "epochs": 200,
        "metrics": {"regression": "mean absolute error, standardised", "classification": "log loss"},
        "references": references,
        "space": {key: [value] for key, value in start.items()}
        | {"training.learning_rate": {"min": 0.0003, "max": 0.01, "log": True}},
        "start": start,
        "trials": trials,
    }
