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


def measured(value: float | None, spread: float = 0.1) -> dict[str, Any]:
    return interval(value, spread) | {"level": 0.95, "resamples": 500, "dropped": 0}


def difference(ours: float, theirs: float, value: float, low: float, high: float) -> dict[str, Any]:
    return {
        **{"value": value, "low": low, "high": high, "level": 0.95, "resamples": 500, "dropped": 0},
        **{"ours": ours, "theirs": theirs, "below": 0.9, "above": 0.1},
    }


def check(head: str, sentence: str, *, passed: bool = True, decides: bool = True) -> dict[str, Any]:
    return {
        "head": head,
        "name": "threshold",
        "passed": passed,
        "value": None,
        "bound": None,
        "sentence": sentence,
        "decides": decides,
        "warning": False,
    }


def regression_head(rng: np.random.Generator, columns: list[str]) -> dict[str, Any]:
    """What is said of the regression head: `head`, `figures`, `importance`, `checks` and `uncertainty`."""
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
                "mae": measured(float(abs(inside).mean()), 0.15),
                "bias": float(-inside.mean()),
            }
        )
    mae = float(abs(errors).mean())
    return {
        "head": {
            "head": "regression",
            "n": 325,
            "primary_metric": "mae",
            "problem": None,
            "metrics": {
                "mae": measured(mae),
                "rmse": measured(float((errors**2).mean() ** 0.5)),
                "r2": measured(0.93, 0.02),
                "median_absolute_error": measured(None),
            },
            "trivial": {"mae": difference(mae, 3.21, mae - 3.21, mae - 3.5, mae - 2.9)},
            "baseline": {"mae": difference(mae, mae + 0.02, -0.02, -0.06, 0.03)},
            "baseline_problem": None,
        },
        "checks": [
            check("regression", "MAE must be lower than that of the median of train: 0.43 against 3.21."),
            check("regression", "MAE must be no higher than version 3's by more than noise: −0.02 [−0.06, 0.03]."),
        ],
        "importance": importance(rng, columns),
        "figures": {
            "n": 325,
            "actual": actual.tolist(),
            "predicted": predicted.tolist(),
            "histogram": {"edges": edges.tolist(), "counts": counts.tolist(), "below": None, "above": None},
            "least": float(errors.min()),
            "greatest": float(errors.max()),
            "ranges": ranges,
        },
        "uncertainty": {
            "rows": 260,
            "target": 0.9,
            "method": "cqr",
            "coverage": {"value": 0.908, "low": 0.871, "high": 0.937, "covered": 295, "n": 325, "mean_width": 1.71},
            "problem": None,
        },
    }


def classification_head(rng: np.random.Generator, classes: list[str], columns: list[str]) -> dict[str, Any]:
    """What is said of the classification head: as for regression, and `confusion`."""
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
    curves = []
    for position, name in enumerate(classes):
        positive = truth == position
        false, true, _ = roc_curve(positive, probabilities[:, position])
        found, sure, _ = precision_recall_curve(positive, probabilities[:, position])
        curves.append(
            {
                "name": name,
                "n_positive": int(positive.sum()),
                "auc": float(auc(false, true)),
                "average_precision": float(average_precision_score(positive, probabilities[:, position])),
                "roc": thinned(false, true),
                "pr": thinned(sure, found),
            }
        )
    return {
        "head": {
            "head": "classification",
            "n": 294,
            "primary_metric": "log_loss",
            "problem": None,
            "metrics": {
                "log_loss": measured(0.281),
                "accuracy": measured(float((truth == guess).mean()), 0.03),
                "auc": measured(float(roc_auc_score(truth, probabilities, multi_class="ovr")), 0.01),
            },
            "trivial": {"log_loss": difference(0.281, 1.07, -0.79, -0.85, -0.72)},
            "baseline": {"log_loss": difference(0.281, 0.279, 0.002, -0.031, 0.034)},
            "baseline_problem": None,
        },
        "checks": [
            check(
                "classification", "Log loss must be lower than that of the class shares of train: 0.281 against 1.07."
            ),
            check(
                "classification",
                "Log loss must be no higher than version 3's by more than noise: 0.002 [−0.031, 0.034].",
            ),
            check(
                "classification",
                "Accuracy must be at least 0.95 in every slice, is 0.91 in region=west.",
                passed=False,
                decides=False,
            ),
        ],
        "importance": importance(rng, columns),
        "figures": curves,
        "confusion": {
            "labels": classes,
            "predictions": classes,
            "counts": confusion_matrix(truth, guess, labels=range(k)).tolist(),
            "classes": [
                {
                    "name": name,
                    "precision": float(precision[i]),
                    "recall": float(recall[i]),
                    "f1": float(f1[i]),
                    "support": int(support[i]),
                    "predicted": int((guess == i).sum()),
                    "known": True,
                }
                for i, name in enumerate(classes)
            ],
            "reliability": bins,
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
