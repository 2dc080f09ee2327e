"""The model of a report: its heads, slices and training."""

from typing import Any

import numpy as np

from tests.report.parts.heads import classification_head, interval, regression_head


def model_part(
    rng: np.random.Generator,
    classes: list[str],
    columns: list[str],
    *,
    slices: int = 6,
    number: str = "alcohol",
    label: str = "cultivar",
) -> dict[str, Any]:
    epochs = 60
    return {
        "parameters": 9924,
        "epochs": epochs,
        "best_epoch": 44,
        "trunk": "separate",
        "notes": ["airport: the 200 most frequent of 1,500 texts are told apart."],
        "alone": {
            "regression": {"shared": 0.2531, "alone": 0.2145, "epochs": 71},
            "classification": {"shared": 0.3012, "alone": 0.2998, "epochs": 26},
        },
        "n": 325,
        "confidence": 0.95,
        "heads": {
            "regression": regression_head(rng, columns, number),
            "classification": classification_head(rng, classes, columns, label),
        },
        "slices": [
            {
                "name": f"region={position}",
                "columns": ["region"],
                "n": 8 if position % 5 == 4 else 60 + position,
                "small": position % 5 == 4,
                "labelled": dict.fromkeys(("regression", "classification"), 8 if position % 5 == 4 else 60 + position),
                "metrics": {
                    "regression": {"mae": interval(float(rng.uniform(0.3, 0.6)), 0.2)},
                    "classification": {"log_loss": interval(float(rng.uniform(0.2, 0.5)), 0.2)},
                },
            }
            for position in range(slices)
        ],
        "balancing": "gradnorm",
        "curves": training_curves(rng, epochs, best=44),
    }


def training_curves(rng: np.random.Generator, epochs: int, best: int) -> dict[str, Any]:
    """Two heads that agree at first and, as their losses fall, less and less."""
    fall = np.exp(-np.arange(epochs) / 12)
    share = 1 + 0.4 * (1 - fall) + 0.02 * rng.standard_normal(epochs)
    cosine = 0.7 * fall - 0.15 + 0.08 * rng.standard_normal(epochs)
    return {
        "best_epoch": best,
        "epochs": list(range(1, epochs + 1)),
        "series": {
            "regression": {
                "train": (0.15 + 0.85 * fall).tolist(),
                "validation": (0.2 + 0.8 * fall + 0.01 * rng.standard_normal(epochs)).tolist(),
            },
            "classification": {
                "train": (0.1 + fall).tolist(),
                "validation": (0.22 + 0.9 * fall + 0.02 * rng.standard_normal(epochs)).tolist(),
            },
        },
        "weights": {"regression": share.tolist(), "classification": (2 - share).tolist()},
        "gradient_cosine": {
            "values": cosine.tolist(),
            "n": epochs,
            "mean": float(cosine.mean()),
            "below_zero": float((cosine < 0).mean()),
        },
    }
