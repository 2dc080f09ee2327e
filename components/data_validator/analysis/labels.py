"""Whether the labels can be learnt and judged: missing ones, balance, absent classes, a constant or outlying target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from components.formats.findings import IGNORE, Anomaly
from components.shared.splits import EVAL, TRAIN

RARE = 10
"""Train rows a class needs to be learnt, and eval rows to be judged, at the least."""

DOMINANT = 0.95
FAR = 10.0
"""Interquartile ranges beyond the middle half; a normal distribution has no value there in any number of rows,
an exponential one a few in 100,000."""

HEAP = 0.5
"""Share of rows with one number from which it is the median of all."""

HEAP_REMEDY = "training.regression_loss: mse"

_MAX_NAMED = 5


def missing_anomalies(rows: int, unlabelled: Mapping[str, int], level: str) -> list[Anomaly]:
    """Returns an anomaly for each label that some of the rows in use do not have.

    Args:
        rows: rows in use, over all splits.
        unlabelled: label column → rows without this label, the regression label first; each has the other one.
        level: level of the anomalies.
    """
    if level == IGNORE:
        return []
    found = []
    for (label, count), other in zip(unlabelled.items(), reversed(list(unlabelled)), strict=True):
        if count:
            sentence = (
                f'Every row must have the label "{label}", got none in {count:,} of {rows:,} rows. '
                f'They count for "{other}" only.'
            )
            remedy = "labels.partial: false to leave such rows out, gates.labels.level: ignore if they are meant to be"
            found.append(Anomaly("", label, "LABEL_MISSING", level, sentence, "share", count / rows, 0.0, (), remedy))
    return found


def class_anomalies(label: str, classes: Mapping[str, Mapping[str, int]], level: str) -> list[Anomaly]:
    """Returns what is wrong with the balance of the classes.

    Args:
        label: column of the class label.
        classes: split → class → rows, every class named in every split.
        level: level of the anomalies.
    """
    if level == IGNORE:
        return []
    found = []
    lacks = {
        TRAIN: "can never be predicted, because the train split has no row of it",
        EVAL: "is not evaluated, because the eval split has no row of it",
    }
    for split, what in lacks.items():
        if absent := [name for name, rows in classes[split].items() if not rows]:
            remedy = "data.split.salt, or more rows of the class"
            sentence = f"{label}: the class {_listed(absent)} {what}."
            found.append(Anomaly(split, label, "CLASS_ABSENT", level, sentence, "rows", 0, 1, (), remedy))
    train = classes[TRAIN]
    rare = {name: rows for name, rows in train.items() if 0 < rows < RARE}
    if rare:
        counted = ", ".join(f'"{name}" {rows}' for name, rows in list(rare.items())[:_MAX_NAMED])
        sentence = f'Every class of "{label}" must have at least {RARE} train rows to be learnt, got {counted}.'
        found.append(Anomaly(TRAIN, label, "CLASS_RARE", level, sentence, "rows", min(rare.values()), RARE))
    most, rows = max(train.items(), key=lambda item: item[1])
    share = rows / sum(train.values())
    if share > DOMINANT:
        sentence = (
            f'No class of "{label}" must have more than {DOMINANT:.0%} of the train rows, got "{most}" {share:.1%}.'
        )
        found.append(Anomaly(TRAIN, label, "CLASS_IMBALANCE", level, sentence, "share", share, DOMINANT))
    return found


def target_anomalies(label: str, target: np.ndarray, level: str, loss: str = "mae") -> list[Anomaly]:
    """Returns what is wrong with the regression label.

    Args:
        label: column of the regression label.
        target: its values in train, float64 `[n]`, NaN where missing.
        level: level of the anomalies.
        loss: `training.regression_loss`.
    """
    if level == IGNORE:
        return []
    target = target[~np.isnan(target)]
    if not len(target):
        return []
    if target.min() == target.max():
        sentence = f'"{label}" must vary to be learnt, got {target[0]:g} in every train row.'
        return [Anomaly(TRAIN, label, "TARGET_CONSTANT", level, sentence, "distinct values", 1, 2)]
    found = heap_anomalies(label, target, level, loss)
    low, high = outlier_bounds(target)
    far = (target < low) | (target > high)
    if low == high or not far.any():
        return found
    farthest = target[np.argmax(np.where(far, np.abs(target - (low + high) / 2), 0))]
    sentence = (
        f'"{label}" must lie between {low:.4g} and {high:.4g}, {FAR:g} interquartile ranges around its middle half, '
        f"got {int(far.sum()):,} train rows outside, the farthest {farthest:.6g}. Squared errors obey such rows."
    )
    remedy = "gates.labels.level: ignore"
    share = float(far.mean())
    far_off = Anomaly(TRAIN, label, "TARGET_OUTLIERS", level, sentence, "share outside", share, 0.0, (), remedy)
    return [*found, far_off]


def heap_anomalies(label: str, target: np.ndarray, level: str, loss: str) -> list[Anomaly]:
    """Returns an anomaly where one value is so frequent that the loss makes it the answer for most rows.

    Args:
        label: column of the regression label.
        target: its values in train, float64 `[n]`, not empty, none missing.
        level: level of the anomaly.
        loss: `training.regression_loss`.
    """
    values, counts = np.unique(target, return_counts=True)
    most, share = float(values[counts.argmax()]), float(counts.max() / len(target))
    if not is_heap(share, loss):
        return []
    sentence = heap_sentence(label, most, share, "train rows")
    return [Anomaly(TRAIN, label, "TARGET_HEAP", level, sentence, "share", share, HEAP, (), HEAP_REMEDY)]


def is_heap(share: float, loss: str) -> bool:
    """Returns whether the most frequent number spoils what a loss learns, as the absolute error learns the median."""
    return share >= HEAP and loss == "mae"


def heap_sentence(label: str, value: float, share: float, rows: str) -> str:
    """Returns what is wrong with a number that most rows have."""
    return (
        f'"{label}" must differ from row to row to be learnt by its absolute error, got {value:g} in {share:.1%} of '
        f"the {rows}: their median is {value:g}, and so will be most predictions. "
        "Set training.regression_loss to mse to predict the mean."
    )


def outlier_bounds(target: np.ndarray) -> tuple[float, float]:
    """Returns the lowest and the highest value that is no outlier; equal where all values are the same.

    Where the middle half is one value, as in a column that is mostly zero, the other values have a middle half of
    their own, and the bounds hold both.

    Args:
        target: float64 `[n]`, NaN where missing.
    """
    present = target[~np.isnan(target)]
    first, third = np.quantile(present, [0.25, 0.75]) if len(present) else (0.0, 0.0)
    heap = first
    others = present[present != heap]
    if first == third and len(others):
        first, third = np.quantile(others, [0.25, 0.75])
    low, high = first - FAR * (third - first), third + FAR * (third - first)
    return float(min(low, heap)), float(max(high, heap))


def _listed(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names[:10]) + (" …" if len(names) > 10 else "")
