"""The report's part on the model: what the Evaluator found, as it wrote it, and the course of the training."""

from __future__ import annotations

from dataclasses import replace

from components.formats.confusion import Confusion
from components.formats.evaluation import Evaluation
from components.formats.figures import Figures
from components.formats.history import History
from components.formats.importance import Importance
from components.formats.report import ModelPart
from components.report.parts.training import alone, training_curves

# A matrix with more classes than this cannot be read; the rarer ones are counted together.
MAX_CLASSES = 30


def model_part(
    evaluation: Evaluation,
    figures: Figures | None,
    importance: Importance | None,
    history: History | None,
    balancing: str | None = None,
) -> ModelPart:
    """Returns what is known of the model.

    Args:
        evaluation: what the Evaluator found.
        figures: what is drawn of each head.
        importance: what each head loses without a column.
        history: what the Trainer logged.
        balancing: `training.balancing` of the configuration, where it is known.
    """
    confusion, best = evaluation.confusion, evaluation.training.best_epoch
    return ModelPart(
        evaluation=evaluation if confusion is None else replace(evaluation, confusion=_square(confusion)),
        figures=figures,
        importance=importance,
        balancing=balancing,
        alone=None if history is None else alone(history, best),
        curves=None if history is None else training_curves(history, best),
    )


def _square(found: Confusion) -> Confusion:
    """Returns the matrix with a column for every row; beyond `MAX_CLASSES` the rarest classes become one."""
    labels = found.labels
    full = [[*row, *([0] * (len(labels) - len(row)))] for row in found.counts]
    if len(labels) > MAX_CLASSES:
        kept = sorted(sorted(range(len(labels)), key=lambda i: -sum(full[i]))[: MAX_CLASSES - 1])
        groups = [[i] for i in kept] + [[i for i in range(len(labels)) if i not in kept]]
        full = [[sum(full[i][j] for i in rows for j in columns) for columns in groups] for rows in groups]
        labels = (*(labels[i] for i in kept), f"other ({len(groups[-1])} classes)")
    return replace(found, labels=labels, predictions=labels, counts=tuple(map(tuple, full)))
