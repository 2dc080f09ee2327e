"""The model of a report: its evaluation, its figures and its training."""

from typing import Any

import numpy as np

from tests.report.parts.heads import classification_head, measured, regression_head


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
    heads = {
        "regression": regression_head(rng, columns),
        "classification": classification_head(rng, classes, columns),
    }
    return {
        "evaluation": {
            "n": 325,
            "heads": {name: head["head"] for name, head in heads.items()},
            "confusion": heads["classification"]["confusion"],
            "slices": [
                {
                    "columns": ["region"],
                    "name": f"region={position}",
                    "n": 8 if position % 5 == 4 else 60 + position,
                    "small": position % 5 == 4,
                    "labelled": dict.fromkeys(heads, 8 if position % 5 == 4 else 60 + position),
                    "metrics": {
                        "regression": {"mae": measured(float(rng.uniform(0.3, 0.6)), 0.2)},
                        "classification": {"log_loss": measured(float(rng.uniform(0.2, 0.5)), 0.2)},
                    },
                }
                for position in range(slices)
            ],
            "verdict": {
                "blessed": True,
                "rule": "all",
                "heads": dict.fromkeys(heads, True),
                "checks": [check for head in heads.values() for check in head["checks"]],
                "sentence": "Blessed: all 4 checks passed.",
            },
            "labels": {"regression": number, "classification": label},
            "training": {
                "parameters": 9924,
                "epochs": epochs,
                "best_epoch": 44,
                "trunk": "separate",
                "notes": ["airport: the 200 most frequent of 1,500 texts are told apart."],
            },
            "uncertainty": {name: head["uncertainty"] for name, head in heads.items()},
        },
        "figures": {name: head["figures"] for name, head in heads.items()},
        "importance": {"heads": {name: head["importance"] for name, head in heads.items()}},
        "alone": {
            "regression": {"shared": 0.2531, "alone": 0.2145, "epochs": 71},
            "classification": {"shared": 0.3012, "alone": 0.2998, "epochs": 26},
        },
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
