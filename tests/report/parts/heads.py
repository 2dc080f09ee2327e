"""The two heads of a report, judged on random rows."""

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


def importance(rng: np.random.Generator, columns: list[str]) -> list[dict[str, Any]]:
    values = np.sort(rng.exponential(0.2, len(columns)))[::-1] - 0.01
    return [
        {"column": name, "value": float(value), "low": float(value - 0.03), "high": float(value + 0.04)}
        for name, value in zip(columns, values, strict=True)
    ]


def thinned(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    chosen = np.unique(np.linspace(0, len(x) - 1, 100).astype(int))
    return [[float(x[i]), float(y[i])] for i in chosen]
