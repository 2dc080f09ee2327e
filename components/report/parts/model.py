"""The report's part on the model: each head's metrics, comparisons, figures and importance; slices; its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.evaluator.analysis.head import METRICS
from components.evaluator.analysis.trivial import PREDICTORS
from components.formats.history import History
from components.report.parts.training import alone, training_curves

# A matrix with more classes than this cannot be read; the rarer ones are counted together.
MAX_CLASSES = 30

Values = Mapping[str, Any]


def model_part(
    evaluation: Values,
    figures: Values | None,
    importance: Values | None,
    history: History | None,
    balancing: str | None = None,
) -> dict[str, Any]:
    """Returns what is known of the model.

    Args:
        evaluation: `evaluation.json` of the Evaluator.
        figures: its `figures.json`.
        importance: its `importance.json`.
        history: what the Trainer logged.
        balancing: `training.balancing` of the configuration, where it is known.
    """
    found = figures or {}
    drawn = {
        "regression": _regression(found.get("regression")),
        "classification": _classification(evaluation, found.get("classification")),
    }
    return {
        **evaluation["training"],
        "n": evaluation["n"],
        "confidence": _confidence(evaluation),
        "heads": {
            head: {
                "label": evaluation["labels"][head],
                "n": result["n"],
                "headline": result["headline"],
                "metrics": {name: _title(head, name) | interval(found) for name, found in result["metrics"].items()},
                "against": _against(head, result),
                "checks": [
                    {name: check[name] for name in ("passed", "decides", "sentence")}
                    for check in evaluation["verdict"]["checks"]
                    if check["head"] == head
                ],
                "importance": (importance or {}).get(head, []),
                "figures": drawn[head],
                "uncertainty": (evaluation.get("uncertainty") or {}).get(head),
            }
            for head, result in evaluation["heads"].items()
        },
        "slices": [_slice(part) for part in evaluation["slices"]],
        "balancing": balancing,
        "trunk": evaluation["training"].get("trunk"),  # older evaluations do not say it
        "notes": evaluation["training"].get("notes", []),
        "alone": None if history is None else alone(history, evaluation["training"]["best_epoch"]),
        "curves": None if history is None else training_curves(history, evaluation["training"]["best_epoch"]),
    }


def interval(found: Values) -> dict[str, float | None]:
    """Returns a value with its bounds and nothing else."""
    return {name: found[name] for name in ("value", "low", "high")}


def _confidence(evaluation: Values) -> float | None:
    levels = [found["level"] for result in evaluation["heads"].values() for found in result["metrics"].values()]
    return levels[0] if levels else None


def _title(head: str, name: str) -> dict[str, Any]:
    metric = METRICS[head][name]
    return {"title": metric.title, "lower_is_better": metric.lower_is_better}


def _against(head: str, result: Values) -> list[dict[str, Any]]:
    """Returns the other predictors' values and the paired differences, the trivial ones first."""
    others = [("trivial", name, PREDICTORS[name], found) for name, found in result["trivial"].items()]
    others += [("pushed", name, "the pushed model", found) for name, found in (result["baseline"] or {}).items()]
    rows = [
        {"what": what, "title": title, "metric": name, "value": found["theirs"], "difference": interval(found)}
        for what, name, title, found in others
    ]
    if problem := result["baseline_problem"]:
        title = f"the pushed model: {problem}"
        rows.append({"what": "pushed", "title": title, "metric": result["headline"], "value": None, "difference": None})
    return rows


def _slice(part: Values) -> dict[str, Any]:
    metrics = {
        head: {name: interval(found) for name, found in metrics.items()} for head, metrics in part["metrics"].items()
    }
    labelled = part.get("labelled", dict.fromkeys(metrics, part["n"]))  # older evaluations knew both labels of all rows
    return {name: part[name] for name in ("name", "columns", "n", "small")} | {"labelled": labelled, "metrics": metrics}


def _regression(drawn: Values | None) -> dict[str, Any] | None:
    if drawn is None:
        return None
    return {
        "scatter": {
            "actual": drawn["actual"],
            "predicted": drawn["predicted"],
            "shown": len(drawn["actual"]),
            "n": drawn["n"],
        },
        "residuals": drawn["histogram"] | {name: drawn[name] for name in ("least", "greatest", "n")},
        "by_range": [{**part, "mae": interval(part["mae"])} for part in drawn["ranges"]],
    }


def _classification(evaluation: Values, drawn: Values | None) -> dict[str, Any] | None:
    confusion = evaluation["confusion"]
    if confusion is None:
        return None
    fields = ("precision", "recall", "f1", "support")
    curves = (drawn or {}).get("curves", [])
    return {
        "confusion": _square(confusion["labels"], confusion["counts"]),
        "per_class": [{"class": row["name"], **{name: row[name] for name in fields}} for row in confusion["classes"]],
        "reliability": {"bins": confusion["reliability"], "n": evaluation["heads"]["classification"]["n"]},
        "roc": [
            {"class": curve["class"], "n_positive": curve["n_positive"], "auc": curve["auc"], "points": curve["roc"]}
            for curve in curves
        ],
        "pr": [
            {"class": curve["class"], "average_precision": curve["average_precision"], "points": curve["pr"]}
            for curve in curves
        ],
    }


def _square(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Returns the matrix with a column for every row; beyond `MAX_CLASSES` the rarest classes become one."""
    full = [[*row, *([0] * (len(labels) - len(row)))] for row in counts]
    if len(labels) <= MAX_CLASSES:
        return {"classes": list(labels), "counts": full}
    kept = sorted(sorted(range(len(labels)), key=lambda i: -sum(full[i]))[: MAX_CLASSES - 1])
    groups = [[i] for i in kept] + [[i for i in range(len(labels)) if i not in kept]]
    return {
        "classes": [*(labels[i] for i in kept), f"other ({len(groups[-1])} classes)"],
        "counts": [[sum(full[i][j] for i in rows for j in columns) for columns in groups] for rows in groups],
    }
