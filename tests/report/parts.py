"""Parts of made-up reports: columns and heads whose figures NumPy and scikit-learn computed from random rows."""

import itertools
from typing import Any

import numpy as np
from sklearn.metrics import (
    auc,
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)


def interval(value: float | None, spread: float = 0.1) -> dict[str, float | None]:
    if value is None:
        return {"value": None, "low": None, "high": None}
    return {"value": value, "low": value - abs(value) * spread, "high": value + abs(value) * spread * 1.2}


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
            "mean": None,
            "std": None,
            "min": None,
            "median": None,
            "max": None,
            "histogram": None,
            "top": [{"value": value, "count": int(count)} for value, count in zip(values, counts, strict=True)][:10],
        }

    return {
        "name": name,
        "role": role,
        "kind": "text",
        "splits": {"train": stats(2600), "eval": stats(325)},
        "drift": None,
    }


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
    fall = np.exp(-np.arange(epochs) / 12)
    return {
        "parameters": 9924,
        "epochs": epochs,
        "best_epoch": 44,
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
        "curves": {
            "best_epoch": 44,
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
        },
    }


def regression_head(rng: np.random.Generator, columns: list[str], label: str) -> dict[str, Any]:
    actual = rng.gamma(9, 1.4, 325)
    predicted = actual * 0.9 + 1.2 + 0.5 * rng.standard_normal(325)
    errors = actual - predicted
    counts, edges = np.histogram(errors, 24)
    bounds = np.quantile(actual, np.linspace(0, 1, 9))
    ranges = []
    for low, high in itertools.pairwise(bounds):
        inside = errors[(actual >= low) & (actual <= high)]
        ranges.append(
            {
                "low": float(low),
                "high": float(high),
                "n": len(inside),
                "mae": interval(float(abs(inside).mean()), 0.15),
                "bias": float(-inside.mean()),
            }
        )
    mae = float(abs(errors).mean())
    return {
        "label": label,
        "n": 325,
        "headline": "mae",
        "metrics": {
            "mae": {"title": "MAE", "lower_is_better": True} | interval(mae),
            "rmse": {"title": "RMSE", "lower_is_better": True} | interval(float((errors**2).mean() ** 0.5)),
            "r2": {"title": "R²", "lower_is_better": False} | interval(0.93, 0.02),
            "spearman": {"title": "Spearman's ρ", "lower_is_better": False} | interval(None),
        },
        "against": [
            {
                "what": "trivial",
                "title": "the median of train",
                "metric": "mae",
                "value": 3.21,
                "difference": {"value": mae - 3.21, "low": mae - 3.5, "high": mae - 2.9},
            },
            {
                "what": "pushed",
                "title": "pushed version 3",
                "metric": "mae",
                "value": mae + 0.02,
                "difference": {"value": -0.02, "low": -0.06, "high": 0.03},
            },
        ],
        "checks": [
            {
                "passed": True,
                "decides": True,
                "sentence": "MAE must be lower than that of the median of train: 0.43 against 3.21.",
            },
            {
                "passed": True,
                "decides": True,
                "sentence": "MAE must be no higher than version 3's by more than noise: −0.02 [−0.06, 0.03].",
            },
        ],
        "importance": importance(rng, columns),
        "figures": {
            "scatter": {"actual": actual.tolist(), "predicted": predicted.tolist(), "shown": 325, "n": 325},
            "residuals": {
                "edges": edges.tolist(),
                "counts": counts.tolist(),
                "below": None,
                "above": None,
                "least": float(errors.min()),
                "greatest": float(errors.max()),
                "n": 325,
            },
            "by_range": ranges,
        },
        "uncertainty": {
            "rows": 260,
            "target": 0.9,
            "method": "cqr",
            "coverage": {"value": 0.908, "low": 0.871, "high": 0.937, "covered": 295, "n": 325, "mean_width": 1.71},
            "problem": None,
        },
    }


def importance(rng: np.random.Generator, columns: list[str]) -> list[dict[str, Any]]:
    values = np.sort(rng.exponential(0.2, len(columns)))[::-1] - 0.01
    return [
        {"column": name, "value": float(value), "low": float(value - 0.03), "high": float(value + 0.04)}
        for name, value in zip(columns, values, strict=True)
    ]


def classification_head(rng: np.random.Generator, classes: list[str], columns: list[str], label: str) -> dict[str, Any]:
    n, k = 1500, len(classes)
    truth = rng.choice(k, n, p=rng.dirichlet(np.full(k, 5.0)))
    logits = 1.6 * rng.standard_normal((n, k))
    logits[np.arange(n), truth] += 3
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    guess, confidence = probabilities.argmax(1), probabilities.max(1)
    precision, recall, f1, support = precision_recall_fscore_support(truth, guess, labels=range(k), zero_division=0)
    bins = []
    for low in np.arange(0, 1, 0.1):
        inside = (confidence > low) & (confidence <= low + 0.1)
        found = int(inside.sum())
        bins.append(
            {
                "low": float(low),
                "high": float(low + 0.1),
                "n": found,
                "confidence": float(confidence[inside].mean()) if found else None,
                "accuracy": float((truth == guess)[inside].mean()) if found else None,
            }
        )
    roc, pr = [], []
    for position, name in enumerate(classes):
        positive = truth == position
        false, true, _ = roc_curve(positive, probabilities[:, position])
        roc.append(
            {
                "class": name,
                "n_positive": int(positive.sum()),
                "auc": float(auc(false, true)),
                "points": thinned(false, true),
            }
        )
        found, sure, _ = precision_recall_curve(positive, probabilities[:, position])
        pr.append(
            {
                "class": name,
                "average_precision": float(average_precision_score(positive, probabilities[:, position])),
                "points": thinned(sure, found),
            }
        )
    return {
        "label": label,
        "n": 294,
        "headline": "log_loss",
        "metrics": {
            "log_loss": {"title": "Log loss", "lower_is_better": True} | interval(0.281),
            "accuracy": {"title": "Accuracy", "lower_is_better": False}
            | interval(float((truth == guess).mean()), 0.03),
            "auc": {"title": "AUC (mean of classes)", "lower_is_better": False}
            | interval(float(roc_auc_score(truth, probabilities, multi_class="ovr")), 0.01),
        },
        "against": [
            {
                "what": "trivial",
                "title": "the class shares of train",
                "metric": "log_loss",
                "value": 1.07,
                "difference": {"value": -0.79, "low": -0.85, "high": -0.72},
            },
            {
                "what": "pushed",
                "title": "pushed version 3",
                "metric": "log_loss",
                "value": 0.279,
                "difference": {"value": 0.002, "low": -0.031, "high": 0.034},
            },
        ],
        "checks": [
            {
                "passed": True,
                "decides": True,
                "sentence": "Log loss must be lower than that of the class shares of train: 0.281 against 1.07.",
            },
            {
                "passed": True,
                "decides": True,
                "sentence": "Log loss must be no higher than version 3's by more than noise: 0.002 [−0.031, 0.034].",
            },
            {
                "passed": False,
                "decides": False,
                "sentence": "Accuracy must be at least 0.95 in every slice, is 0.91 in region=west.",
            },
        ],
        "importance": importance(rng, columns),
        "figures": {
            "confusion": {"classes": classes, "counts": confusion_matrix(truth, guess, labels=range(k)).tolist()},
            "per_class": [
                {
                    "class": name,
                    "precision": float(precision[i]),
                    "recall": float(recall[i]),
                    "f1": float(f1[i]),
                    "support": int(support[i]),
                }
                for i, name in enumerate(classes)
            ],
            "reliability": {"bins": bins, "n": n},
            "roc": roc,
            "pr": pr,
        },
        "uncertainty": {
            "rows": 260,
            "value": 1.37,
            "before": {"calibration_error": 0.0612, "log_loss": 0.302},
            "after": {"calibration_error": 0.0231, "log_loss": 0.281},
        },
    }


def relatedness_part() -> dict[str, Any]:
    heads = (
        ("regression", "alcohol", "mae", "MAE", 0.412, 0.43, "not clear"),
        ("classification", "cultivar", "log_loss", "log loss", 0.281, 0.352, "helped"),
    )
    return {
        "seeds": [0, 1, 2],
        "confidence": 0.95,
        "rule": "Judged by the interval of the change.",
        "heads": {
            head: {
                "label": label,
                "metric": metric,
                "title": title,
                "n": 325,
                "multi_task": shared,
                "single_task": alone,
                "by_seed": [shared / alone - 1.02, shared / alone - 0.97, None],
                "verdict": verdict,
                "sentence": f"{title} {shared} in the shared network, {alone} in one of its own.",
                "change": {
                    "value": shared / alone - 1,
                    "low": shared / alone - 1.09,
                    "high": shared / alone - 1 + (0.08 if verdict == "not clear" else 0.11),
                },
            }
            for head, label, metric, title, shared, alone, verdict in heads
        },
        "gradient_cosine": {"mean": 0.125, "by_seed": [0.1, 0.15, None]},
        "cost": {
            "parameters": {"one": 10180, "two": 20102},
            "seconds": {"one": 12.25, "two": 91.5},
            "latency": {"one": 0.00055, "two": 0.00104},
        },
    }


def thinned(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    chosen = np.unique(np.linspace(0, len(x) - 1, 100).astype(int))
    return [[float(x[i]), float(y[i])] for i in chosen]


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
