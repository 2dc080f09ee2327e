"""The data of a report: its rows, its comparisons and its columns."""

from typing import Any

import numpy as np

NO_NUMBERS: dict[str, None] = dict.fromkeys(("mean", "std", "min", "median", "max", "histogram"))
"""What a column has no figures of where it holds no numbers."""


def data_part(columns: list[dict[str, Any]], checks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "fingerprint": "9f2c51c0b7d1e4aa",
        "paths": ["data/wine/wine.csv"],
        "rows": {
            "read": 3262,
            "splits": {"train": 2600, "validation": 325, "eval": 325},
            "left_out": {"without a class": 12, "without a number": 0},
            "unlabelled": {"alcohol": 0, "cultivar": 31},
        },
        "labels": {"regression": "alcohol", "classification": "cultivar"},
        "notes": ['"id" is left out: every row has another value.'],
        "checks": checks,
        "comparisons": [
            {
                "kind": kind,
                "column": column["name"],
                "split": "eval",
                "against": against,
                "method": "Jensen–Shannon divergence",
                "value": 0.004 + 0.002 * (position % 7),
                "threshold": 0.042,
                "level": "ok",
            }
            for position, column in enumerate(columns)
            for kind, against in (("drift", "pushed version 3"), ("skew", "train"))
        ],
        "against": "pushed version 3",
        "columns": columns,
    }


def number_column(name: str, rng: np.random.Generator, role: str = "feature") -> dict[str, Any]:
    train, evaluation = rng.gamma(rng.uniform(1, 8), rng.uniform(0.1, 20), 2600), None
    evaluation = rng.choice(train, 325) * rng.uniform(0.9, 1.1)
    edges = np.histogram_bin_edges(np.concatenate([train, evaluation]), 20)
    return {
        "name": name,
        "role": role,
        "kind": "number",
        "splits": {"train": numbers(train, edges, rng), "eval": numbers(evaluation, edges, rng)},
        "drift": {
            "kind": "drift",
            "column": name,
            "split": "train",
            "against": "pushed version 3",
            "method": "Jensen–Shannon divergence",
            "value": float(rng.uniform(0, 0.02)),
            "threshold": 0.042,
            "level": "ok",
        },
    }


def numbers(values: np.ndarray, edges: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    missing = int(rng.choice([0, 0, 0, 7, 150]))
    return {
        "n": len(values),
        "missing": missing,
        "missing_share": missing / (len(values) + missing),
        "zeros": int(rng.choice([0, 40])),
        "unique": len(set(values)),
        "mean": float(values.mean()),
        "std": float(values.std()),
        "min": float(values.min()),
        "median": float(np.median(values)),
        "max": float(values.max()),
        "histogram": {
            "edges": edges.tolist(),
            "counts": np.histogram(values, edges)[0].tolist(),
            "below": None,
            "above": None,
        },
        "top": None,
    }


def text_column(name: str, values: list[str], rng: np.random.Generator, role: str = "feature") -> dict[str, Any]:
    shares = np.sort(rng.dirichlet(np.ones(len(values))))[::-1]

    def stats(n: int) -> dict[str, Any]:
        counts = rng.multinomial(n, shares)
        return {
            "n": n,
            "missing": 0,
            "missing_share": 0.0,
            "zeros": None,
            "unique": len(values),
            **NO_NUMBERS,
            "top": [{"value": value, "count": int(count)} for value, count in zip(values, counts, strict=True)][:10],
        }

    return {
        "name": name,
        "role": role,
        "kind": "text",
        "splits": {"train": stats(2600), "eval": stats(325)},
        "drift": None,
    }
