"""Permutation importance: how much a head's loss rises when a column's values are shuffled among the rows.

After Breiman (2001) and Fisher, Rudin and Dominici (2019): a column that the model does not use costs nothing to
shuffle. What a column shares with others it leaves to them, so two columns that say the same can both look
unimportant. The losses are the heads' primary metrics, absolute error and log loss, which are means over rows.

A shuffled loss joins two rows, the one that is scored and the one that gave its value, so the mean is a U-statistic
(Hoeffding 1948) and varies with both: the interval is the value plus and minus the normal quantile times the
standard error of each row's part in it, as receiver and as giver. Taking rows as receivers alone would make it too
narrow by about a third. Rows without a head's label give their values, and are not scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.bootstrap import LEVEL
from components.evaluator.analysis.metric import Floats, Integers
from components.evaluator.analysis.rows import Predictions, Rows
from components.formats.importance import ColumnImportance, Importance
from components.shared.log_loss import row_log_loss

REPEATS = 3
MAX_ROWS = 1000
_LEAST_ROWS = 100
# Rows that the model is asked with a shuffled column, of all columns together, where these rows are enough.
_BUDGET = 100_000
# Rows that it is asked at a time: with few rows, those of several columns.
_BATCH = 1024

Columns = Mapping[str, npt.NDArray[Any]]


def rows_for(columns: int) -> int:
    """Returns how many rows tell the importance of so many columns in bearable time, at most: from 100 to 1,000."""
    return int(np.clip(_BUDGET // max(columns, 1), _LEAST_ROWS, MAX_ROWS))


def repeats_for(columns: int, rows: int) -> int:
    """Returns how often to shuffle each of so many columns of so many rows: from 1 to 3 times."""
    return int(np.clip(_BUDGET // max(columns * rows, 1), 1, REPEATS))


def importance(
    columns: Columns,
    rows: Rows,
    predict: Callable[[Columns], Predictions],
    *,
    repeats: int | None = None,
    level: float = LEVEL,
    seed: int = 0,
) -> Importance:
    """Shuffles each column in turn and scores both heads.

    Args:
        columns: raw columns by name, each [n] or, for a vector, [n, k], whose rows are shuffled as wholes.
        rows: labels of the same rows, of which a head scores those that have its label.
        predict: answers for any number of rows.
        repeats: shuffles of each column; as `repeats_for` says when left out.
        level: the share of such intervals that hold the mean rise over all rows there could be.
        seed: seed of the shuffles.

    Returns:
        Of each head the columns, the most important first; none for a head whose predictions are not finite or that
        has no labelled row.
    """
    n = len(rows.number)
    repeats = repeats or repeats_for(len(columns), n)
    rng = np.random.default_rng(seed)
    whole = predict(columns)
    losses = {"regression": _absolute_error, "classification": _log_loss}
    scored = {head: present for head, present in rows.labelled.items() if present.any()}
    before = {head: losses[head](rows, whole, 1) for head in scored}
    found: dict[str, list[ColumnImportance]] = {head: [] for head in losses}
    together = max(_BATCH // (repeats * n), 1)
    for first in range(0, len(columns), together):
        names = list(columns)[first : first + together]
        givers = {name: np.array([rng.permutation(n) for _ in range(repeats)]) for name in names}
        answer = predict(_shuffled(columns, givers))
        after = {head: losses[head](rows, answer, repeats * len(names)) for head in scored}
        for head, present in scored.items():
            for name, loss in zip(names, after[head].reshape(len(names), repeats, n), strict=True):
                if np.isfinite(loss[:, present]).all() and np.isfinite(before[head][present]).all():
                    found[head].append(_importance(name, before[head], loss, present, givers[name], level))
    return Importance(
        {head: tuple(sorted(columns, key=lambda column: -column.value)) for head, columns in found.items()}
    )


def _shuffled(columns: Columns, givers: Mapping[str, Integers]) -> Columns:
    """Returns the rows once for each shuffle of each column, [columns of givers · repeats · n].

    Args:
        columns: as of `importance`.
        givers: column -> int64 [repeats, n], the row whose value each row is given.
    """
    shuffles = [(name, rows) for name, repeated in givers.items() for rows in repeated]
    return {
        column: np.concatenate([values[rows] if column == name else values for name, rows in shuffles])
        for column, values in columns.items()
    }


def _importance(
    column: str, before: Floats, after: Floats, scored: npt.NDArray[np.bool_], givers: Integers, level: float
) -> ColumnImportance:
    """The mean rise and its interval.

    Args:
        column: the column's name.
        before: float64 [n], each row's loss.
        after: float64 [repeats, n], the same with the column shuffled.
        scored: bool [n], the rows whose losses count.
        givers: int64 [repeats, n], the row whose value each row was given.
        level: see `importance`.
    """
    shuffled = float(after[:, scored].mean())
    value = float(shuffled - before[scored].mean())
    # A mean over the scored rows is a ratio of two means over all rows: linearised, a row adds its deviation from the
    # mean, over the share of scored rows, and nothing where it is not scored.
    received = np.where(scored, after.mean(axis=0) - before - value, 0.0)
    deviation = np.where(scored, after - shuffled, 0.0)
    given = np.take_along_axis(deviation, np.argsort(givers, axis=1), axis=1).mean(axis=0)
    part = (received + given) / scored.mean()
    error = float(part.std(ddof=1) / np.sqrt(len(part))) if len(part) > 1 else 0.0
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    return ColumnImportance(column, value, value - reach, value + reach)


def _absolute_error(rows: Rows, answer: Predictions, repeats: int) -> Floats:
    """Absolute error of each row, the rows repeated: float64 [repeats · n], NaN for a row without a number."""
    label = np.tile(np.asarray(rows.number, dtype=np.float64), repeats)
    return np.abs(np.asarray(answer.number, dtype=np.float64) - label)


def _log_loss(rows: Rows, answer: Predictions, repeats: int) -> Floats:
    """Log loss of each row, the rows repeated: float64 [repeats · n]; a class unknown to the model has p = 0.

    What stands for a row without a class means nothing.
    """
    position = {name: index for index, name in enumerate(answer.classes)}
    codes = np.tile([position.get(str(name), -1) for name in rows.label], repeats)
    return row_log_loss(np.asarray(answer.probabilities), codes)
